"""Traffic of a link that is up, as events."""

from __future__ import annotations

from typing import ClassVar

from analyzer.sessions.events.event import Event, Fields, describe
from dissectors import traffic
from dissectors.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStarted(Event):
    """The first frame after the handshake of ``side`` that is no tick."""

    name: ClassVar[str] = "first-data"
    message: traffic.Frame | None = None

    def fields(self) -> Fields:
        return {} if self.message is None else describe(self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked(Event):
    """The first tick of ``side``."""

    name: ClassVar[str] = "first-tick"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalSaid(Event):
    """``global`` of ``side`` tells its peer of a connection that it lost, or that it removes the one to the peer: how
    OTP 25 and later prevent overlapping partitions (kernel's ``global.erl``, docs/protocol.md 4.4 row 45)."""

    name: ClassVar[str] = "global"
    message: str
    """``lost_connection`` or ``remove_connection``."""

    def fields(self) -> Fields:
        return {"message": self.message}
