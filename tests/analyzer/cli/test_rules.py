"""``distscope rules``, run as a user runs it."""

from __future__ import annotations

import json

from tests.analyzer.cli.command import run


def test_rules() -> None:
    """All of them."""
    told = {rule["name"] for rule in json.loads(run("rules", "--format", "json").stdout)["rules"]}
    table = run("rules").stdout
    assert {"cookie-mismatch", "epmd-refused", "connected", "inconclusive"} <= told
    assert all(name in table for name in told)
