"""Installed packages → what they offer by entry point: rules, trackers.

``importlib.metadata`` takes longer to load than a small capture takes to be diagnosed, so it is asked only where a
package may have an answer: where a file of entry points names the group.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from analyzer.errors import DistscopeError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_METADATA = (".dist-info", ".egg-info")

T = TypeVar("T")


def offered(group: str, kind: type[T], unusable: type[DistscopeError]) -> Iterator[T]:
    """The objects that the entry points of ``group`` name.  Raises ``unusable`` for what can't be loaded, or is of
    another kind."""
    for entry in entry_points_of(group):
        try:
            found = entry.load()
        except Exception as error:
            raise unusable(
                f"the {kind.__name__.lower()} {entry.value!r} of an installed package can't be loaded: "
                f"{type(error).__name__}: {error}",
                next_step="repair or uninstall that package",
            ) from error
        if not isinstance(found, kind):
            raise unusable(
                f"the entry point {entry.value!r} of an installed package names no {kind.__name__}",
                next_step="repair or uninstall that package",
            )
        yield found


def entry_points_of(group: str) -> Iterable[EntryPoint]:
    """The entry points of ``group`` of every installed package."""
    if not any(_may_offer(folder or os.curdir, group) for folder in sys.path):
        return ()
    from importlib.metadata import entry_points

    return entry_points(group=group)


def _may_offer(folder: str, group: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            packages = [entry.path for entry in entries if entry.name.endswith(_METADATA)]
    except NotADirectoryError:
        return True  # an archive: who knows what is in it
    except OSError:
        return False
    return any(f"[{group}]".encode() in _read(f"{package}/entry_points.txt") for package in packages)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (pathlib takes as long to load as a dozen rules)
            return file.read()
    except OSError:
        return b""
