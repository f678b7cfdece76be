"""Flavours by name."""

from __future__ import annotations

import pytest

from analyzer.cli import options
from analyzer.report import Look, view
from analyzer.report import render as render_report
from analyzer.report.ticket import FLAVOURS, render
from tests.analyzer.report.building import analysis


def test_flavours_are_those_of_the_command() -> None:
    """Which names them without importing them."""
    assert tuple(FLAVOURS) == options.FLAVOURS


@pytest.mark.parametrize("name", FLAVOURS)
def test_render(name: str) -> None:
    """The same by either way; within any limit."""
    document = view.build(analysis())
    assert render(document, name) == render_report(document, "markdown", Look(flavour=name))
    assert len(render(document, name, limit=2_000)) <= 2_000
