"""Installed packages → trackers by name: the modules of trackers/, and those that others offer by entry point.

Third parties name a :class:`~analyzer.attach.tracker.Tracker` in the entry point group ``distscope.trackers``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from analyzer.attach import trackers
from analyzer.attach.tracker import Tracker
from analyzer.errors import DistscopeError
from analyzer.offered import offered

ENTRY_POINTS = "distscope.trackers"


class UnusableTracker(DistscopeError):
    """A tracker of a third party that can't be loaded, or two trackers of one name."""


@cache
def all_trackers() -> dict[str, Tracker]:
    """Every tracker by its name, alphabetical."""
    found: dict[str, Tracker] = {}
    for tracker in _discovered():
        if tracker.name in found:
            raise UnusableTracker(
                f"two installed packages bring a tracker called {tracker.name}: "
                f"{found[tracker.name].install} and {tracker.install}",
                next_step="uninstall one of them",
            )
        found[tracker.name] = tracker
    return dict(sorted(found.items()))


def _discovered() -> Iterable[Tracker]:
    for module in pkgutil.iter_modules(trackers.__path__, f"{trackers.__name__}."):
        yield importlib.import_module(module.name).TRACKER
    yield from offered(ENTRY_POINTS, Tracker, UnusableTracker)
