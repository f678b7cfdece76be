"""Case → what the page shows of it: heading, facts, way, diagram, proof, fixes, and the attempts folded in it."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Outcome
from analyzer.report import captions, times
from analyzer.report.document import AttemptView, Case, Document
from analyzer.report.html import ladder, prose, stages
from analyzer.report.html.ladder import Ladder
from analyzer.report.html.mesh import Sides
from analyzer.report.html.prose import Fixes
from analyzer.report.html.stages import StageMark
from analyzer.report.wording import CERTAINTIES, OUTCOMES, QUALITIES, STAGES
from dissectors.dataclass import dataclass

MOST_ATTEMPTS = 200
"""Attempts of one case that are listed; the count is exact, and the JSON report has all."""

SYMBOLS: dict[Outcome, str] = {Outcome.PROBLEM: "✕", Outcome.INCONCLUSIVE: "?", Outcome.OK: "✓"}
"""For those who see no colours."""


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A case in a line: enough for a list."""

    number: int
    outcome: Outcome
    word: str
    symbol: str
    verdict: str
    says: str
    """The answer in one sentence."""
    who: str
    count: int
    often: str
    at: str
    sides: Sides


@dataclass(frozen=True, slots=True)
class Chapter:
    """A case in full."""

    line: Mentioned
    facts: tuple[tuple[str, str], ...]
    way: tuple[StageMark, ...]
    ladder: Ladder | None
    steps: tuple[tuple[str, str, str, str], ...]
    """Time, packets, who to whom, what: the diagram as a list."""
    why: str
    proof: captions.Proof | None
    frames: str
    """Display filter of Wireshark that leaves the proof."""
    alternatives: tuple[str, ...]
    fixes: Fixes
    explain: str
    docs: str | None
    references: tuple[str, ...]
    others: tuple[tuple[str, str, str, str], ...]
    """Of an incident all attempts: id, time, packets, sides."""
    unlisted: int


def mentioned(case: Case, number: int, sides: Sides) -> Mentioned:
    finding = case.first.finding
    return Mentioned(
        number=number,
        outcome=case.outcome,
        word=OUTCOMES[case.outcome],
        symbol=SYMBOLS[case.outcome],
        verdict=case.verdict,
        says=finding.says if finding is not None else case.first.who,
        who=case.first.who,
        count=len(case.attempts),
        often=captions.how_often(case),
        at=f"{times.stamp(case.first_at, 0)} UTC",
        sides=sides,
    )


def chapter(document: Document, case: Case, line: Mentioned) -> Chapter:
    finding = case.first.finding
    captures = {packet.capture for step in case.steps for packet in step.packets}
    others = case.attempts if len(case.attempts) > 1 else ()
    return Chapter(
        line=line,
        facts=tuple(_facts(document, case)),
        way=stages.way(case),
        ladder=ladder.ladder_of(case),
        steps=tuple(
            (
                times.offset(step.since_start),
                captions.packets(step.packets, many=len(captures) > 1),
                f"{step.left} {'→' if step.forth else '←'} {step.right}",
                f"{step.says}{f' (after {step.pause})' if step.pause else ''}",
            )
            for step in case.steps
        ),
        why=finding.why if finding is not None else "",
        proof=captions.proof(document, finding) if finding is not None else None,
        frames=_frames(case),
        alternatives=(
            *(finding.alternatives if finding is not None else ()),
            *(f"{each.name}: {each.says}" for each in case.first.rivals),
        ),
        fixes=prose.fixes(finding.fix if finding is not None else ()),
        explain=f"distscope explain {case.verdict}",
        docs=finding.docs if finding is not None else None,
        references=finding.references if finding is not None else (),
        others=tuple(map(_attempt, others[:MOST_ATTEMPTS])),
        unlisted=max(len(others) - MOST_ATTEMPTS, 0),
    )


def _facts(document: Document, case: Case) -> Iterator[tuple[str, str]]:
    attempt = case.first
    yield "Who", captions.sides(attempt)
    often = captions.how_often(case)
    yield "When", f"{captions.when(case)}{f' ({often})' if often else ''}"
    yield "Got as far as", STAGES.get(attempt.stage, attempt.stage)
    yield "Certainty", f"{attempt.certainty}: {CERTAINTIES.get(attempt.certainty, '')}"
    where = captions.where(document, (packet for step in case.steps for packet in step.packets))
    if where:
        yield "Capture", where
    for flag in attempt.flags:
        yield "Note", f"{flag}: {QUALITIES.get(flag, 'see docs/report.md')}"


def _frames(case: Case) -> str:
    """Of a single capture: the numbers of two of them say nothing together."""
    finding = case.first.finding
    packets = {each.packet for each in finding.evidence} if finding is not None else set()
    if len({packet.capture for packet in packets}) != 1:
        return ""
    return f"frame.number in {{{', '.join(str(number) for number in sorted(packet.number for packet in packets))}}}"


def _attempt(attempt: AttemptView) -> tuple[str, str, str, str]:
    numbers = [event.packet for event in attempt.timeline]
    first, last = numbers[0].number, numbers[-1].number
    span = f"{first}" if first == last else f"{first}…{last}"
    return attempt.id, f"{times.stamp(attempt.started_at)} UTC", span, captions.sides(attempt)
