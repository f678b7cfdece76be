"""The steps of an attempt → the source of a Mermaid sequence diagram, with the break marked where it happened."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from analyzer.report import captions, times
from analyzer.report.document import Case
from analyzer.report.story import Sign, Step
from analyzer.sessions.events import Leg

FIRST_STEPS, LAST_STEPS = 14, 8
"""Steps of a long story that are drawn."""
LONGEST = 5_000
"""Characters of a diagram: GitLab draws no longer one unasked."""
WIDTH = 40
"""Characters of a line above an arrow."""
_ARROWS = {Sign.DIALS: "--x", Sign.REPEATS: "--x", Sign.LACKS: "--x"}
"""For what does not arrive, or was not seen; the others arrive."""

_HARMLESS = re.compile(r"[^\W_]|[ .,/()'+:=→…·-]")
_KEYWORD = re.compile(r"(?i)\bend\b")
"""Would end a block of the diagram, even within a text."""


def diagram(case: Case) -> str:
    """The source, ending with a newline; empty where there is nothing to draw, or more than a tracker draws."""
    if not case.steps:
        return ""
    lines = ["sequenceDiagram", *(f"    {line}" for line in _body(case))]
    source = "".join(f"{line}\n" for line in lines)
    return source if len(source) <= LONGEST else ""


def escaped(text: str) -> str:
    """``text`` with all that could mean something to Mermaid as its ``#35;`` references."""
    marks = "".join(mark if _HARMLESS.fullmatch(mark) else f"#{ord(mark)};" for mark in text)
    return _KEYWORD.sub(lambda found: f"#{ord(found[0][0])};{found[0][1:]}", marks)


def _body(case: Case) -> Iterator[str]:
    left, right = case.steps[0].left, next((step.right for step in case.steps if step.leg is Leg.LINK), None)
    yield f"participant i as {escaped(left)}"
    if any(step.leg is Leg.EPMD for step in case.steps):
        yield "participant e as EPMD"
    if right is not None:
        yield f"participant a as {escaped(right)}"
    across = f"Note over i,{'e' if right is None else 'a'}"
    many = len({packet.capture for step in case.steps for packet in step.packets}) > 1
    for step in _drawn(case.steps):
        if isinstance(step, int):
            yield f"{across}: {step} steps more"
            continue
        if step.pause:
            yield f"{across}: {_lines(step.pause)}"
        broken = case.broke in step.packets
        yield _message(step, many=many, broken=broken)
        if broken:
            yield f"{across}: {_lines(f'here it broke: {case.verdict} ({case.first.certainty})')}"


def _message(step: Step, *, many: bool, broken: bool) -> str:
    peer = "e" if step.leg is Leg.EPMD else "a"
    ends = ("i", peer) if step.forth else (peer, "i")
    arrow = "-x" if broken else _ARROWS.get(step.sign, "->>")
    label = f"{captions.packets(step.packets, many=many)} · {times.offset(step.since_start)} · {step.says}"
    return f"{ends[0]}{arrow}{ends[1]}: {_lines(label)}"


def _drawn(steps: Sequence[Step]) -> Sequence[Step | int]:
    """The steps; of a long story the number of those in the middle stands for them."""
    hidden = len(steps) - FIRST_STEPS - LAST_STEPS
    return [*steps[:FIRST_STEPS], hidden, *steps[-LAST_STEPS:]] if hidden > 1 else steps


def _lines(text: str) -> str:
    return "<br/>".join(map(escaped, textwrap.wrap(text, WIDTH, break_on_hyphens=False)))
