"""What messages mean for an attempt."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.packet import PacketRef
from analyzer.sessions import events
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.identify import Identity, Speech
from analyzer.sessions.interpret import Interpreter, Meaning, interpreter_for
from dissectors import epmd, handshake, tls
from dissectors.dialogue import Side
from dissectors.tls_messages import write_handshake
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.sessions.talking import DATA, TICK, framed, port2_resp
from tests.generate import Event as Happening
from tests.generate import events as happenings
from tests.generate import lying, telling

I, A = Side.INITIATOR, Side.ACCEPTOR  # noqa: E741  # as in docs/protocol.md
OURS = [speech for speech in Speech if speech is not Speech.NOT_OURS]
CLIENT_HELLO = tls.ClientHello(0x0303, bytes(32), b"", (0xC030,))
SERVER_HELLO = tls.ServerHello(0x0303, bytes(32), b"", 0xC030)


def run(interpreter: Interpreter, story: Iterable[Happening]) -> list[Meaning]:
    """Bytes, holes (numbers) and closes (None)."""
    made: list[Meaning] = []
    for side, what in story:
        if isinstance(what, bytes):
            made += interpreter.feed(side, what)
        elif isinstance(what, int):
            made += interpreter.gap(side, what, delivered=False)
        else:
            made += interpreter.close(side)
    return made


def of(speech: Speech, *, midstream: bool = False) -> Interpreter:
    interpreter = interpreter_for(Identity(speech, "a test"), midstream=midstream)
    assert interpreter is not None
    return interpreter


def made(meaning: Meaning) -> Event:
    assert meaning.make is not None
    return meaning.make(packet=PacketRef(0, 1, 0), side=meaning.side, leg=Leg.LINK)


def words(meanings: Iterable[Meaning]) -> list[str]:
    """``side name`` of each, in parentheses where it only counts."""
    return [
        f"{meaning.side.value} {made(meaning).name}" if meaning.make is not None else f"({meaning.side.value})"
        for meaning in meanings
    ]


def handshaken(payload: tls.ClientHello | tls.ServerHello | tls.Certificate) -> bytes:
    return write_record(RecordType.HANDSHAKE, write_handshake(payload))


def sealed(size: int) -> bytes:
    """An encrypted record."""
    return write_record(RecordType.APPLICATION_DATA, bytes(size))


def test_what_is_not_ours_has_no_interpreter() -> None:
    """Nobody reads it."""
    assert interpreter_for(Identity(Speech.NOT_OURS, "x"), midstream=False) is None


def test_epmd() -> None:
    """The side tells request from answer."""
    meanings = run(of(Speech.EPMD), [(I, framed(epmd.Port2Req(name="bob"))), (A, port2_resp().write())])
    assert words(meanings) == ["initiator epmd-request", "acceptor epmd-response"]


def test_a_name_sent_to_epmd_is_no_foreign_protocol() -> None:
    """What another protocol says there is named; EPMD's own broken bytes are not."""
    [foreign] = run(of(Speech.EPMD), [(I, b"GET / HTTP/1.1\r\n\r\n"), (I, None)])
    assert words([foreign]) == ["initiator foreign"]
    broken = run(of(Speech.EPMD), [(I, b"\0\5z"), (I, None)])
    assert words(broken) == ["initiator undecoded"]


def test_the_whole_handshake() -> None:
    """Each message by its sender; the statuses of both sides are two things."""
    story: list[Happening] = [
        (I, framed(handshake.SendNameOld(version=5, flags=1, name="ann@host"))),
        (A, framed(handshake.Status(text="alive"))),
        (I, framed(handshake.Status(text="true"))),
        (A, framed(handshake.Challenge(flags=1, challenge=2, creation=3, name="bob@host"))),
        (I, framed(handshake.Complement(flags_high=1, creation=1))),
        (I, framed(handshake.ChallengeReply(challenge=1, digest=bytes(16)))),
        (A, framed(handshake.ChallengeAck(digest=bytes(16)))),
        (A, DATA + TICK + TICK + DATA),
        (I, TICK),
    ]
    assert words(run(of(Speech.HANDSHAKE), story)) == [
        "initiator send-name",
        "acceptor status",
        "initiator status-answer",
        "acceptor challenge",
        "initiator complement",
        "initiator challenge-reply",
        "acceptor challenge-ack",
        "acceptor first-data",
        "acceptor first-tick",
        "(acceptor)",
        "(acceptor)",
        "initiator first-tick",
    ]


def connected() -> Interpreter:
    """Both have shaken hands."""
    link = of(Speech.HANDSHAKE)
    for side, message in (
        (I, handshake.SendName(flags=1, creation=1, name="ann@host")),
        (A, handshake.Status(text="ok")),
        (A, handshake.Challenge(flags=1, challenge=2, creation=3, name="bob@host")),
        (I, handshake.ChallengeReply(challenge=1, digest=bytes(16))),
        (A, handshake.ChallengeAck(digest=bytes(16))),
    ):
        words(link.feed(side, framed(message)))
    return link


@pytest.mark.parametrize(
    ("said", "then", "skimmed"),
    [
        (TICK * 130, (TICK, TICK * 9, DATA + TICK, DATA + TICK), [True, True, False, True]),
        (DATA * 130, (DATA, DATA + TICK, DATA + TICK), [True, False, True]),
        (DATA * 130, (telling("rabbit_connection"), DATA + telling("lost_connection"), DATA), [True, False, True]),
        (DATA * 130, (telling("remove_connection") + DATA, DATA), [False, True]),
    ],
)
def test_what_makes_an_event_is_not_skimmed(said: bytes, then: tuple[bytes, ...], skimmed: list[bool]) -> None:
    """The first tick and the first frame of a side do, and what ``global`` says; a link that only ticks is skimmed."""
    link = connected()
    words(link.feed(I, said))
    found = []
    for data in then:
        skim = link.skim(I, lying(data))
        found.append(skim is not None)
        if skim is None:
            words(link.feed(I, data))
        else:
            link.skip(I, skim)
    assert found == skimmed


