"""``distscope interfaces``, run as a user runs it."""

from __future__ import annotations

import json

from tests.analyzer.cli.command import run


def test_interfaces_are_listed() -> None:
    """A line each, with addresses; or as JSON."""
    done = run("interfaces")
    assert done.exit_code == 0
    assert any("127.0.0.1" in line and " up " in line for line in done.stdout.splitlines())
    found = json.loads(run("interfaces", "--format", "json").stdout)
    assert any(each["up"] and "127.0.0.1" in each["addresses"] for each in found)
