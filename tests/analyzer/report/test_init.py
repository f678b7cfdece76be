"""Renderers by name and by suffix."""

from __future__ import annotations

import json

import pytest

from analyzer.report import RENDERERS, SUFFIXES, Look, UnknownFormat, format_of, render, view
from tests.analyzer.report.building import analysis


@pytest.mark.parametrize("name", RENDERERS)
def test_renderers_are_pure(name: str) -> None:
    """The same document gives the same text."""
    document = view.build(analysis())
    assert render(document, name, Look()) == render(document, name, Look())


def test_json_and_text() -> None:
    """What each name stands for."""
    document = view.build(analysis())
    assert json.loads(render(document, "json", Look()))["schema_version"] == 1
    assert render(document, "text", Look()).startswith("1 problem found")


@pytest.mark.parametrize(
    ("path", "otherwise", "name"),
    [
        ("r.json", None, "json"),
        ("R.TXT", "json", "text"),
        ("report", "json", "json"),
        ("r.md", None, "markdown"),
        ("r.log", "text", "text"),
    ],
)
def test_format_of(path: str, otherwise: str | None, name: str) -> None:
    """The suffix decides; another one needs to be told."""
    assert format_of(path, otherwise) == name


@pytest.mark.parametrize(("path", "otherwise"), [("r.pcap", "text"), ("r.pcap", "json"), ("report", None)])
def test_unknown_formats_name_those_that_there_are(path: str, otherwise: str | None) -> None:
    """And a suffix that promises something else is never filled with JSON."""
    with pytest.raises(UnknownFormat) as caught:
        format_of(path, otherwise)
    assert all(suffix in str(caught.value) for suffix in SUFFIXES)
    assert caught.value.exit_status == 2
