"""``distscope analyze``, run as a user runs it."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema

from tests.analyzer.cli.command import run
from tests.analyzer.small_capture import HEADER, answered, records, refused, write

SCHEMA = json.loads(files("analyzer.report").joinpath("schema-1.json").read_text(encoding="utf-8"))


# --- Exit status -----------------------------------------------------------------------------------------------------


def test_no_problem_is_0(healthy: Path) -> None:
    """And the report says so first."""
    done = run("analyze", healthy)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("No problem found: 1 attempt, ok.\n")


def test_a_problem_is_1(problem: Path) -> None:
    """With its verdict and its proof."""
    done = run("analyze", problem)
    assert (done.exit_code, done.stderr) == (1, "")
    assert "PROBLEM  epmd-refused" in done.stdout
    assert "packet 2  15:10:37.001000" in done.stdout


def test_nothing_found_is_0(tmp_path: Path) -> None:
    """An empty capture is one."""
    done = run("analyze", write(tmp_path / "empty.pcap", []))
    assert done.exit_code == 0
    assert "tcpdump" in done.stdout


def test_an_unusable_input_is_3_and_the_others_are_reported(problem: Path, tmp_path: Path) -> None:
    """The error stands behind the report, on standard error."""
    text = tmp_path / "notes.txt"
    text.write_text("15:10:37 IP 10.0.0.1 > 10.0.0.2\n")
    alone = run("analyze", text)
    assert (alone.exit_code, alone.stdout) == (3, "")
    assert "notes.txt" in alone.stderr
    both = run("analyze", text, problem)
    assert both.exit_code == 3
    assert "epmd-refused" in both.stdout
    assert "notes.txt" in both.stderr
    assert run("analyze", tmp_path / "missing.pcap").exit_code == 3
    assert run("decode", text, problem).exit_code == 3


# --- analyze ---------------------------------------------------------------------------------------------------------


def test_json_is_valid(problem: Path, healthy: Path) -> None:
    """On standard output there is nothing else."""
    done = run("analyze", problem, healthy, "--format", "json")
    report = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["summary"]["verdicts"] == {"answered": 1, "epmd-refused": 1}
    assert {attempt["initiator"]["port"] for attempt in report["attempts"]} == {40001, 40002}


def test_output_files_by_suffix(problem: Path, tmp_path: Path) -> None:
    """They come beside what is printed, and are the same as what would be."""
    outputs = [tmp_path / "r.json", tmp_path / "r.txt", tmp_path / "r.log"]
    done = run("analyze", problem, "--format", "text", *[part for path in outputs for part in ("-o", path)])
    assert done.exit_code == 1
    assert outputs[0].read_text(encoding="utf-8") == run("analyze", problem, "--format", "json").stdout
    assert outputs[1].read_text(encoding="utf-8") == outputs[2].read_text(encoding="utf-8") == done.stdout


def test_evidence_is_a_capture_with_the_same_verdict(problem: Path, healthy: Path, tmp_path: Path) -> None:
    """Of the attempts in the report; from a pipe as from a file."""
    path = tmp_path / "evidence.pcapng"
    done = run("analyze", problem, healthy, "--host", "10.77.0.2", "-o", path)
    again = run("analyze", path)
    assert (done.exit_code, again.exit_code) == (1, 1)
    assert again.stdout.splitlines()[:3] == done.stdout.splitlines()[:3]
    piped = tmp_path / "piped.pcapng"
    run("analyze", "-", "-o", piped, stdin=HEADER + records(refused()))
    assert "PROBLEM  epmd-refused" in run("analyze", piped).stdout


def test_evidence_with_digests_is_for_its_owner_alone(problem: Path, tmp_path: Path) -> None:
    """Whatever the umask."""
    run("analyze", problem, "-o", tmp_path / "open.pcapng")
    run("analyze", problem, "--keep-digests", "-o", tmp_path / "closed.pcapng")
    assert (tmp_path / "closed.pcapng").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "open.pcapng").stat().st_mode & 0o777 != 0o600


def test_redaction_in_every_format(problem: Path, tmp_path: Path) -> None:
    """On standard output, in files, from a pipe; and the exit status says the same."""
    outputs = [tmp_path / f"r.{suffix}" for suffix in ("json", "md", "html", "txt", "pcapng")]
    done = run("analyze", problem, "--redact", *[part for path in outputs for part in ("-o", path)])
    assert done.exit_code == 1
    piped = run("analyze", "-", "--redact", stdin=HEADER + records(refused()))
    for text in (done.stdout, piped.stdout, *(path.read_text("utf-8", "replace") for path in outputs)):
        assert "10.77.0." not in text
        assert problem.name not in text
    assert "PROBLEM  epmd-refused" in done.stdout
    assert "PROBLEM  epmd-refused" in run("analyze", outputs[-1]).stdout


def test_a_map_gives_the_same_names_again(problem: Path, tmp_path: Path) -> None:
    """It is for its owner alone, and never replaces anything else."""
    path = tmp_path / "map.json"
    first = run("analyze", problem, "--redact-map", path)
    again = run("analyze", problem, "--redact-map", path)
    assert first.stdout == again.stdout != run("analyze", problem, "--redact").stdout
    assert path.stat().st_mode & 0o777 == 0o600
    assert "10.77.0.2" in json.loads(path.read_text())["addresses"].values()
    before = problem.read_bytes()
    assert run("analyze", problem, "--redact-map", problem).exit_code == 2
    assert problem.read_bytes() == before
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert run("analyze", problem, "--redact-map", other).exit_code == 2
    assert other.read_text() == "{}"


def test_output_never_replaces_an_input(problem: Path) -> None:
    """Whatever its name is."""
    before = problem.read_bytes()
    done = run("analyze", problem, "-o", problem, "--format", "json")
    assert done.exit_code == 2
    assert problem.read_bytes() == before


def test_quiet_is_one_line_for_each_problem(problem: Path, healthy: Path) -> None:
    """Nothing where all is well."""
    done = run("analyze", "-q", problem, healthy)
    assert re.fullmatch(r"2026-10-31 15:10:37 UTC  epmd-refused  .*\n", done.stdout)
    assert run("analyze", "-q", healthy).stdout == ""


def test_from_standard_input_verdicts_come_as_they_fall(healthy: Path) -> None:
    """Before the report, one line each; never inside JSON."""
    stream = HEADER + records([*refused(), *answered()])
    done = run("analyze", "-", stdin=stream)
    first, _, report = done.stdout.partition("\n")
    assert done.exit_code == 1
    assert first.startswith("15:10:37.000000  PROBLEM  epmd-refused  ")
    assert "\n1 problem found: 1 of 2 attempts failed, 1 ok.\n" in report
    assert json.loads(run("analyze", "-", "--format", "json", stdin=stream).stdout)["summary"]["problem"] == 1
    quiet = run("analyze", "-", "-q", stdin=stream)
    assert quiet.stdout == f"{first}\n"


def test_selection(problem: Path, healthy: Path) -> None:
    """Of time, address and port."""
    both = [problem, healthy]
    assert "2 attempts" in run("analyze", *both).stdout
    assert "No attempt" in run("analyze", *both, "--since", "15:11").stdout
    assert "No attempt" in run("analyze", *both, "--until", "2026-10-31T15:10:36Z").stdout
    assert "2 attempts" in run("analyze", *both, "--since", "15:10:37", "--until", "15:10:38").stdout
    assert "No attempt" in run("analyze", *both, "--host", "10.77.0.9").stdout
    assert "2 attempts" in run("analyze", *both, "--host", "10.77.0.2").stdout
    assert "epmd-refused" not in run("analyze", problem, "--epmd-port", "4370").stdout


def test_a_cookie_never_shows(problem: Path, tmp_path: Path) -> None:
    """Neither in a report nor in an error."""
    good, bad = tmp_path / "cookie", tmp_path / "bad"
    good.write_text("SECRETCOOKIE\n")
    bad.write_bytes(b"SECRET\x01COOKIE\n")
    for path, status in ((good, 1), (bad, 2)):
        done = run("analyze", problem, "--cookie-file", path, "--keep-digests")
        assert done.exit_code == status
        assert "SECRET" not in done.output


def test_several_captures_are_one_story(problem: Path, healthy: Path) -> None:
    """A folder is all that it holds."""
    assert "1 of 2 attempts failed" in run("analyze", problem.parent).stdout


def test_a_comment_for_a_ticket(problem: Path, tmp_path: Path) -> None:
    """In Markdown, or in the markup of the tracker that is named; to a file or to standard output."""
    comment = tmp_path / "comment.md"
    run("analyze", "-q", problem, "-o", comment, "--flavour", "jira")
    assert comment.read_text(encoding="utf-8").startswith("*1 problem found")
    done = run("analyze", problem, "--format", "markdown")
    assert done.exit_code == 1
    assert done.stdout.startswith("**1 problem found")
    assert "### PROBLEM: epmd-refused" in done.stdout


def test_html_names_the_capture_by_its_sha_256(problem: Path, tmp_path: Path) -> None:
    """In the file as on standard output, and the same bytes each time."""
    target = tmp_path / "report.html"
    assert run("analyze", problem, "-o", target).exit_code == 1
    written = target.read_text(encoding="utf-8")
    assert written.startswith("<!DOCTYPE html>")
    assert hashlib.sha256(problem.read_bytes()).hexdigest() in written
    assert run("analyze", problem, "--format", "html").stdout == written
