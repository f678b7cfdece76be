"""A case, nodes, captures → blocks of a comment, in any flavour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analyzer.findings import Outcome
from analyzer.report import captions, glossary, times
from analyzer.report.document import Case, Document, FindingView
from analyzer.report.ticket import mermaid
from analyzer.report.ticket.flavour import Flavour
from analyzer.report.wording import OUTCOMES, QUALITIES, STAGES, by_product, counted

FIRST_STEPS, LAST_STEPS = 28, 10
"""Lines of a long timeline that are shown."""
REFERENCES = 3
"""Shown of each verdict; its page has all."""


def answer(document: Document, flavour: Flavour, case: Case, label: str, *, same_as: int | None) -> str:
    """What was wrong, how that is known, and what to change: all that a reader must see.

    ``same_as``: number of the problem that shows already what to change.
    """
    attempt, finding = case.first, case.first.finding
    often = captions.how_often(case)
    parts = [
        flavour.heading(flavour.text(f"{label}: {case.verdict} ({attempt.certainty}){f', {often}' if often else ''}"))
    ]
    if finding is not None:
        parts.append(f"{flavour.text(finding.says)}\n")
    parts.append(flavour.bullets(_facts(flavour, case)))
    if finding is not None:
        file, rows = captions.proof(document, finding)
        place = f" {flavour.text(f'in {file}')}" if file else ""
        parts.append(f"{flavour.strong('Proof')}{place}\n")
        parts.append(
            flavour.table(
                ("packet", "time (UTC)", "shows"),
                [(flavour.plain(number), flavour.plain(at), flavour.text(says)) for number, at, says in rows],
            )
        )
        parts += _fix(flavour, finding, same_as)
        if same_as is None:
            parts.append(f"{flavour.strong('More:')} {', '.join(_more(flavour, finding))}\n")
    return "\n".join(parts)


def _facts(flavour: Flavour, case: Case) -> Iterator[str]:
    attempt = case.first
    told = [
        ("Who:", captions.sides(attempt)),
        ("When:", captions.when(case)),
        ("How far:", STAGES.get(attempt.stage, attempt.stage)),
    ]
    if attempt.finding is not None:
        told.append(("Why:", attempt.finding.why))
    told += [("Note:", f"{flag}: {QUALITIES.get(flag, '')}") for flag in attempt.flags]
    for label, text in told:
        yield f"{flavour.strong(label)} {flavour.text(text)}"


def _fix(flavour: Flavour, finding: FindingView, same_as: int | None) -> Iterator[str]:
    if same_as is not None:
        yield f"{flavour.strong('What to change:')} as for problem {same_as}, above\n"
    elif finding.fix:
        yield f"{flavour.strong('What to change')}\n"
        yield flavour.numbered(map(flavour.text, by_product(finding.fix)[0]))
    if finding.alternatives:
        yield f"{flavour.strong('It may also be')}\n"
        yield flavour.bullets(map(flavour.text, finding.alternatives))


def _more(flavour: Flavour, finding: FindingView) -> Iterator[str]:
    command, _, settings = captions.explained(finding).partition(", ")
    yield flavour.code(command) + (f" ({flavour.text(settings)})" if settings else "")
    for address in ([finding.docs] if finding.docs else []) + list(finding.references[:REFERENCES]):
        yield flavour.link(address)


def picture(flavour: Flavour, case: Case) -> str:
    """The diagram of the first attempt; empty where there is none."""
    source = mermaid.diagram(case)
    return flavour.diagram(source) if source else ""


def timeline(document: Document, flavour: Flavour, case: Case, *, drawn: bool) -> str:
    """The first attempt step by step, folded, below its diagram where that is not ``drawn`` above; may be empty."""
    if not case.steps:
        return ""
    attempt = case.first
    packets = [packet for step in case.steps for packet in step.packets]
    many = len({packet.capture for packet in packets}) > 1
    rows = [
        (
            times.offset(step.since_start),
            captions.packets(step.packets, many=many),
            f"{step.left} {'→' if step.forth else '←'} {step.right}",
            step.says,
        )
        for step in case.steps
    ]
    hidden = len(rows) - FIRST_STEPS - LAST_STEPS
    if hidden > 1:
        rows[FIRST_STEPS:-LAST_STEPS] = [("", "…", "", f"{counted(hidden, 'step')} more")]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{at:>{widths[0]}}  {number:>{widths[1]}}  {arrow:<{widths[2]}}  {says}" for at, number, arrow, says in rows
    ]
    of = f" (first of {len(case.attempts):,})" if len(case.attempts) > 1 else ""
    title = f"Timeline of {attempt.id}{of}: seconds since {times.clock(attempt.started_at)}, packet, who, what"
    file = captions.where(document, packets)
    blocks = [flavour.text(f"In {file}") + "\n"] * bool(file)
    blocks += [picture(flavour, case)] * (not drawn)
    blocks.append(flavour.verbatim(lines))
    return flavour.folded(title, "\n".join(block for block in blocks if block))


def words(flavour: Flavour, cases: Iterable[Case]) -> str:
    """The words of Erlang in these cases, explained, folded; empty where there are none."""
    used = {word for case in cases for word in glossary.words_of(case)}
    items = [
        f"{flavour.strong(word) if word.isalpha() else flavour.code(word)}: {flavour.text(meaning)}"
        for word, meaning in glossary.WORDS.items()
        if word in used
    ]
    return flavour.folded("Words", flavour.bullets(items)) if items else ""


def cases_head(outcome: Outcome) -> str:
    """What stands above a table of cases that are told in a row each."""
    return {Outcome.PROBLEM: "More problems", Outcome.INCONCLUSIVE: "Unclear, too"}.get(outcome, OUTCOMES[outcome])


def case_rows(flavour: Flavour, cases: Sequence[Case]) -> list[tuple[str, str, str]]:
    """A row for each: how often, verdict, who and when."""
    return [
        (flavour.plain(often), flavour.text(verdict), flavour.text(who))
        for often, verdict, who in captions.folded(cases)
    ]


CASE_COLUMNS = ("times", "verdict", "who and when (UTC)")


def node_rows(flavour: Flavour, document: Document) -> list[tuple[str, str, str]]:
    """A row for each: name, release, what else is known."""
    return [
        (flavour.code(node.name), flavour.text(captions.release_of(node)), flavour.text(captions.about_node(node)))
        for node in document.nodes
    ]


NODE_COLUMNS = ("node", "release", "seen")


def capture_rows(flavour: Flavour, document: Document) -> list[tuple[str, str]]:
    """A row for each: the file, and what is in it."""
    rows = []
    for capture in document.captures:
        notes = [*(f"{flag}: {QUALITIES.get(flag, '')}" for flag in capture.flags), *capture.notes]
        about = "; ".join([captions.about_capture(capture), *notes])
        rows.append((flavour.code(captions.capture_name(capture)), flavour.text(about)))
    return rows


CAPTURE_COLUMNS = ("capture", "holds")


def advice_items(flavour: Flavour, document: Document) -> list[str]:
    """Each advice with what to do."""
    return [
        flavour.text(f"{finding.says} ({source}) {' '.join(finding.fix)}")
        for finding, source in captions.advice(document)
    ]