def test_a_dynamic_name_is_a_status() -> None:
    """``named:`` in one word."""
    [meaning] = run(of(Speech.HANDSHAKE), [(A, framed(handshake.StatusNamed(name="X@host", creation=1)))])
    status = made(meaning)
    assert isinstance(status, events.StatusSent) and status.text == "named"


@pytest.mark.parametrize(
    ("side", "message", "name"),
    [
        (I, handshake.SendName(flags=1, creation=1, name="ann@host"), "send-name"),
        (A, handshake.Status(text="not_allowed"), "status"),
        (A, handshake.Challenge(flags=1, challenge=2, creation=3, name="bob@host"), "challenge"),
        (A, handshake.ChallengeAck(digest=bytes(16)), "challenge-ack"),
        (I, handshake.ChallengeReply(challenge=1, digest=bytes(16)), "challenge-reply"),
        (I, handshake.Complement(flags_high=1, creation=1), "complement"),
    ],
)
def test_a_message_with_a_hole(side: Side, message: handshake.SendName, name: str) -> None:
    """It is inferred from its length and place."""
    body = framed(message)
    meanings = run(of(Speech.HANDSHAKE), [(side, body[:4]), (side, len(body) - 4)])
    assert words(meanings) == [f"{side.value} {name}"]
    inferred = made(meanings[0])
    assert isinstance(inferred, events.HandshakeEvent) and inferred.inferred


def test_foreign_bytes_are_named_once() -> None:
    """What follows of the same side says nothing new."""
    story: list[Happening] = [(A, b"HTTP/1.1 400 Bad Request\r\n"), (I, b"\0"), (A, b"Server: x\r\n"), (A, None)]
    meanings = [meaning for meaning in run(of(Speech.HANDSHAKE), story) if meaning.side is A]
    assert words(meanings) == ["acceptor foreign"]


def test_garbage_in_the_handshake() -> None:
    """Neither ours nor anybody's: the problem and the reason are told."""
    story: list[Happening] = [
        (I, framed(handshake.SendName(flags=1, creation=1, name="a@b"))),
        (A, b"\0\3???"),
        (A, None),
    ]
    garbage = made(run(of(Speech.HANDSHAKE), story)[-1])
    assert isinstance(garbage, events.NotUnderstood)
    assert (garbage.problem, garbage.length, garbage.data) == ("malformed", 5, b"\0\3???")


# --- Anything at all --------------------------------------------------------------------------------------------------

PIECES = st.binary(max_size=60) | st.sampled_from(
    [
        framed(handshake.SendName(flags=1, creation=1, name="ann@host")),
        framed(handshake.Status(text="ok")),
        framed(handshake.Challenge(flags=1, challenge=2, creation=3, name="bob@host")),
        framed(handshake.ChallengeReply(challenge=1, digest=bytes(16))),
        framed(handshake.ChallengeAck(digest=bytes(16))),
        framed(epmd.Port2Req(name="bob")),
        port2_resp().write(),
        handshaken(CLIENT_HELLO),
        handshaken(SERVER_HELLO),
        sealed(60),
        sealed(31),
        write_record(RecordType.ALERT, b"\2\x28"),
        DATA,
        TICK,
    ]
)


@given(st.sampled_from(OURS), st.booleans(), happenings(PIECES))
def test_any_conversation(speech: Speech, midstream: bool, story: list[Happening]) -> None:
    """Never an exception; every meaning is of bytes that were said, and its event can be made and printed."""
    interpreter = of(speech, midstream=midstream)
    said = dict.fromkeys(Side, 0)
    for side, what in story:
        said[side] += len(what) if isinstance(what, bytes) else max(0, what or 0)
        for meaning in run(interpreter, [(side, what)]):
            assert 0 <= meaning.start < meaning.end <= said[meaning.side]
            if meaning.make is not None:
                made(meaning).fields()
            else:
                assert meaning.tick or meaning.frame


SIZES = [
    (Side.INITIATOR, 2 + 28, "send-name"),
    (Side.ACCEPTOR, 2 + 3, "status"),
    (Side.ACCEPTOR, 2 + 32, "challenge"),
    (Side.INITIATOR, 2 + 21, "challenge-reply"),
    (Side.ACCEPTOR, 2 + 17, "challenge-ack"),
]
"""A handshake as the acknowledgments of a capture of nothing else tell it."""


def unseen(sizes: Iterable[tuple[Side, int, str]], *, delivered: bool = True) -> list[str]:
    interpreter = interpreter_for(Identity(Speech.HANDSHAKE, "test"), midstream=False)
    assert interpreter is not None
    return [
        meaning.make(packet=PacketRef(0, 1, 1), side=side, leg=Leg.LINK).name
        for side, size, _ in sizes
        for meaning in interpreter.gap(side, size, delivered=delivered)
        if meaning.make is not None
    ]


def test_sizes_tell_messages_that_only_the_peer_saw() -> None:
    """In a capture of one direction each acknowledged size is the message that is due."""
    assert unseen(SIZES) == [name for _, _, name in SIZES]


def test_sizes_that_fit_nothing_tell_nothing() -> None:
    """Nor does a hole that the peer has not acknowledged: the network lost it."""
    assert unseen([(side, 7, "") for side, _, _ in SIZES]) == []
    assert unseen(SIZES, delivered=False) == []
