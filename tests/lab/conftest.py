"""The lab runs where it can; elsewhere the last thing that one reads is that it was left out."""

from __future__ import annotations

import pytest

from tests.lab import requirements

LEFT_OUT = requirements.left_out()
collect_ignore = ["test_lab.py"] if LEFT_OUT else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nobody shall take a run without the lab for a run with it."""
    if LEFT_OUT:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line("THE LAB WAS LEFT OUT: no real node was started. (tests/lab/README.md)")
        for reason in LEFT_OUT:
            terminalreporter.line(f"  {reason}")
