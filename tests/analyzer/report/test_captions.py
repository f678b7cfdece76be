"""The short texts of a report for people."""

from __future__ import annotations

from analyzer.findings import Evidence
from analyzer.report import captions, view
from analyzer.report.document import Case, Document
from dissectors.dataclass import replace
from tests.analyzer.report.building import (
    analysis,
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    lookup,
    mismatch,
    packet,
    refused_handshake,
    registration,
)

DOCUMENT = view.build(analysis())
PROBLEM, *_, WELL = DOCUMENT.cases


def evidence(*found: Evidence, captures: int = 1) -> tuple[Document, Case]:
    """A report on captures a.pcap, b.pcap, … whose first problem is proven by ``found``."""
    made = analysis_of(diagnosis(attempt(lookup()), cookie_finding(evidence=found)))
    files = tuple(replace(made.captures[0], path=f"/x/{letter}.pcap") for letter in "abc"[:captures])
    document = view.build(replace(made, captures=files))
    return document, document.cases[0]


def proof(*found: Evidence, captures: int = 1) -> captions.Proof:
    document, case = evidence(*found, captures=captures)
    assert case.first.finding is not None
    return captions.proof(document, case.first.finding)


def test_who() -> None:
    """A connection has two ends with addresses; a registration is told in a phrase."""
    assert captions.sides(PROBLEM.first) == "ann@10.77.0.1 (10.77.0.1:50878) → bob@10.77.0.2 (10.77.0.2:41123)"
    assert captions.sides(WELL.first) == "ann@10.77.0.1 registers with EPMD at 10.77.0.1"


def test_an_ipv6_address_with_a_port_has_brackets() -> None:
    """Its colons are its own."""
    initiator = replace(PROBLEM.first.initiator, node=None, address="fd00::1")
    assert captions.sides(replace(PROBLEM.first, initiator=initiator)).startswith("[fd00::1]:50878 → ")


def test_when_and_how_often() -> None:
    """The date is told twice only where there are two."""
    assert captions.when(WELL).endswith(" UTC")
    assert captions.how_often(WELL) == ""
    assert captions.when(PROBLEM) == "2026-10-31 15:10:37.335658 UTC, last 15:10:42.335658"
    assert captions.how_often(PROBLEM) == "2 times in 5.0 s"
    late = replace(PROBLEM, last_at=PROBLEM.first_at + 86_400_000_000_000)
    assert captions.when(late).endswith(", last 2026-11-01 15:10:37.335658")


def test_packets() -> None:
    """One, a run, some of a longer stretch; with their capture where there are several."""
    assert captions.packets([packet(12)], many=False) == "12"
    assert captions.packets([packet(1), packet(2), packet(3)], many=False) == "1-3"
    assert captions.packets([packet(7), packet(31)], many=False) == "7…31"
    assert captions.packets([packet(12, capture=1)], many=True) == "2:12"


def test_proof() -> None:
    """Times without a date on one day; the file once where all is in one of several."""
    one, two = Evidence(packet(1), "up"), Evidence(packet(9, 86_400_000), "down")
    assert proof(one) == ("", (("1", "15:10:37.335658", "up"),))
    assert proof(one, two).rows[1] == ("9", "2026-11-01 15:10:37.335658", "down")
    assert proof(one, captures=2).capture == "a.pcap"
    both = proof(one, Evidence(packet(9, capture=1), "seen by bob"), captures=2)
    assert (both.capture, both.rows[1][0]) == ("", "2:9")


def test_folded_cases() -> None:
    """A row for each, with a date where there are two."""
    assert captions.folded([WELL])[0][:2] == ("1 ×", "registered")
    later = replace(registration(), attempt=attempt(refused_handshake(86_400_000)))
    rows = captions.folded(view.build(analysis_of(registration(), later)).cases)
    assert any("2026-11-01" in row[2] for row in rows)


def test_advice_is_given_once() -> None:
    """With the attempts that gave rise to it."""
    ((finding, source),) = captions.advice(DOCUMENT)
    assert finding.says == "The distribution runs without TLS."
    assert source == "plaintext-distribution; packet 11, A1 and 1 more"


def test_nodes() -> None:
    """What is known, and that it is not."""
    assert [captions.release_of(node) for node in DOCUMENT.nodes] == [
        "OTP 25 to 27",
        "like OTP 28 or later",
        "release unknown",
    ]
    assert captions.about_node(DOCUMENT.nodes[1]) == "10.77.0.2; registered with port 41123; hidden; started 2 times"
    assert captions.about_node(DOCUMENT.nodes[2]) == ""


def test_captures() -> None:
    """Name without folder; standard input has none."""
    capture = replace(DOCUMENT.captures[0], path="/var/tmp/incident.pcap")
    assert captions.capture_name(capture) == "incident.pcap"
    assert captions.capture_name(replace(capture, path="-")) == "standard input"
    assert captions.about_capture(capture).startswith("pcap, EN10MB, 124 packets (40 used), 2026-10-31 15:10:37")
    assert captions.about_capture(replace(capture, first_packet_at=None)).endswith("(40 used)")


def test_where_more_is_told() -> None:
    """The products are named where there are several."""
    finding = mismatch().findings[0]
    document = view.build(analysis_of(diagnosis(attempt(lookup()), finding)))
    shown = document.cases[0].first.finding
    assert shown is not None
    assert captions.explained(shown) == "distscope explain cookie-mismatch"
    several = replace(shown, fix=("RabbitMQ: this", "EMQX: that"))
    assert captions.explained(several).endswith(", with the settings of RabbitMQ and EMQX")


def test_where() -> None:
    """One file of several; nothing where there is but one, or where the packets are in two."""
    document = evidence(Evidence(packet(1), "x"), captures=2)[0]
    assert captions.where(document, [packet(1, capture=1)]) == "b.pcap"
    assert captions.where(document, [packet(1), packet(1, capture=1)]) == ""
    assert captions.where(DOCUMENT, [packet(1)]) == ""
