"""Standard output and files."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.report import output
from analyzer.report.layout import Look
from analyzer.report.output import NotWritable


def test_a_pipe_gets_80_columns_without_colour() -> None:
    """Whatever COLUMNS says."""
    code = "from analyzer.report.output import look_of_terminal as l; print(l())"
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == str(Look(80, False))


@pytest.mark.parametrize(
    ("columns", "environment", "color", "look"),
    [
        (120, {}, True, Look(100, True)),
        (20, {}, True, Look(40, True)),
        (80, {}, False, Look(80, False)),
        (80, {"NO_COLOR": "1"}, True, Look(80, False)),
        (80, {"TERM": "dumb"}, True, Look(80, False)),
    ],
)
def test_a_terminal_tells_width_and_colour(
    columns: int, environment: dict[str, str], color: bool, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not too wide to read; NO_COLOR is heeded."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", str(columns))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert output.look_of_terminal(color=color) == look


def test_where_there_are_no_arrows_ascii_stands_for_them() -> None:
    """And a name in another script is written out."""
    code = "from analyzer.report.output import emit; emit('a → b … 2 × ü\\n')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "a -> b ... 2 x \\xfc\n"


def test_a_reader_that_goes_is_no_error() -> None:
    """``| head -1`` ends the writing, without a word on standard error."""
    code = (
        "import sys; from analyzer.report.output import emit, finish\n"
        "while emit('x' * 10000 + '\\n'): pass\n"
        "assert emit('more'); finish(); sys.exit(7)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 7


def test_write_replaces_a_file_whole(tmp_path: Path) -> None:
    """No other file is left, and others may read it."""
    target = tmp_path / "report.txt"
    target.write_text("old")
    output.write(str(target), "new →\n")
    assert target.read_text(encoding="utf-8") == "new →\n"
    assert list(tmp_path.iterdir()) == [target]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask


def test_write_keeps_the_old_file_if_it_fails(tmp_path: Path) -> None:
    """And leaves nothing else behind."""
    target = tmp_path / "missing" / "report.txt"
    with pytest.raises(NotWritable) as caught:
        output.write(str(target), "x")
    assert "report.txt" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_write_to_a_device() -> None:
    """There is nothing to replace."""
    output.write(os.devnull, "x")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116


def test_what_cannot_be_written_is_known_before_the_work(tmp_path: Path) -> None:
    """A missing folder, a folder, an input."""
    capture = tmp_path / "in.json"
    capture.write_bytes(b"")
    output.check_writable(str(tmp_path / "new.json"), (str(capture), "-", "nowhere"))
    for path, words in [
        (tmp_path / "no" / "r.json", "no such folder"),
        (tmp_path, "this is a folder"),
        (capture, "one of the captures"),
    ]:
        with pytest.raises(NotWritable, match=words):
            output.check_writable(str(path), (str(capture),))
