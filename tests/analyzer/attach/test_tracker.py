"""The declarations of the trackers that come with distscope."""

from __future__ import annotations

import re
import tomllib

import pytest

from analyzer.attach.registry import all_trackers
from analyzer.attach.tracker import Tracker
from tests.corpus import ROOT

TRACKERS = list(all_trackers().values())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "attach.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_declaration(tracker: Tracker) -> None:
    """The example is a key, and what pip is told to install exists."""
    assert tracker.key.fullmatch(tracker.example)
    assert tracker.install == f"distscope[{tracker.name}]"
    assert tracker.name in PROJECT["project"]["optional-dependencies"]
    assert tracker.server_example.startswith("https://")
    assert not tracker.server_example.endswith("/")


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.name)
def test_documented(tracker: Tracker) -> None:
    """Every variable, and the way to name a ticket."""
    names = {tracker.server, tracker.trust} | {name for login in tracker.logins for name in login}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []
    assert f"`{tracker.name}:{tracker.example}`" in PAGE


def test_nothing_else_is_documented() -> None:
    """A variable that is in the page is one that is read."""
    known = {tracker.server for tracker in TRACKERS} | {tracker.trust for tracker in TRACKERS}
    known |= {name for tracker in TRACKERS for login in tracker.logins for name in login} | {"DISTSCOPE_ALLOW_HTTP"}
    assert set(re.findall(r"`([A-Z][A-Z_]+_[A-Z_]+)`", PAGE)) == known
