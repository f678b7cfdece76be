"""Recognising a side's handshake by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.dialogue import Side
from dissectors.handshake_messages import STATUS_TEXTS, ChallengeAck, ChallengeReply, Complement
from dissectors.speaker import LENGTH_LIMIT, Speaker, looks_like_handshake
from dissectors.wire import Message
from tests.dissectors.test_handshake_messages import CASES
from tests.generate import A, I, framed


@pytest.mark.parametrize(("side", "message", "body"), CASES)
@pytest.mark.parametrize("length_size", [2, 4])
def test_looks_like_a_handshake(side: Side, message: Message, body: bytes, length_size: int) -> None:
    """Yes for a whole message and whatever follows it, unknown for its beginning."""
    data = framed(body, length_size)
    assert looks_like_handshake(side, data + b"more", length_size=length_size) is True
    assert all(looks_like_handshake(side, data[:end], length_size=length_size) is None for end in range(len(data)))


@pytest.mark.parametrize(
    ("side", "data"),
    [
        (I, b"GET / HTTP/1.0\r\n"),
        (I, b"\x16\x03\x01"),
        (A, b"SSH-2.0"),
        (A, b"\x15\x03"),
        (A, b"\x06"),
        (I, b"\0\0"),
        (I, b"\x05\xdd"),
        (A, b"\0\x15r"),
        (I, b"\0\x11a"),
        (I, b"\0\x14r"),
        (A, b"\0\3sno"),
        (I, b"\0\3sok"),
        (A, b"\0\5strue"),
        (I, framed(b"N" + bytes(12) + b"\0\3abc")),
        (I, framed(b"N" + bytes(12) + b"\0\x09abc")),
        (A, framed(b"snamed:\0\3abc\0\0\0\0")),
        (I, b"\x00\x06zstore"),
    ],
)
def test_does_not_look_like_a_handshake(side: Side, data: bytes) -> None:
    """Other protocols, the other side's messages, messages that no node sends."""
    assert looks_like_handshake(side, data) is False


@given(st.sampled_from(Side), st.binary(max_size=40), st.sampled_from([2, 4]))
def test_looks_total(side: Side, data: bytes, length_size: int) -> None:
    """An answer for any bytes; more bytes never turn a yes or a no into something else."""
    answer = looks_like_handshake(side, data, length_size=length_size)
    if answer is not None:
        assert looks_like_handshake(side, data + b"x", length_size=length_size) is answer


def test_fixed_lengths() -> None:
    """The lengths of docs/protocol.md 2.2, and the limit."""
    assert len(Complement(0, 0).write()) == 9
    assert len(ChallengeReply(0, bytes(16)).write()) == 21
    assert len(ChallengeAck(bytes(16)).write()) == 17
    assert all(len(text) < LENGTH_LIMIT for texts in STATUS_TEXTS.values() for text in texts)


def test_one_side_alone() -> None:
    """A speaker needs nothing of the other side."""
    speaker = Speaker(A, 2, midstream=False)
    items = speaker.feed(b"\0\3sok\0\3s")
    assert [(item.start, item.end) for item in items] == [(0, 5)]
    assert [(item.start, item.end) for item in speaker.close()] == [(5, 8)]
    assert speaker.flush() == []
