"""Reports go to files that were opened before the right to do so was given up."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

from analyzer.live.outputs import Report, opened
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
    """As an error for people, with what helps."""
    report = Report("/dev/full", None)
    with pytest.raises(NotWritable, match=r"(?s)No space left.*make room there"):
        report.write("new")


def test_half_a_report_is_none(tmp_path: Path) -> None:
    """What finds room for its beginning only leaves an empty file: nobody reads half of it."""
    report = Report(str(tmp_path / "report.json"), None)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(NotWritable, match=r"(?s)File too large.*make room there"):
            report.write("x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "report.json").read_text() == ""


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    """A new one, and one that others could read so far."""
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o644)
    for name in ("report.json", "new.json"):
        Report(str(tmp_path / name), None, private=True).write("digests")
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_where_others_can_write_no_link_is_followed(tmp_path: Path) -> None:
    """Neither a symbolic link to a precious file nor another name of it: root would overwrite it."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "soft.json").symlink_to(precious)
    (shared / "hard.json").hardlink_to(precious)
    (shared / "dangling.json").symlink_to(tmp_path / "new")
    for name in ("soft.json", "hard.json", "dangling.json"):
        for private in (False, True):
            with pytest.raises(NotWritable, match="others may write to"):
                opened(shared / name, None, private=private)
    assert precious.read_text() == "precious"
    assert not (tmp_path / "new").exists()


def test_a_link_in_a_folder_of_ones_own_is_followed(tmp_path: Path) -> None:
    """Like /dev/stdout: only its owner can have made it."""
    tmp_path.chmod(0o755)
    (tmp_path / "latest.json").symlink_to(tmp_path / "today.json")
    (tmp_path / "today.json").write_text("old")
    Report(str(tmp_path / "latest.json"), None).write("new")
    assert (tmp_path / "today.json").read_text() == "new"
