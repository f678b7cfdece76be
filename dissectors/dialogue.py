"""What every conversation offers: bytes of two sides in, messages with their places out.

A dialogue is fed the in-order bytes of both directions of one TCP connection.  Every item it returns carries the
half-open byte range ``start:end`` in the stream of its side (0 is the first payload byte after the SYN), so that a
caller who knows which packet carried which byte can name the packets that prove it.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from dissectors.dataclass import dataclass

RECOGNISED_BY = 512
"""First bytes of a side by which :mod:`dissectors.foreign` recognises what it speaks instead of Erlang: more of them
tell nothing more.  Most protocols need less than 16, text in a banner more."""

DECIDED_BY = 600
"""First bytes of a side after which it is not put off any longer to say what it speaks: the longest legal first message
is shorter."""


class Side(Enum):
    """Who sent the bytes: the node that opened the TCP connection, or the node (or EPMD) that listens."""

    INITIATOR = "initiator"
    ACCEPTOR = "acceptor"

    __hash__ = object.__hash__  # members are singletons, and Enum's own is a Python call

    @property
    def other(self) -> Side:
        return Side.ACCEPTOR if self is Side.INITIATOR else Side.INITIATOR


class Problem(Enum):
    """Why bytes could not become a message."""

    TRUNCATED = "truncated"
    """The stream ended, or a hole began, inside the message: not the sender's fault."""
    MALFORMED = "malformed"
    """All bytes are there and no reading of the protocol fits them."""
    OUT_OF_STEP = "out-of-step"
    """Bytes after a hole, or a start in mid-stream, where no message boundary is known: nothing is guessed."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message and the bytes that were it."""

    side: Side
    start: int
    end: int
    message: object
    """One of the message classes of :mod:`dissectors`."""


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Bytes that are no message, and why."""

    side: Side
    start: int
    end: int
    problem: Problem
    reason: str
    """For people: the field, what was wanted and what was there."""
    data: bytes
    """The first bytes of the range (at most 64)."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A hole in the stream of one side."""

    side: Side
    start: int
    end: int


Item = Decoded | Undecoded | Missing


class Dialogue(Protocol):
    """One conversation.  The calls never raise, whatever the bytes."""

    def feed(self, side: Side, data: bytes) -> list[Item]:
        """Take the next in-order bytes of ``side``; give the items that they complete."""

    def gap(self, side: Side, length: int) -> list[Item]:
        """``length`` bytes of ``side`` are not to be had."""

    def close(self, side: Side) -> list[Item]:
        """``side`` sends no more; what was unfinished is given as :class:`Undecoded` with ``Problem.TRUNCATED``."""
