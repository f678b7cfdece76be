"""Document → the JSON report, schema version 1 (schema-1.json, docs/report.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from analyzer.capture.packet import PacketRef
from analyzer.findings import CaptureSummary, Outcome
from analyzer.report.document import AttemptView, Document, FindingView, IncidentView, NodeView, PartyView
from analyzer.report.times import rfc3339

SCHEMA_VERSION = 1

Json = dict[str, object]


def render(document: Document) -> str:
    """The report as UTF-8 text that ends with a newline; the same document gives the same text."""
    return "".join(pieces(document))


def pieces(document: Document) -> Iterator[str]:
    """The same, an attempt at a time: a report of a hundred thousand attempts takes more than memory should."""
    before = "{\n  "
    for key, value in _report(document).items():
        yield f"{before}{_dumped(key)}: "
        if isinstance(value, Iterator):
            yield from _array(value)
        else:
            yield _dumped(value, "  ")
        before = ",\n  "
    yield "\n}\n"


def _array(values: Iterator[Json]) -> Iterator[str]:
    before = "["
    for value in values:
        yield f"{before}\n    {_dumped(value, '    ')}"
        before = ","
    yield "[]" if before == "[" else "\n  ]"


def _dumped(value: object, indent: str = "") -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return text.replace("\n", f"\n{indent}")  # within a string JSON has no newline


def report(document: Document) -> Json:
    """The report as JSON values."""
    return {key: list(value) if isinstance(value, Iterator) else value for key, value in _report(document).items()}


def _report(document: Document) -> Json:
    """The same; attempts and incidents are made as they are asked for."""
    counts = document.counts
    paths = [capture.path for capture in document.captures]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "distscope", "version": document.version},
        "captures": [_capture(capture) for capture in document.captures],
        "summary": {
            "attempts": len(document.attempts),
            "ok": counts[Outcome.OK],
            "problem": counts[Outcome.PROBLEM],
            "inconclusive": counts[Outcome.INCONCLUSIVE],
            "verdicts": document.verdicts,
        },
        "attempts": (attempt(each, paths) for each in document.attempts),
        "incidents": (_incident(incident) for incident in document.incidents),
        "nodes": [_node(node) for node in document.nodes],
        "notes": list(document.notes),
    }


def _capture(capture: CaptureSummary) -> Json:
    return {
        "path": capture.path,
        "format": capture.format,
        "link_types": list(capture.link_types),
        "packets": capture.packets,
        "packets_used": capture.packets_used,
        "bytes": capture.bytes,
        "first_packet_at": _at(capture.first_packet_at),
        "last_packet_at": _at(capture.last_packet_at),
        "flags": list(capture.flags),
        "notes": list(capture.notes),
    }


def attempt(attempt: AttemptView, paths: Sequence[str]) -> Json:
    """One attempt as JSON values; ``paths`` of the captures, in their order."""
    return {
        "id": attempt.id,
        "kind": attempt.kind,
        "initiator": _party(attempt.initiator),
        "acceptor": _party(attempt.acceptor),
        "called": attempt.called,
        "started_at": rfc3339(attempt.started_at),
        "ended_at": rfc3339(attempt.ended_at),
        "stage": attempt.stage,
        "verdict": attempt.verdict,
        "outcome": attempt.outcome.value,
        "certainty": attempt.certainty,
        "detail": attempt.detail,
        "flags": list(attempt.flags),
        "findings": [_finding(paths, finding) for finding in attempt.findings],
        "timeline": [
            {**_packet(paths, event.packet), "from": event.side, "event": event.event, "fields": event.fields}
            for event in attempt.timeline
        ],
        "timeline_omitted": attempt.omitted,
    }


def _finding(paths: Sequence[str], finding: FindingView) -> Json:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "says": finding.says,
        "why": finding.why,
        "evidence": [{**_packet(paths, each.packet), "says": each.says} for each in finding.evidence],
        "fix": list(finding.fix),
        "references": list(finding.references),
        "docs": finding.docs,
        "alternatives": list(finding.alternatives),
    }


def _incident(incident: IncidentView) -> Json:
    return {
        "verdict": incident.verdict,
        "initiator": incident.initiator,
        "acceptor": incident.acceptor,
        "attempts": list(incident.attempts),
        "count": len(incident.attempts),
        "first_at": rfc3339(incident.first_at),
        "last_at": rfc3339(incident.last_at),
    }


def _node(node: NodeView) -> Json:
    return {
        "name": node.name,
        "addresses": list(node.addresses),
        "otp_release": None if node.release is None else {"min": node.release[0], "max": node.release[1]},
        "flags": list(node.flag_names),
        "flags_value": None if node.flags is None else f"{node.flags:#x}",
        "hidden": node.hidden,
        "implementation": node.implementation,
        "creations": list(node.creations),
        "registered_port": node.registered_port,
    }


def _party(party: PartyView) -> Json:
    return {"node": party.node, "address": party.address, "port": party.port}


def _packet(paths: Sequence[str], packet: PacketRef) -> Json:
    return {"capture": paths[packet.capture], "packet": packet.number, "at": rfc3339(packet.at)}


def _at(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
