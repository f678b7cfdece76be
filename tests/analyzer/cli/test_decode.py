"""``distscope decode``, run as a user runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.analyzer.cli.command import run
from tests.corpus import ROOT, SAMPLES


def test_decode(healthy: Path) -> None:
    """One line for each message, in the order of the packets; all fields with -V."""
    lines = run("decode", healthy).stdout.splitlines()
    assert any("10.77.0.1:40002 > 10.77.0.2:4369  asks for all registered names" in line for line in lines)
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(numbers)
    verbose = run("decode", "-V", healthy).stdout
    assert re.search(r"^        epmd_port +4369$", verbose, re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["handshake/cookie-mismatch", "handshake/cookie-mismatch-tls12", "lookup/epmd-refused"]
)
def test_redacted_messages_are_the_same_messages_of_others(name: str) -> None:
    """Packet by packet, as long as they were; without one address or name of the original, also with all fields."""
    path = ROOT / "samples" / SAMPLES[name].files[0]
    plain, redacted = (run("decode", path, *options).stdout for options in ((), ("--redact",)))
    assert [len(line) for line in redacted.splitlines()] == [len(line) for line in plain.splitlines()] != []
    assert [line.split()[:3] for line in redacted.splitlines()] == [line.split()[:3] for line in plain.splitlines()]
    told = set(re.findall(r"10\.77\.\d+\.\d+|ann|bob|lab\.test", plain))
    fields = run("decode", "-V", "--redact", path).stdout
    assert told and not [each for each in told if each in redacted + fields]


def test_a_map_gives_the_same_pseudonyms_to_decode_and_analyze(problem: Path, tmp_path: Path) -> None:
    """And is for its owner only; what can't be one is refused before anything is read."""
    path = tmp_path / "map.json"
    first = run("decode", "--redact-map", path, problem)
    assert (first.exit_code, path.stat().st_mode & 0o777) == (0, 0o600)
    assert run("decode", "--redact-map", path, problem).stdout == first.stdout
    known = json.loads(path.read_text())["addresses"]
    assert [each for each in known if each in run("analyze", "--redact-map", path, problem).stdout]
    assert run("decode", "--redact-map", problem, problem).exit_code == 2
