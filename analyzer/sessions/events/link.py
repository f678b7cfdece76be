"""Traffic of a link that is up, as events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from analyzer.sessions.events.base import Event, Fields, describe
from dissectors import traffic


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
