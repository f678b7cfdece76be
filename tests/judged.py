"""A told story → what the report says of it: rules are tried as a user meets them, packets in and words out."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.pipeline import Options
from analyzer.report import json_doc, view
from samples.conversation import ACK, SYN, Connection, Network
from tests.fuzz.invariants import Report

DIST = 9100
"""Port of a node, which the user names."""


@dataclass(frozen=True, slots=True)
class Said:
    """One finding, in the words of the report."""

    certainty: str
    says: str
    why: str
    evidence: tuple[tuple[int, str], ...]
    """Packet number, and what it shows."""
    alternatives: tuple[str, ...]
    detail: dict[str, Any] = field(default_factory=dict)
    """Of the verdict; nothing of an advice."""

    @property
    def shown(self) -> list[str]:
        """What its packets show."""
        return [says for _, says in self.evidence]


def judged(net: Network) -> list[dict[str, Any]]:
    """The attempts of the report."""
    with open_source(["-"], stdin=io.BytesIO(net.pcapng())) as source:
        document = view.build(pipeline.analyze(source, Options(dist_ports=frozenset({DIST}))))
    return Report(json_doc.render(document)).attempts


def verdict(net: Network) -> str:
    """Of the one attempt that there is."""
    (attempt,) = judged(net)
    return str(attempt["verdict"])


def said(net: Network, name: str) -> Said:
    """What the rule ``name`` says of the one attempt that there is."""
    (attempt,) = judged(net)
    found = [finding for finding in attempt["findings"] if finding["name"] == name]
    assert len(found) == 1, f"{name} is not among {[finding['name'] for finding in attempt['findings']]}"
    (finding,) = found
    evidence = tuple((each["packet"], each["says"]) for each in finding["evidence"])
    detail = attempt["detail"] if attempt["verdict"] == name else {}
    return Said(finding["certainty"], finding["says"], finding["why"], evidence, tuple(finding["alternatives"]), detail)


def names(net: Network) -> list[str]:
    """Of all findings of the one attempt that there is."""
    (attempt,) = judged(net)
    return [finding["name"] for finding in attempt["findings"]]


def slow_connect(net: Network, seconds: float, port: int) -> Connection:
    """A connection over a path with such a round trip."""
    link = net.dial("10.0.0.1", "10.0.0.2", port)
    link.initiator.raw(SYN)
    net.wait(seconds)
    link.acceptor.raw(SYN | ACK)
    link.initiator.raw(ACK)
    return link
