"""What leaves the house of what nodes say."""

from __future__ import annotations

import pytest

from analyzer.evidence.secrets import Censor, Said, Span
from dissectors import handshake, tls, traffic
from dissectors.control import ControlMessage
from dissectors.dialogue import Decoded, Item, Missing, Problem, Side, Undecoded

ANN, BOB = Side.INITIATOR, Side.ACCEPTOR


def judge(item: Item) -> Said | None:
    return Censor().judge(item)


@pytest.mark.parametrize("size", [2, 4])
def test_the_digest_is_told_from_the_challenge(size: int) -> None:
    """Its 16 bytes, wherever the message starts and whatever its length takes."""
    reply = Decoded(ANN, 100, 100 + size + 21, handshake.ChallengeReply(challenge=7, digest=bytes(16)))
    assert judge(reply) == Said(Span(100, 105 + size), Span(105 + size, 121 + size))
    ack = Decoded(BOB, 50, 50 + size + 17, handshake.ChallengeAck(digest=bytes(16)))
    assert judge(ack) == Said(Span(50, 51 + size), Span(51 + size, 67 + size))


def test_a_cut_message_shows_no_part_of_a_digest() -> None:
    """Nor does one of which not even the tag is there."""
    reply = handshake.Partial(ANN, "r", "challenge_reply", 21, b"r\0\0\0\x07half")
    assert judge(Decoded(ANN, 0, 23, reply)) == Said(Span(0, 7), Span(7, 23))
    unknown = handshake.Partial(ANN, "", "send_name", 21, b"")
    assert judge(Decoded(ANN, 0, 23, unknown)) == Said(Span(0, 2))
    name = handshake.Partial(ANN, "N", "send_name", 30, b"N\0\0")
    assert judge(Decoded(ANN, 0, 32, name)) == Said(Span(0, 32))


@pytest.mark.parametrize(
    ("frame", "shown", "counts"),
    [
        (traffic.Tick(), 4, False),
        (traffic.DistributionHeader(90, None), 6, True),
        (traffic.FirstFragment(90, 1, 2, None), 22, True),
        (traffic.Fragment(90, 1, 1), 22, False),
        (traffic.PassThrough(90, ControlMessage(6, "rex", ("rex",), 20)), 6, False),
        (traffic.OpaqueFrame(90, b"secret"), 4, False),
        (traffic.DistributionHeader(90, ControlMessage(6, None, ("atom", "lost_connection"), 40)), 46, False),
    ],
)
def test_frames_show_their_heads(frame: traffic.Frame, shown: int, counts: bool) -> None:
    """And what ``global`` says before it disconnects nodes."""
    end = 4 if isinstance(frame, traffic.Tick) else 94
    count = Span(shown, shown + 1) if counts else None
    assert judge(Decoded(ANN, 0, end, frame)) == Said(Span(0, shown), atoms=count)


def test_tls_shows_all_but_what_is_carried() -> None:
    """Sizes tell what is inside; the bytes tell nobody anything but who has the key."""
    assert judge(Decoded(ANN, 9, 99, tls.ApplicationData(85))) == Said(Span(9, 14))
    assert judge(Decoded(ANN, 9, 99, tls.EncryptedHandshake(85))) == Said(Span(9, 99))


def test_what_is_not_understood() -> None:
    """Its start, unless it may be, or hold, a digest; nothing after a hole; after the handshake only a head."""
    bad = Undecoded(ANN, 0, 200, Problem.MALFORMED, "", b"\0\x50Nxyz")
    assert judge(bad) == Said(Span(0, 64))
    reply = Undecoded(ANN, 0, 20, Problem.TRUNCATED, "", b"\0\x15r\0\0\0\x07halfadigest")
    assert judge(reply) == Said(Span(0, 3))
    assert judge(Undecoded(ANN, 0, 20, Problem.OUT_OF_STEP, "", bytes(20))) is None
    assert judge(Missing(ANN, 0, 20)) is None
    censor = Censor()
    censor.judge(Decoded(BOB, 0, 19, handshake.ChallengeAck(digest=bytes(16))))
    assert censor.judge(Undecoded(ANN, 30, 90, Problem.TRUNCATED, "", b"\0\0\0\x70secret")) == Said(Span(30, 36))
