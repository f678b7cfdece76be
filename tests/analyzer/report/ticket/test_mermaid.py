"""Sequence diagrams, by the grammar of Mermaid's sequence diagrams."""

from __future__ import annotations

import re

import pytest

from analyzer.report.document import Case
from analyzer.report.ticket import mermaid
from dissectors.dataclass import replace
from tests.analyzer.report.hostile_capture import EVILS, document
from tests.corpus import SAMPLES
from tests.corpus import document as sample

_TEXT = r"(?:[^#;\n<>%]|<br/>|#\d+;)+"
_LINE = re.compile(
    rf"    (?:participant [iea] as {_TEXT}"
    rf"|[iea](?:->>|--x|-x)[iea]: {_TEXT}"
    rf"|Note over i,[ea]: {_TEXT})"
)
_SHOWN = re.compile(r"#(\d+);")


def case(name: str) -> Case:
    return sample(name).cases[0]


def assert_sound(source: str) -> None:
    """Every line is one of the three kinds that we write; the word that ends a block is nowhere."""
    head, *lines = source.splitlines()
    assert head == "sequenceDiagram"
    assert [line for line in lines if not _LINE.fullmatch(line)] == []
    assert not re.search(r"(?i)\bend\b", source)


def test_every_diagram_is_sound() -> None:
    """Of every sample, ok or not; each is short enough to be drawn."""
    drawn = [mermaid.diagram(each) for name in SAMPLES for each in sample(name).cases]
    assert len(drawn) == len([source for source in drawn if source]) > 200
    for source in drawn:
        assert_sound(source)
        assert len(source) <= mermaid.LONGEST


@pytest.mark.parametrize("evil", EVILS)
def test_a_hostile_name_is_only_text(evil: str) -> None:
    """What it says can be read, and nothing is done."""
    (told,) = document(EVILS[evil]).cases
    source = mermaid.diagram(told)
    assert_sound(source)


def test_names_come_out_as_they_are() -> None:
    """References are undone by Mermaid."""
    text = 'x; end #1 "<b>" %%'
    assert _SHOWN.sub(lambda found: chr(int(found[1])), mermaid.escaped(text)) == text


def test_the_break_is_marked_where_it_happened() -> None:
    """A message with a cross, and a note below it."""
    lines = mermaid.diagram(case("handshake/cookie-mismatch")).splitlines()
    broken = next(number for number, line in enumerate(lines) if "-x" in line)
    assert "21 · +0.004244 · closes (FIN)" in lines[broken]
    assert lines[broken].strip().startswith("a-xi:")
    assert lines[broken + 1].strip() == "Note over i,a: here it broke: cookie-mismatch (likely)"


def test_silence_is_told() -> None:
    """A wait of seconds is what many failures are made of."""
    source = mermaid.diagram(case("lookup/epmd-no-reply-frozen"))
    assert "Note over i,e: 7.0 s" in source


def test_a_long_story_is_cut_in_the_middle() -> None:
    """The number of steps that are left out stands there."""
    told = case("handshake/cookie-mismatch")
    long = replace(told, steps=[*told.steps[:6]] * 10)
    source = mermaid.diagram(long)
    assert "Note over i,a: 38 steps more" in source
    assert source.count("->>") == mermaid.FIRST_STEPS + mermaid.LAST_STEPS


def test_nothing_to_draw() -> None:
    """No steps, no diagram; and none that a tracker would not draw."""
    told = case("handshake/cookie-mismatch")
    assert mermaid.diagram(replace(told, steps=())) == ""
    endless = replace(told.steps[0], says="word " * 2_000)
    assert mermaid.diagram(replace(told, steps=(endless,))) == ""
