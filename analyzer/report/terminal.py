"""Document → the text report: leads with the answer, reads well in 80 columns, without colour, and piped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from analyzer.findings import Outcome
from analyzer.report import captions, times
from analyzer.report.document import AttemptView, Case, Document, FindingView, NodeView
from analyzer.report.layout import MARGIN, Look, Sheet
from analyzer.report.story import Step
from analyzer.report.wording import NOTHING_FOUND, OUTCOMES, QUALITIES, STAGES, by_product, counted

FIRST_STEPS, LAST_STEPS = 28, 10
"""Lines of a long timeline that are shown."""
REFERENCES = 2
"""Shown of each verdict; ``distscope explain`` has all."""

_COLORS = {Outcome.PROBLEM: "red", Outcome.INCONCLUSIVE: "yellow", Outcome.OK: "green"}


def render(document: Document, look: Look) -> str:
    """The whole report."""
    return "".join(pieces(document, look))


def pieces(document: Document, look: Look) -> Iterator[str]:
    """The same, a problem at a time: there may be thousands."""
    sheet = Sheet(look)
    sheet.paragraph(document.summary)
    if not document.attempts:
        sheet.blank()
        for hint in NOTHING_FOUND:
            sheet.paragraph(hint, prefix="- ")
    for _ in chain(_problems(sheet, document), _unclear(sheet, document)):
        yield sheet.tear_off()
    _well(sheet, document)
    _advice(sheet, document)
    _nodes(sheet, document.nodes)
    _captures(sheet, document)
    yield sheet.tear_off()


def problem_lines(document: Document) -> Iterator[str]:
    """One line for each problem: ``--quiet``."""
    for case in document.cases:
        if case.outcome is Outcome.PROBLEM:
            often = captions.how_often(case)
            yield f"{times.stamp(case.first_at, 0)} UTC  {_verdict(case.first)}{f' ({often})' if often else ''}"


def verdict_line(attempt: AttemptView, look: Look) -> str:
    """One line for an attempt that is settled, printed while the capture goes on."""
    mark = Sheet(look).style(f"{OUTCOMES[attempt.outcome]:<7}", "bold", _COLORS[attempt.outcome])
    return f"{times.clock(attempt.started_at)}  {mark}  {_verdict(attempt)}"


def waiting_line(started_at: int, who: str, dials: int, look: Look) -> str:
    """One line for an attempt whose SYNs nobody answers so far."""
    mark = Sheet(look).style(f"{'WAITING':<7}", "bold", "yellow")
    return f"{times.clock(started_at)}  {mark}  waiting, {dials} SYNs unanswered  {who}"


def _verdict(attempt: AttemptView) -> str:
    finding = None if attempt.outcome is Outcome.OK else attempt.finding
    return f"{attempt.verdict}  {attempt.who if finding is None else finding.says}"


# --- Problems --------------------------------------------------------------------------------------------------------


def _problems(sheet: Sheet, document: Document) -> Iterator[Case]:
    """Each when it has been told."""
    cases = [case for case in document.cases if case.outcome is Outcome.PROBLEM]
    advised: dict[tuple[str, tuple[str, ...]], int] = {}
    for number, case in enumerate(cases, 1):
        label = f"{OUTCOMES[case.outcome]} {number} of {len(cases)}" if len(cases) > 1 else OUTCOMES[case.outcome]
        told = advised.setdefault((case.verdict, _fixes(case)), number)
        _case(sheet, document, case, label, same_as=told if told != number else None)
        yield case


def _unclear(sheet: Sheet, document: Document) -> Iterator[Case]:
    """The first one in full, each when it has been told; others like it in a line."""
    alike: dict[tuple[str, tuple[str, ...]], list[Case]] = {}
    for case in document.cases:
        if case.outcome is Outcome.INCONCLUSIVE:
            alike.setdefault((case.verdict, _fixes(case)), []).append(case)
    for case, *like in alike.values():
        _case(sheet, document, case, OUTCOMES[case.outcome])
        if like:
            sheet.blank()
            sheet.paragraph("So are:", prefix=MARGIN)
            sheet.table(captions.folded(like), right=(0,))
        yield case


def _case(sheet: Sheet, document: Document, case: Case, label: str, same_as: int | None = None) -> None:
    """``same_as``: number of the problem that shows what to do already."""
    attempt, finding = case.first, case.first.finding
    often = captions.how_often(case)
    sheet.heading(label, f"{case.verdict} ({attempt.certainty}){f', {often}' if often else ''}", _COLORS[case.outcome])
    sheet.blank()
    if finding is not None:
        sheet.paragraph(finding.says, prefix=MARGIN)
        sheet.blank()
    sheet.field("Who", captions.sides(attempt))
    sheet.field("When", captions.when(case))
    sheet.field("Stage", STAGES.get(attempt.stage, attempt.stage))
    if finding is not None:
        sheet.field("Why", finding.why)
        sheet.field("Proof", _proof(document, finding))
    sheet.field("Note", [f"{flag}: {QUALITIES.get(flag, 'see docs/report.md')}" for flag in attempt.flags])
    if finding is not None:
        if same_as is None:
            sheet.field("Fix", _listed(by_product(finding.fix)[0]))
        else:
            sheet.field("Fix", f"as for problem {same_as}, above")
        sheet.field(
            "Maybe", _listed((*finding.alternatives, *(f"{each.name}: {each.says}" for each in attempt.rivals)))
        )
        if same_as is None:
            sheet.field("More", _more(finding))
    if same_as is None:
        _timeline(sheet, document, case)


def _fixes(case: Case) -> tuple[str, ...]:
    return case.first.finding.fix if case.first.finding is not None else ()


def _listed(items: Sequence[str]) -> list[str | tuple[str, str]]:
    if len(items) < 2:
        return list(items)
    return [(f"{number}. ", item) for number, item in enumerate(items, 1)]


def _more(finding: FindingView) -> Iterator[str]:
    yield captions.explained(finding)
    if finding.docs is not None:
        yield finding.docs
    yield from finding.references[:REFERENCES]


def _proof(document: Document, finding: FindingView) -> Iterator[str | tuple[str, str]]:
    capture, rows = captions.proof(document, finding)
    if capture:
        yield f"in {capture}"
    width = max(len(number) for number, _, _ in rows)
    for number, at, says in rows:
        yield f"packet {number:>{width}}  {at}  ", says


def _timeline(sheet: Sheet, document: Document, case: Case) -> None:
    if not case.steps:
        return
    attempt = case.first
    sheet.blank()
    packets = [packet for step in case.steps for packet in step.packets]
    file = captions.where(document, packets)
    place = f", in {file}" if file else ""
    of = f" (first of {len(case.attempts):,})" if len(case.attempts) > 1 else ""
    sheet.paragraph(
        f"Timeline of {attempt.id}{of}: seconds since {times.clock(attempt.started_at)}{place}",
        prefix=MARGIN,
    )
    several = len({packet.capture for packet in packets}) > 1
    rows = [_row(step, many=several) for step in case.steps]
    hidden = len(rows) - FIRST_STEPS - LAST_STEPS
    if hidden > 1:
        rows[FIRST_STEPS:-LAST_STEPS] = [("", "…", "", f"{counted(hidden, 'step')} more: distscope decode shows all")]
    sheet.table(rows, right=(0, 1))
    if attempt.omitted:
        sheet.paragraph(f"{counted(attempt.omitted, 'later event')} not kept", prefix=MARGIN)


def _row(step: Step, *, many: bool) -> tuple[str, str, str, str]:
    arrow = f"{step.left} {'→' if step.forth else '←'} {step.right}"
    return times.offset(step.since_start), captions.packets(step.packets, many=many), arrow, step.says


# --- The rest --------------------------------------------------------------------------------------------------------


def _well(sheet: Sheet, document: Document) -> None:
    cases = [case for case in document.cases if case.outcome is Outcome.OK]
    if cases:
        sheet.heading(OUTCOMES[Outcome.OK], "", _COLORS[Outcome.OK])
        sheet.table(captions.folded(cases), right=(0,))


def _advice(sheet: Sheet, document: Document) -> None:
    given = captions.advice(document)
    if given:
        sheet.heading("ADVICE", "")
    for finding, source in given:
        sheet.paragraph(f"{finding.says} ({source})", prefix="  - ")
        for fix in finding.fix:
            sheet.paragraph(fix, prefix="    ")


def _nodes(sheet: Sheet, nodes: Sequence[NodeView]) -> None:
    if nodes:
        sheet.heading("NODES", "")
        sheet.table([(node.name, captions.release_of(node), captions.about_node(node)) for node in nodes])


def _captures(sheet: Sheet, document: Document) -> None:
    several = len(document.captures) > 1
    sheet.heading("CAPTURES" if several else "CAPTURE", "")
    for number, capture in enumerate(document.captures, 1):
        prefix = f"{MARGIN}{number}: " if several else MARGIN
        name = "standard input" if capture.path == "-" else capture.path
        sheet.paragraph(f"{name}: {captions.about_capture(capture)}", prefix=prefix, hang=MARGIN * 2)
        for note in (*(f"{flag}: {QUALITIES.get(flag, '')}" for flag in capture.flags), *capture.notes):
            sheet.paragraph(note, prefix=f"{MARGIN * 2}- ")
    if document.notes:
        sheet.heading("NOTES", "")
    for note in document.notes:
        sheet.paragraph(note, prefix=f"{MARGIN}- ")
