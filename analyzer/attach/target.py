"""``rt:4711`` → a tracker, and the key of a ticket in it."""

from __future__ import annotations

from analyzer.attach.registry import all_trackers
from analyzer.attach.tracker import Tracker
from analyzer.errors import DistscopeError, printable
from dissectors.dataclass import dataclass


class BadTarget(DistscopeError):
    """It names no ticket."""


@dataclass(frozen=True, slots=True)
class Target:
    """A ticket."""

    tracker: Tracker
    key: str

    def __str__(self) -> str:
        return f"{self.tracker.name}:{self.key}"


def parse(text: str) -> Target:
    """The ticket that ``TRACKER:KEY`` names.  Raises BadTarget."""
    name, colon, key = text.partition(":")
    trackers = all_trackers()
    tracker = trackers.get(name.lower())
    if tracker is None or not colon:
        examples = ", ".join(f"{known}:{trackers[known].example}" for known in trackers)
        raise BadTarget(
            f"{printable(text)}: this names no ticket of a tracker that distscope knows", next_step=f"write {examples}"
        )
    if tracker.key.fullmatch(key) is None:
        where = f"; the server comes from {tracker.server}" if "://" in key else ""
        raise BadTarget(
            f"{printable(text)}: this is no key of {tracker.title}",
            next_step=f"write it like {tracker.name}:{tracker.example}{where}",
        )
    return Target(tracker, key)
