"""``distscope decode``, run as a user runs it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.analyzer.cli.command import run


def test_decode(healthy: Path) -> None:
    """One line for each message, in the order of the packets; all fields with -V."""
    lines = run("decode", healthy).stdout.splitlines()
    assert any("10.77.0.1:40002 > 10.77.0.2:4369  asks for all registered names" in line for line in lines)
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(numbers)
    verbose = run("decode", "-V", healthy).stdout
    assert re.search(r"^        epmd_port +4369$", verbose, re.MULTILINE)
