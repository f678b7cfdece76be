"""Handshake messages against bytes of real nodes, and against their own declarations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.dialogue import Side
from dissectors.handshake import (
    Challenge,
    ChallengeAck,
    ChallengeOld,
    ChallengeReply,
    Complement,
    Partial,
    SendName,
    SendNameOld,
    Status,
    StatusNamed,
    is_node_name,
)
from dissectors.handshake_messages import MESSAGES, message_type, partial
from dissectors.wire import Message, Truncated, WireError
from tests.generate import A, I, messages

CASES: list[tuple[Side, Message, bytes]] = [
    (
        I,
        SendName(0xD07DF7FBD, 0x6B0305DF, "app@alpha"),
        b"N"  # tag
        b"\x00\x00\x00\x0d\x07\xdf\x7f\xbd"  # flags
        b"\x6b\x03\x05\xdf"  # creation
        b"\x00\x09app@alpha",  # name
    ),
    (
        I,
        SendName(0xF07DF7FBC, 0, "alpha", b"ignored"),
        b"N\x00\x00\x00\x0f\x07\xdf\x7f\xbc\x00\x00\x00\x00\x00\x05alphaignored",
    ),
    (
        I,
        SendNameOld(5, 0xDF7FBD, "mix1@10.77.0.1"),
        b"n"  # tag
        b"\x00\x05"  # version
        b"\x00\xdf\x7f\xbd"  # flags
        b"mix1@10.77.0.1",  # name
    ),
    (A, Status("ok"), b"sok"),
    (I, Status("true"), b"strue"),
    (
        A,
        StatusNamed("30TMOXGITSNJ7@alpha", 0xE9B07368),
        b"snamed:"  # tag
        b"\x00\x1330TMOXGITSNJ7@alpha"  # name
        b"\xe9\xb0\x73\x68",  # creation
    ),
    (
        A,
        Challenge(0x2D07DF7FBD, 0xDB4E74BA, 0x6B0305DE, "store@beta"),
        b"N"  # tag
        b"\x00\x00\x00\x2d\x07\xdf\x7f\xbd"  # flags
        b"\xdb\x4e\x74\xba"  # challenge
        b"\x6b\x03\x05\xde"  # creation
        b"\x00\x0astore@beta",  # name
    ),
    (
        A,
        ChallengeOld(5, 0x01DF7FBD, 0x4BF24D25, "mix2@10.77.0.2"),
        b"n"  # tag
        b"\x00\x05"  # version
        b"\x01\xdf\x7f\xbd"  # flags
        b"\x4b\xf2\x4d\x25"  # challenge
        b"mix2@10.77.0.2",  # name
    ),
    (I, Complement(0, 0xF51971D9), b"c\x00\x00\x00\x00\xf5\x19\x71\xd9"),
    (
        I,
        ChallengeReply(0xC07D383C, bytes.fromhex("797c4a0e6147ebaedf598647304d1b42")),
        b"r"  # tag
        b"\xc0\x7d\x38\x3c"  # challenge
        b"\x79\x7c\x4a\x0e\x61\x47\xeb\xae\xdf\x59\x86\x47\x30\x4d\x1b\x42",  # digest
    ),
    (
        A,
        ChallengeAck(bytes.fromhex("b8926dcd56d1566da689cecbf146657a")),
        b"a"  # tag
        b"\xb8\x92\x6d\xcd\x56\xd1\x56\x6d\xa6\x89\xce\xcb\xf1\x46\x65\x7a",  # digest
    ),
]
DECLARED = sorted({*MESSAGES[I].values(), *MESSAGES[A].values(), StatusNamed}, key=str)


def test_all_messages_have_a_case() -> None:
    """No declaration without an example."""
    assert {type(case) for _, case, _ in CASES} == set(DECLARED)


@pytest.mark.parametrize(("side", "message", "body"), CASES)
def test_both_ways(side: Side, message: Message, body: bytes) -> None:
    """Reading gives the message, writing gives the bytes, spans cover them, the side's table finds them."""
    assert message_type(side, body) is type(message)
    assert type(message).read(body) == message
    assert message.write() == body
    assert next(reversed(type(message).spans(body).values()))[1] == len(body)


