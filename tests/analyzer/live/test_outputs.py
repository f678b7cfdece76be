"""Reports go to files that were opened before the right to do so was given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.live.outputs import Report
from analyzer.report.output import NotWritable


def test_it_is_opened_now_and_written_later(tmp_path: Path) -> None:
    """The old content stays until then, and is gone afterwards."""
    path = tmp_path / "report.json"
    path.write_text("a long old report")
    report = Report(str(path), None)
    assert path.read_text() == "a long old report"
    path.chmod(0o000)
    report.write("new")
    path.chmod(0o600)
    assert path.read_text() == "new"


def test_what_can_never_be_written_is_told_at_once(tmp_path: Path) -> None:
    """Not after an hour of listening."""
    for path in (tmp_path, tmp_path / "missing" / "report.json"):
        with pytest.raises(NotWritable):
            Report(str(path), None)


def test_a_full_disk_is_told() -> None:
    """As an error for people."""
    report = Report("/dev/full", None)
    with pytest.raises(NotWritable, match="No space left"):
        report.write("new")
