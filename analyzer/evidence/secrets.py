"""What a dialogue says of its bytes → which of them may leave the house, and which are a digest.

What a verdict rests on is shown: messages of EPMD, of the handshake and of TLS, and of the traffic behind them the
heads of frames.  Everything else is hidden, known or not: a challenge with its digest is material for guessing the
cookie, and what nodes say to each other once they are connected is nobody else's business.
"""

from __future__ import annotations

from typing import NamedTuple

from dissectors import foreign, handshake, tls, traffic
from dissectors.dialogue import Decoded, Item, Problem, Undecoded

FIRST = 128
"""Bytes that are shown of what speaks another protocol: enough to recognise it."""
_UNKNOWN = 64
"""Bytes that are shown of a message that is none."""
_TLS_HEADER = 5
_FRAME_LENGTH = 4
_LENGTH_AND_TAG = 3
_HEADS: dict[type, int] = {
    traffic.DistributionHeader: 2,
    traffic.FirstFragment: 18,
    traffic.Fragment: 18,
    traffic.PassThrough: 2,
    traffic.OpaqueFrame: 0,
}
"""Bytes behind the length that tell what kind of frame it is, and which part."""
_COUNTING = traffic.DistributionHeader | traffic.FirstFragment
"""Behind their heads stands how many atoms follow."""
GLOBAL = frozenset({"lost_connection", "remove_connection"})
"""What ``global`` says before it disconnects nodes: the proof of ``partition-disconnect``."""
_OFFSETS = {"challenge_reply": 5, "challenge_ack": 1}
"""Where the digest begins in the body of a message that is not all there."""
_HARMLESS_TAGS = (b"N", b"n", b"s", b"c")


class Span(NamedTuple):
    """Bytes ``start:end`` of one direction of a stream."""

    start: int
    end: int


class Said(NamedTuple):
    """What is to be done with the bytes of one item."""

    shown: Span
    digest: Span | None = None
    atoms: Span | None = None
    """The byte that tells how many atoms follow, which are hidden."""


class Censor:
    """Judges the items of one connection, in order."""

    def __init__(self) -> None:
        self._up = False
        """The handshake is over: whatever comes is what users say."""

    def judge(self, item: Item) -> Said | None:
        """None if nothing of it may be shown."""
        if isinstance(item, Undecoded):
            return self._undecoded(item)
        return self._decoded(item) if isinstance(item, Decoded) else None

    def _decoded(self, item: Decoded) -> Said:
        message, start, end = item.message, item.start, item.end
        self._up |= isinstance(message, (handshake.ChallengeAck, traffic.Tick, *_HEADS))
        match message:
            case handshake.ChallengeReply() | handshake.ChallengeAck():
                body = message.write()
                first, last = type(message).spans(body)["digest"]
                at = end - len(body)
                return Said(Span(start, at + first), Span(at + first, at + last))
            case handshake.Partial():
                at = end - message.length
                if not message.tag:
                    return Said(Span(start, at))
                offset = _OFFSETS.get(message.expected)
                return Said(
                    Span(start, end) if offset is None else Span(start, at + offset),
                    None if offset is None else Span(at + offset, end),
                )
            case tls.ApplicationData():
                return Said(Span(start, start + _TLS_HEADER))
        if type(message) not in _HEADS:
            return Said(Span(start, end))
        control = getattr(message, "control", None)
        head = _HEADS[type(message)]
        if control is not None and not GLOBAL.isdisjoint(control.new_atoms):
            head += control.size
        at = min(end, start + _FRAME_LENGTH + head)
        counts = isinstance(message, _COUNTING) and head == _HEADS[type(message)] and at < end
        return Said(Span(start, at), atoms=Span(at, at + 1) if counts else None)

    def _undecoded(self, item: Undecoded) -> Said | None:
        if item.problem is Problem.OUT_OF_STEP:
            return None
        size = _FRAME_LENGTH + 2 if self._up else _UNKNOWN if _begins_harmlessly(item.data) else _LENGTH_AND_TAG
        return Said(Span(item.start, min(item.end, item.start + size)))


def _begins_harmlessly(data: bytes) -> bool:
    """Whether it is a message without digest, for all that is wrong with it; else it may be the rest of a digest."""
    return int.from_bytes(data[:2], "big") <= foreign.LONGEST_HANDSHAKE and data[2:3] in _HARMLESS_TAGS
