"""Parts of a document → the short texts that people read of them: who, when, how often, which packets and file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analyzer.capture.packet import PacketRef
from analyzer.findings import CaptureSummary
from analyzer.report import times
from analyzer.report.document import AttemptView, Case, Document, FindingView, NodeView, PartyView
from analyzer.report.wording import by_product, counted, release


def sides(attempt: AttemptView) -> str:
    """Both sides with their addresses: ``ann@10.0.0.1 (10.0.0.1:50878) → bob@10.0.0.2 (10.0.0.2:41123)``."""
    if attempt.kind != "connect":
        return attempt.who
    return f"{_side(attempt.initiator, None)} → {_side(attempt.acceptor, attempt.called)}"


def _side(party: PartyView, called: str | None) -> str:
    address = party.address or "unknown address"
    if party.port is not None:
        address = f"[{address}]:{party.port}" if ":" in address else f"{address}:{party.port}"
    name = party.node or called
    return f"{name} ({address})" if name else address


def when(case: Case) -> str:
    """When it was, or began and was seen last."""
    if len(case.attempts) == 1:
        return f"{times.stamp(case.first_at)} UTC"
    last = (
        times.stamp(case.last_at)
        if times.date(case.last_at) != times.date(case.first_at)
        else times.clock(case.last_at)
    )
    return f"{times.stamp(case.first_at)} UTC, last {last}"


def how_often(case: Case) -> str:
    """``11 times in 31 minutes``; empty for what was once."""
    count = len(case.attempts)
    return f"{count:,} times in {times.span(case.last_at - case.first_at)}" if count > 1 else ""


def explained(finding: FindingView) -> str:
    """The command that tells all of a verdict, and the products whose settings it has."""
    products = by_product(finding.fix)[1]
    settings = f", with the settings of {', '.join(products[:-1])} and {products[-1]}" if products else ""
    return f"distscope explain {finding.name}{settings}"


def packets(refs: Sequence[PacketRef], *, many: bool) -> str:
    """``12``, ``1-3`` where none is left out, ``7…31`` where others lie between; ``2:12`` with several captures."""
    first, last = refs[0], refs[-1]
    place = f"{first.capture + 1}:" if many else ""
    if len(refs) == 1:
        return f"{place}{first.number}"
    whole = last.number - first.number == len(refs) - 1 and last.capture == first.capture
    return f"{place}{first.number}{'-' if whole else '…'}{last.number}"


def where(document: Document, refs: Iterable[PacketRef]) -> str:
    """The file that all these packets are in, where there are others; else empty."""
    captures = {ref.capture for ref in refs}
    return capture_name(document.captures[captures.pop()]) if len(captures) == 1 < len(document.captures) else ""


class Proof(NamedTuple):
    """The evidence of a finding, as it is shown."""

    capture: str
    """Name of the file that holds all of it, where there are others; else empty."""
    rows: tuple[tuple[str, str, str], ...]
    """Packet, time, and what it shows; the date is told where there are two, the capture where all of one is not."""


def proof(document: Document, finding: FindingView) -> Proof:
    several = len({each.packet.capture for each in finding.evidence}) > 1
    one_day = len({times.date(each.packet.at) for each in finding.evidence}) == 1
    tell = times.clock if one_day else times.stamp
    return Proof(
        where(document, (each.packet for each in finding.evidence)),
        tuple((packets([each.packet], many=several), tell(each.packet.at), each.says) for each in finding.evidence),
    )


def folded(cases: Sequence[Case]) -> list[tuple[str, str, str]]:
    """For each case how often it was, its verdict, and who and when; the date is told where there are two."""
    dated = len({times.date(at) for case in cases for at in (case.first_at, case.last_at)}) > 1
    tell = times.stamp if dated else times.clock
    rows = []
    for case in cases:
        last = f" to {tell(case.last_at, 0)}" if len(case.attempts) > 1 else ""
        rows.append((f"{len(case.attempts):,} ×", case.verdict, f"{case.first.who}, {tell(case.first_at, 0)}{last}"))
    return rows


class Advice(NamedTuple):
    """An advice, and where it comes from."""

    finding: FindingView
    source: str
    """Its name, the first packet that gave rise to it, and how many attempts did."""


def advice(document: Document) -> list[Advice]:
    """Each advice once, with the attempts that gave rise to it."""
    given = []
    for each in document.advice:
        more = f" and {each.count - 1:,} more" if each.count > 1 else ""
        number = each.finding.evidence[0].packet.number
        given.append(Advice(each.finding, f"{each.finding.name}; packet {number}, {each.attempt}{more}"))
    return given


def release_of(node: NodeView) -> str:
    """``OTP 25 to 27``."""
    return "release unknown" if node.release is None else release(*node.release, node.implementation)


def about_node(node: NodeView) -> str:
    """Its addresses, and what else the packets tell; may be empty."""
    facts = [", ".join(node.addresses)] * bool(node.addresses)
    if node.registered_port is not None:
        facts.append(f"registered with port {node.registered_port}")
    if node.hidden:
        facts.append("hidden")
    if len(node.creations) > 1:
        facts.append(f"started {len(node.creations)} times")
    return "; ".join(facts)


def capture_name(capture: CaptureSummary) -> str:
    """Of the file, without its folder."""
    return "standard input" if capture.path == "-" else os.path.basename(capture.path)  # noqa: PTH119 (pathlib takes longer to load than this report to write)


def about_capture(capture: CaptureSummary) -> str:
    """Format, number of packets, and the time that they span."""
    links = f", {', '.join(capture.link_types)}" if capture.link_types else ""
    time = ""
    if capture.first_packet_at is not None and capture.last_packet_at is not None:
        time = f", {times.period(capture.first_packet_at, capture.last_packet_at)}"
    return f"{capture.format}{links}, {counted(capture.packets, 'packet')} ({capture.packets_used:,} used){time}"
