"""``python -m analyzer``: what only a process of its own can show."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.analyzer.small_capture import HEADER, START, answered, records, refused, write

COMMAND = [sys.executable, "-m", "analyzer"]
OF_ANY_WIDTH = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
WRAPPED = "  Why can't these Erlang nodes talk?  distscope tells it\n"
"""Of the help, in 60 columns."""


def test_runs_as_a_module(tmp_path: Path) -> None:
    """With the exit status of its command."""
    done = subprocess.run([*COMMAND, "analyze", write(tmp_path / "x.pcap", refused())], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert "epmd-refused" in done.stdout


def test_help_loads_nothing() -> None:
    """Who asks for the first page does not even wait for click."""
    code = (
        "import sys; sys.argv = ['distscope', '--help']\n"
        "from analyzer.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'click', 'typing', 'rich', 'numpy', 'dissectors'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=OF_ANY_WIDTH, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_help_is_the_page_that_click_writes() -> None:
    """Ready-made where nothing says that the terminal is narrow; the status is that of success."""
    by_click = _help({**OF_ANY_WIDTH, "COLUMNS": "80"}, "--help")
    assert by_click.startswith("Usage: distscope [OPTIONS] COMMAND [ARGS]...\n")
    assert _help(OF_ANY_WIDTH, "--help") == _help(OF_ANY_WIDTH, "-h") == by_click
    assert WRAPPED not in by_click
    assert WRAPPED in _help({**OF_ANY_WIDTH, "COLUMNS": "60"}, "--help")


def test_help_fits_a_narrow_terminal() -> None:
    """Whose width is asked for, as click does."""
    mine, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    with subprocess.Popen([*COMMAND, "--help"], stdout=theirs, env=OF_ANY_WIDTH) as process:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # the end of a terminal
            while more := os.read(mine, 4096):
                said += more
    os.close(mine)
    assert process.returncode == 0
    assert WRAPPED in said.decode().replace("\r\n", "\n")


def _help(environment: dict[str, str], option: str) -> str:
    return subprocess.run([*COMMAND, option], env=environment, capture_output=True, text=True, check=True).stdout


def test_ends_after_exit_handlers_and_threads() -> None:
    """With the status of the command, though nothing is taken apart; what was printed last is printed."""
    code = (
        "import atexit, sys, threading, time\n"
        "import analyzer.cli.rules\n"
        "class Grave:\n"
        "    def __del__(self): print('taken apart')\n"
        "grave = Grave()\n"
        "def command(**_):\n"
        "    atexit.register(print, 'handler')\n"
        "    threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\n"
        "    sys.exit(3)\n"
        "analyzer.cli.rules.command.callback = command\n"
        "sys.argv = ['distscope', 'rules']\n"
        "from analyzer.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, "thread\nhandler\n", "")


def test_output_that_nobody_takes_is_told() -> None:
    """A full disk must not pass for success."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "rules"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode not in (0, 1)
    assert "No space left on device" in done.stderr


def test_a_small_capture_loads_little(tmp_path: Path) -> None:
    """What it does not need: to load that would take longer than to read it, judge it and write the report."""
    path = write(tmp_path / "x.pcap", answered())
    needless = {
        "analyzer.capture.blocks": "pcapng",
        "analyzer.decode.tunnels": "none of its packets has more than Ethernet, IPv4 and TCP",
        "analyzer.rules.tls.tls_stalled": "another story",
        "analyzer.sessions.interpret_tls": "nothing of TLS in it",
        "analyzer.watch": "all verdicts are told at the end",
        "dissectors.foreign": "nothing but Erlang in it",
        "dissectors.tls_records": "nothing of TLS in it",
        "hashlib": "OpenSSL",
        "importlib.metadata": "no package offers rules",
        "ipaddress": "private addresses",
        "jinja2": "no HTML",
        "json": "no JSON",
        "numpy": "not enough packets to sift",
        "pathlib": "no other file",
        "rich": "no terminal that shows progress",
        "scapy": "no live capture",
        "textwrap": "one line",
        "zlib": "not compressed",
    }
    code = (
        f"import sys; sys.argv = ['distscope', 'analyze', '--quiet', {str(path)!r}]\n"
        "known = set(sys.modules)\n"
        "from analyzer.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(sorted({set(needless)!r} & (set(sys.modules) - known)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("command", ["analyze", "decode"])
def test_a_reader_that_goes_is_no_error(command: str, tmp_path: Path) -> None:
    """``| head -1``."""
    frames = [frame for port in range(40000, 40400) for frame in refused(port)]
    path = write(tmp_path / "x.pcap", frames)
    with subprocess.Popen([*COMMAND, command, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_live_capture_tells_each_verdict_at_once_and_ctrl_c_ends_it() -> None:
    """The report covers what was read, says that it was interrupted, and the exit status is that of its verdicts."""
    with subprocess.Popen([*COMMAND, "analyze", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(HEADER + records(refused()))
        process.stdin.flush()
        assert b"PROBLEM  epmd-refused" in process.stdout.readline()
        process.stdin.write(records(answered(), START + 1))
        process.stdin.flush()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        report = process.stdout.read().decode()
    assert "1 of 2 attempts failed, 1 ok." in report
    assert "interrupted" in report
    assert process.returncode == 1


def test_a_defect_is_not_taken_for_a_verdict() -> None:
    """Python itself would exit with 1."""
    code = (
        "import analyzer.cli.rules\n"
        "def defect(**_): raise ZeroDivisionError('boom')\n"
        "analyzer.cli.rules.command.callback = defect\n"
        "import sys; sys.argv = ['distscope', 'rules']\n"
        "from analyzer.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 70
    assert "ZeroDivisionError: boom" in done.stderr
    assert "please report" in done.stderr