@pytest.mark.parametrize(("side", "message", "body"), CASES)
def test_cut_at_every_index(side: Side, message: Message, body: bytes) -> None:
    """A cut body is Truncated or a shorter message; a Partial shows fields of the whole one, or their beginnings."""
    for end in range(1, len(body)):
        try:
            assert type(message).read(body[:end]).write() == body[:end]
        except WireError as error:
            assert isinstance(error, Truncated)
        for name, value in partial(side, len(body), body[:end], first=False).read_partial().items():
            whole = getattr(message, name, getattr(message, "name", None))
            if isinstance(whole, str | bytes):
                assert isinstance(value, str | bytes)
                assert whole.startswith(value) or isinstance(message, StatusNamed)  # type: ignore[arg-type]
            else:
                assert value == whole


@given(st.sampled_from(DECLARED).flatmap(messages))
def test_round_trip(message: Message) -> None:
    """What is written is read back, whatever the fields hold."""
    assert type(message).read(message.write()) == message


@given(st.sampled_from(DECLARED), st.binary(max_size=60))
def test_any_body(declared: type[Message], body: bytes) -> None:
    """Any bytes are a message that writes them back, or one of the two errors."""
    try:
        message = declared.read(declared.TAG + body)
    except WireError:
        return
    assert message.write() == declared.TAG + body


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("a@b", True),
        ("a" * 255 + "@b", True),
        ("a" * 256 + "@b", False),
        ("@b", False),
        ("a@", False),
        ("a@b@c", False),
        ("ab", False),
        ("", False),
    ],
)
def test_names(name: str, valid: bool) -> None:
    """The rule for names, in all messages that have one."""
    assert is_node_name(name) is valid
    assert SendName(0, 0, name).valid_name() is valid
    assert SendNameOld(5, 0, name).valid_name() is valid
    assert Challenge(0, 0, 0, name).valid_name() is valid
    assert ChallengeOld(5, 0, 0, name).valid_name() is valid


def test_who_asks_for_a_name_gives_a_host() -> None:
    """With NAME_ME a name without @ is right."""
    assert SendName(1 << 33, 0, "alpha").valid_name()
    assert not SendName(1 << 33, 0, "").valid_name()
    assert not SendName(1 << 33, 0, "a@").valid_name()


def test_partial_shows_what_is_there() -> None:
    """Flags and the beginning of the name of a challenge cut by a snap length of 96."""
    body = CASES[6][2]
    cut = partial(A, len(body), body[:22], first=False)
    assert (cut.tag, cut.expected, cut.length) == ("N", "challenge", len(body))
    assert cut.read_partial() == {
        "flags": 0x2D07DF7FBD,
        "challenge": 0xDB4E74BA,
        "creation": 0x6B0305DE,
        "name": "sto",
    }
    assert partial(I, 21, b"r\0\0\0\1\xff", first=False).read_partial() == {"challenge": 1}


@pytest.mark.parametrize(
    ("side", "length", "first", "expected"),
    [
        (I, 21, True, "send_name"),
        (I, 21, False, "challenge_reply"),
        (I, 9, False, "complement"),
        (I, 5, False, "status"),
        (A, 3, True, "status"),
        (A, 17, False, "challenge_ack"),
        (A, 32, False, "challenge"),
        (A, 12, False, "status"),
    ],
)
def test_partial_without_its_tag(side: Side, length: int, first: bool, expected: str) -> None:
    """With the length alone, the side and the length say which message it was (docs/protocol.md 5, snap lengths)."""
    cut = partial(side, length, b"", first=first)
    assert cut == Partial(side, "", expected, length, b"")
    assert cut.read_partial() == {}
