"""Trackers are found: ours by their folder, others' by entry point."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analyzer.attach import registry
from analyzer.attach.registry import UnusableTracker, all_trackers
from analyzer.attach.target import parse
from tests.corpus import ROOT

THEIRS = """
import re
from contextlib import contextmanager
from analyzer.attach.tracker import Markup, Tracker

NO_TRACKER = "an oversight"

@contextmanager
def open_ticket(key, account):
    raise NotImplementedError
    yield

def tracker(name):
    return Tracker(
        name=name, title="Theirs", key=re.compile("[0-9]+"), example="1", server="THEIRS_URL",
        server_example="https://theirs.example.com", logins=(("THEIRS_TOKEN",),), install="theirs",
        markup=Markup.PLAIN, most_characters=1000, open=open_ticket,
    )

TRACKER, SAME = tracker("theirs"), tracker("rt")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a package that offers a tracker by this entry point."""

    def installed(value: str) -> None:
        (tmp_path / "theirs.py").write_text(THEIRS)
        metadata = tmp_path / "theirs-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{registry.ENTRY_POINTS}]\nmine = {value}\n")
        monkeypatch.syspath_prepend(tmp_path)
        all_trackers.cache_clear()

    yield installed
    monkeypatch.undo()
    sys.modules.pop("theirs", None)
    all_trackers.cache_clear()


def test_ours() -> None:
    """One module each, and nothing lists them."""
    assert list(all_trackers()) == ["github", "gitlab", "jira", "redmine", "rt"]


def test_third_party(install: Callable[[str], None]) -> None:
    """An installed package's tracker is named like any other."""
    install("theirs:TRACKER")
    assert parse("theirs:12").tracker.title == "Theirs"


@pytest.mark.parametrize("value", ["theirs:NO_TRACKER", "theirs:MISSING", "nowhere:TRACKER"])
def test_a_broken_third_party(install: Callable[[str], None], value: str) -> None:
    """The error names the entry point, for it is not distscope that has to be repaired."""
    install(value)
    with pytest.raises(UnusableTracker, match=value):
        all_trackers()


def test_two_of_one_name(install: Callable[[str], None]) -> None:
    """Nobody could tell where a report goes."""
    install("theirs:SAME")
    with pytest.raises(UnusableTracker, match="two installed packages bring a tracker called rt"):
        all_trackers()


def test_a_tracker_is_known_without_its_library() -> None:
    """Its client library is loaded when a ticket is opened, not when it is named."""
    code = (
        "import sys\n"
        "from analyzer.attach.registry import all_trackers\n"
        "all_trackers()\n"
        "print(sorted({'rt', 'jira', 'gitlab', 'github', 'redminelib', 'requests', 'keyring'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
