"""Bytes of other protocols, and bytes that are none, as events."""

from __future__ import annotations

from typing import ClassVar

from analyzer.sessions.events.event import Event, Fields
from dissectors.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSpoken(Event):
    """Bytes of another protocol."""

    name: ClassVar[str] = "foreign"
    protocol: str
    title: str
    why: str
    data: bytes
    """The first bytes."""

    def fields(self) -> Fields:
        return {"protocol": self.protocol, "why": self.why, "data": self.data[:32].hex()}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood(Event):
    """Bytes that are no message of the protocol that the connection speaks."""

    name: ClassVar[str] = "undecoded"
    problem: str
    """Value of :class:`dissectors.dialogue.Problem`."""
    reason: str
    data: bytes
    offset: int
    length: int

    def fields(self) -> Fields:
        return {
            "problem": self.problem,
            "reason": self.reason,
            "bytes": self.length,
            "data": self.data[:32].hex(),
        }
