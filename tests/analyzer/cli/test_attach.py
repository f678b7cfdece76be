"""``distscope attach``, and ``analyze --attach``, run as a user runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.analyzer.attach.trackers.test_redmine import KEY, Redmine
from tests.analyzer.cli.command import run


@pytest.fixture
def redmine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redmine]:
    """A tracker, and the environment that leads to it."""
    running = Redmine(edits=True)
    monkeypatch.setenv("REDMINE_URL", running.url)
    monkeypatch.setenv("REDMINE_API_KEY", KEY)
    yield running
    running.close()
    assert running.violations == []


@pytest.fixture
def report(problem: Path, tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    run("analyze", problem, "-o", path)
    return path


def test_attach(report: Path, redmine: Redmine) -> None:
    """A comment with the answer, and the file; twice is once."""
    done = run("attach", report, "--to", "redmine:1234")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"redmine:1234: commented\n  {redmine.url}/issues/1234\n  sent: report.json\n"
    (comment,) = redmine.comments()
    assert "epmd-refused" in comment
    assert redmine.files() == [("report.json", report.read_bytes())]
    assert "nothing to do" in run("attach", report, "--to", "redmine:1234").stdout
    assert len(redmine.writes()) == 2


def test_a_comment_of_its_own(report: Path, redmine: Redmine) -> None:
    """With --new."""
    for _ in range(2):
        assert run("attach", report, "--to", "redmine:1234", "--new").exit_code == 0
    assert len(redmine.comments()) == 2


def test_dry_run(report: Path, redmine: Redmine) -> None:
    """All is shown, but the secret; nobody is asked."""
    done = run("attach", report, "--to", "redmine:1234", "--dry-run")
    assert done.exit_code == 0
    assert "epmd-refused" in done.stdout
    assert "REDMINE_API_KEY from the environment" in done.stdout
    assert KEY not in done.stdout
    assert redmine.requests == []


def test_nothing_arrived(report: Path, redmine: Redmine) -> None:
    """Exit status 3, the reason, and the files are still there."""
    redmine.forbid()
    done = run("attach", report, "--to", "redmine:1234")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "the account may not do this on redmine:1234" in done.stderr
    assert report.exists()


def test_the_command_line_is_wrong(report: Path) -> None:
    """Exit status 2."""
    assert run("attach", report).exit_code == 2
    assert run("attach", "--to", "rt:1").exit_code == 2
    done = run("attach", report, "--to", "rt:x")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "write it like rt:4711" in done.stderr


def test_no_such_file(tmp_path: Path, redmine: Redmine) -> None:
    """Nothing is sent if one of them is missing."""
    done = run("attach", tmp_path / "missing.html", "--to", "redmine:1234")
    assert done.exit_code == 3
    assert "missing.html" in done.stderr
    assert redmine.requests == []


# --- analyze --attach ------------------------------------------------------------------------------------------------


def test_analyze_attaches(problem: Path, tmp_path: Path, redmine: Redmine) -> None:
    """The report and the files of -o; the exit status is that of the analysis, and standard output only the report."""
    path = tmp_path / "report.md"
    done = run("analyze", problem, "-o", path, "--attach", "redmine:1234", "--format", "json")
    assert done.exit_code == 1
    json.loads(done.stdout)
    assert "redmine:1234: commented" in done.stderr
    (comment,) = redmine.comments()
    assert "PROBLEM  epmd-refused" in comment
    assert redmine.files() == [("report.md", path.read_bytes())]


def test_attach_updates_what_analyze_wrote(problem: Path, report: Path, redmine: Redmine) -> None:
    """Both know the comment by the captures."""
    run("analyze", problem, "--attach", "redmine:1234")
    done = run("attach", report, "--to", "redmine:1234")
    assert "updated the earlier comment" in done.stdout
    assert len(redmine.comments()) == 1


def test_analyze_could_not_attach(problem: Path, tmp_path: Path, redmine: Redmine) -> None:
    """The report is printed and written all the same."""
    redmine.forbid()
    path = tmp_path / "report.json"
    done = run("analyze", problem, "-o", path, "--attach", "redmine:1234")
    assert done.exit_code == 3
    assert "epmd-refused" in done.stdout
    assert "the files are where they were" in done.stderr
    assert path.exists()


def test_analyze_dry_run(problem: Path, redmine: Redmine) -> None:
    """Shown on standard error; without --attach it means nothing."""
    done = run("analyze", problem, "--attach", "redmine:1234", "--dry-run")
    assert done.exit_code == 1
    assert "Nothing was sent (--dry-run)." in done.stderr
    assert redmine.requests == []
    assert run("analyze", problem, "--dry-run").exit_code == 2


def test_a_bad_ticket_is_told_before_the_work(tmp_path: Path) -> None:
    """Not after an hour of reading."""
    done = run("analyze", tmp_path / "missing.pcap", "--attach", "rt:x")
    assert done.exit_code == 2
    assert "no key of Request Tracker" in done.stderr
