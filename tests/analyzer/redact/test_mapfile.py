"""The file that knows the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.redact.mapfile import UnusableMap, load, new_redactor, text_of


def test_round_trip(tmp_path: Path) -> None:
    """The next run gives the same pseudonyms, and forgets none."""
    path = tmp_path / "map.json"
    first = load(str(path))
    made = first.node(b"ann@10.77.0.1")
    path.write_text(text_of(first))
    again = load(str(path))
    assert (again.key, again.known) == (first.key, first.known)
    assert again.node(b"ann@10.77.0.1") == made


def test_keys_are_random() -> None:
    """Who knows the program does not know the names."""
    assert new_redactor().key != new_redactor().key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "no map",
        '{"key": "00"}',
        json.dumps(json.loads(text_of(new_redactor())) | {"distscope_redact_map": 2}),
        json.dumps(json.loads(text_of(new_redactor())) | {"key": "0011"}),
        json.dumps(json.loads(text_of(new_redactor())) | {"nodes": ["x"]}),
    ],
)
def test_what_is_no_map(tmp_path: Path, text: str) -> None:
    """It says so, rather than make up other pseudonyms."""
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(UnusableMap) as caught:
        load(str(path))
    assert str(path) in str(caught.value)
