"""``distscope explain``, run as a user runs it."""

from __future__ import annotations

import json

import pytest

from tests.analyzer.cli.command import run


@pytest.mark.parametrize("name", ["epmd-refused", "EPMD-REFUSED"])
def test_explain(name: str) -> None:
    """By slug in any case; by code just as well."""
    page = run("explain", name)
    assert page.exit_code == 0
    assert "How to confirm" in page.stdout
    code = page.stdout.split()[0]
    assert run("explain", code.lower()).stdout == page.stdout
    assert json.loads(run("explain", name, "--format", "json").stdout)["rules"][0]["rule"] == code
