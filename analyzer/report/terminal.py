"""Document → the text report: leads with the answer, reads well in 80 columns, without colour, and piped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from analyzer.capture.packet import PacketRef
from analyzer.findings import CaptureSummary, Outcome
from analyzer.report import times
from analyzer.report.document import AttemptView, Case, Document, FindingView, NodeView, PartyView
from analyzer.report.layout import MARGIN, Look, Sheet
from analyzer.report.story import Step
from analyzer.report.wording import NOTHING_FOUND, OUTCOMES, QUALITIES, STAGES, by_product, counted, release

FIRST_STEPS, LAST_STEPS = 28, 10
"""Lines of a long timeline that are shown."""
REFERENCES = 2
"""Shown of each verdict; ``distscope explain`` has all."""

_COLORS = {Outcome.PROBLEM: "red", Outcome.INCONCLUSIVE: "yellow", Outcome.OK: "green"}


def render(document: Document, look: Look) -> str:
    """The whole report."""
    sheet = Sheet(look)
    sheet.paragraph(document.summary)
    if not document.attempts:
        sheet.blank()
        for hint in NOTHING_FOUND:
            sheet.paragraph(hint, prefix="- ")
    _problems(sheet, document)
    _unclear(sheet, document)
    _well(sheet, document)
    _advice(sheet, document)
    _nodes(sheet, document.nodes)
    _captures(sheet, document)
    return str(sheet)


def problem_lines(document: Document) -> Iterator[str]:
    """One line for each problem: ``--quiet``."""
    for case in document.cases:
        if case.outcome is Outcome.PROBLEM:
            often = _how_often(case)
            yield f"{times.stamp(case.first_at, 0)} UTC  {_verdict(case.first)}{f' ({often})' if often else ''}"


def verdict_line(attempt: AttemptView, look: Look) -> str:
    """One line for an attempt that is settled, printed while the capture goes on."""
    mark = Sheet(look).style(f"{OUTCOMES[attempt.outcome]:<7}", "bold", _COLORS[attempt.outcome])
    return f"{times.clock(attempt.started_at)}  {mark}  {_verdict(attempt)}"


def _verdict(attempt: AttemptView) -> str:
    finding = None if attempt.outcome is Outcome.OK else attempt.finding
    return f"{attempt.verdict}  {attempt.who if finding is None else finding.says}"


# --- Problems --------------------------------------------------------------------------------------------------------


def _problems(sheet: Sheet, document: Document) -> None:
    cases = [case for case in document.cases if case.outcome is Outcome.PROBLEM]
    advised: dict[tuple[str, tuple[str, ...]], int] = {}
    for number, case in enumerate(cases, 1):
        label = f"{OUTCOMES[case.outcome]} {number} of {len(cases)}" if len(cases) > 1 else OUTCOMES[case.outcome]
        told = advised.setdefault((case.verdict, _fixes(case)), number)
        _case(sheet, document, case, label, same_as=told if told != number else None)


def _unclear(sheet: Sheet, document: Document) -> None:
    """The first one in full; others like it in a line."""
    cases = [case for case in document.cases if case.outcome is Outcome.INCONCLUSIVE]
    full: dict[tuple[str, tuple[str, ...]], Case] = {}
    for case in cases:
        full.setdefault((case.verdict, _fixes(case)), case)
    for case in full.values():
        _case(sheet, document, case, OUTCOMES[case.outcome])
        like = [
            other
            for other in cases
            if other is not case and (other.verdict, _fixes(other)) == (case.verdict, _fixes(case))
        ]
        if like:
            sheet.blank()
            sheet.paragraph("So are:", prefix=MARGIN)
            sheet.table(_folded(like), right=(0,))


def _case(sheet: Sheet, document: Document, case: Case, label: str, same_as: int | None = None) -> None:
    """``same_as``: number of the problem that shows what to do already."""
    attempt, finding = case.first, case.first.finding
    often = _how_often(case)
    sheet.heading(label, f"{case.verdict} ({attempt.certainty}){f', {often}' if often else ''}", _COLORS[case.outcome])
    sheet.blank()
    if finding is not None:
        sheet.paragraph(finding.says, prefix=MARGIN)
        sheet.blank()
    sheet.field("Who", _sides(attempt))
    sheet.field("When", _when(case))
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
            sheet.field("More", _more(case.verdict, finding))
    if same_as is None:
        _timeline(sheet, document, case)


def _fixes(case: Case) -> tuple[str, ...]:
    return case.first.finding.fix if case.first.finding is not None else ()


def _sides(attempt: AttemptView) -> str:
    if attempt.kind != "connect":
        return attempt.who
    return f"{_side(attempt.initiator, None)} → {_side(attempt.acceptor, attempt.called)}"


def _side(party: PartyView, called: str | None) -> str:
    address = party.address or "unknown address"
    if party.port is not None:
        address = f"[{address}]:{party.port}" if ":" in address else f"{address}:{party.port}"
    name = party.node or called
    return f"{name} ({address})" if name else address


def _when(case: Case) -> str:
    if len(case.attempts) == 1:
        return f"{times.stamp(case.first_at)} UTC"
    last = (
        times.stamp(case.last_at)
        if times.date(case.last_at) != times.date(case.first_at)
        else times.clock(case.last_at)
    )
    return f"{times.stamp(case.first_at)} UTC, last {last}"


def _how_often(case: Case) -> str:
    count = len(case.attempts)
    return f"{count:,} times in {times.span(case.last_at - case.first_at)}" if count > 1 else ""


def _listed(items: Sequence[str]) -> list[str | tuple[str, str]]:
    if len(items) < 2:
        return list(items)
    return [(f"{number}. ", item) for number, item in enumerate(items, 1)]


def _more(verdict: str, finding: FindingView) -> Iterator[str]:
    products = by_product(finding.fix)[1]
    settings = f", with the settings of {', '.join(products[:-1])} and {products[-1]}" if products else ""
    yield f"distscope explain {verdict}{settings}"
    yield from finding.references[:REFERENCES]


def _proof(document: Document, finding: FindingView) -> Iterator[str | tuple[str, str]]:
    captures = {each.packet.capture for each in finding.evidence}
    if len(captures) == 1 < len(document.captures):
        yield f"in {_name(document.captures[captures.pop()])}"
    days = {times.date(each.packet.at) for each in finding.evidence}
    numbers = [_packets([each.packet], many=len(captures) > 1) for each in finding.evidence]
    for each, number in zip(finding.evidence, numbers, strict=True):
        at = times.clock(each.packet.at) if len(days) == 1 else times.stamp(each.packet.at)
        yield f"packet {number:>{max(map(len, numbers))}}  {at}  ", each.says


def _timeline(sheet: Sheet, document: Document, case: Case) -> None:
    if not case.steps:
        return
    attempt = case.first
    sheet.blank()
    captures = sorted({packet.capture for step in case.steps for packet in step.packets})
    where = f", in {_name(document.captures[captures[0]])}" if len(captures) == 1 < len(document.captures) else ""
    of = f" (first of {len(case.attempts):,})" if len(case.attempts) > 1 else ""
    sheet.paragraph(
        f"Timeline of {attempt.id}{of}: seconds since {times.clock(attempt.started_at)}{where}", prefix=MARGIN
    )
    rows = [_row(step, many=len(captures) > 1) for step in case.steps]
    hidden = len(rows) - FIRST_STEPS - LAST_STEPS
    if hidden > 1:
        rows[FIRST_STEPS:-LAST_STEPS] = [("", "…", "", f"{counted(hidden, 'step')} more: distscope decode shows all")]
    sheet.table(rows, right=(0, 1))
    if attempt.omitted:
        sheet.paragraph(f"{counted(attempt.omitted, 'later event')} not kept", prefix=MARGIN)


def _row(step: Step, *, many: bool) -> tuple[str, str, str, str]:
    arrow = f"{step.left} {'→' if step.forth else '←'} {step.right}"
    return times.offset(step.since_start), _packets(step.packets, many=many), arrow, step.says


def _packets(packets: Sequence[PacketRef], *, many: bool) -> str:
    """``12``, ``1-3`` where none is left out, ``7…31`` where others lie between; ``2:12`` with several captures."""
    first, last = packets[0], packets[-1]
    place = f"{first.capture + 1}:" if many else ""
    if len(packets) == 1:
        return f"{place}{first.number}"
    whole = last.number - first.number == len(packets) - 1 and last.capture == first.capture
    return f"{place}{first.number}{'-' if whole else '…'}{last.number}"


# --- The rest --------------------------------------------------------------------------------------------------------


def _well(sheet: Sheet, document: Document) -> None:
    cases = [case for case in document.cases if case.outcome is Outcome.OK]
    if cases:
        sheet.heading(OUTCOMES[Outcome.OK], "", _COLORS[Outcome.OK])
        sheet.table(_folded(cases), right=(0,))


def _folded(cases: Sequence[Case]) -> list[tuple[str, str, str]]:
    """A row for each case; the date is told where there are two."""
    dated = len({times.date(at) for case in cases for at in (case.first_at, case.last_at)}) > 1
    tell = times.stamp if dated else times.clock
    rows = []
    for case in cases:
        last = f" to {tell(case.last_at, 0)}" if len(case.attempts) > 1 else ""
        rows.append((f"{len(case.attempts):,} ×", case.verdict, f"{case.first.who}, {tell(case.first_at, 0)}{last}"))
    return rows


def _advice(sheet: Sheet, document: Document) -> None:
    """Each advice once, with the attempts that gave rise to it."""
    told: dict[tuple[str, str], list[tuple[AttemptView, FindingView]]] = {}
    for attempt in document.attempts:
        for finding in attempt.advice:
            told.setdefault((finding.rule, finding.says), []).append((attempt, finding))
    if told:
        sheet.heading("ADVICE", "")
    for places in told.values():
        attempt, finding = places[0]
        packet = finding.evidence[0].packet
        more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
        sheet.paragraph(f"{finding.says} ({finding.name}; packet {packet.number}, {attempt.id}{more})", prefix="  - ")
        for fix in finding.fix:
            sheet.paragraph(fix, prefix="    ")


def _nodes(sheet: Sheet, nodes: Sequence[NodeView]) -> None:
    if nodes:
        sheet.heading("NODES", "")
        sheet.table([(node.name, _release(node), _about(node)) for node in nodes])


def _release(node: NodeView) -> str:
    return "release unknown" if node.release is None else release(*node.release, node.implementation)


def _about(node: NodeView) -> str:
    facts = [", ".join(node.addresses)] * bool(node.addresses)
    if node.registered_port is not None:
        facts.append(f"registered with port {node.registered_port}")
    if node.hidden:
        facts.append("hidden")
    if len(node.creations) > 1:
        facts.append(f"started {len(node.creations)} times")
    return "; ".join(facts)


def _captures(sheet: Sheet, document: Document) -> None:
    several = len(document.captures) > 1
    sheet.heading("CAPTURES" if several else "CAPTURE", "")
    for number, capture in enumerate(document.captures, 1):
        prefix = f"{MARGIN}{number}: " if several else MARGIN
        sheet.paragraph(_about_capture(capture), prefix=prefix, hang=MARGIN * 2)
        for note in (*(f"{flag}: {QUALITIES.get(flag, '')}" for flag in capture.flags), *capture.notes):
            sheet.paragraph(note, prefix=f"{MARGIN * 2}- ")
    if document.notes:
        sheet.heading("NOTES", "")
    for note in document.notes:
        sheet.paragraph(note, prefix=f"{MARGIN}- ")


def _name(capture: CaptureSummary) -> str:
    return "standard input" if capture.path == "-" else PurePath(capture.path).name


def _about_capture(capture: CaptureSummary) -> str:
    links = f", {', '.join(capture.link_types)}" if capture.link_types else ""
    when = ""
    if capture.first_packet_at is not None and capture.last_packet_at is not None:
        when = f", {times.period(capture.first_packet_at, capture.last_packet_at)}"
    name = "standard input" if capture.path == "-" else capture.path
    return (
        f"{name}: {capture.format}{links}, {counted(capture.packets, 'packet')} ({capture.packets_used:,} used){when}"
    )
