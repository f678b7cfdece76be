"""What is said of packets."""

from __future__ import annotations

from analyzer.evidence.comments import LONGEST, Comments, about, names, shortened
from analyzer.evidence.edits import Edit, Why
from analyzer.report import view
from tests.analyzer.evidence.made import of_sample

DOCUMENT = view.build(of_sample("handshake/cookie-mismatch").original)
(ATTEMPT,) = DOCUMENT.attempts
FINDING = ATTEMPT.findings[0]


def test_the_verdict_stands_with_its_first_proof() -> None:
    """The other packets of it say what they show; the timeline comes last."""
    comments = Comments(DOCUMENT)
    first, *others = [comments.of(each.packet, left_out=0, edits=()) for each in FINDING.evidence]
    number = FINDING.evidence[0].packet.number
    assert first[0] == f"packet {number} of cookie-mismatch.pcap"
    assert first[1].startswith("A1 PROBLEM cookie-mismatch (likely), ann@10.77.0.1 → bob@10.77.0.2: ")
    assert first[2] == "A1 cookie-mismatch: challenge"
    assert first[3].startswith("A1 acceptor: challenge, calls itself ")
    assert all(len(other) == 3 and "PROBLEM" not in "".join(other) for other in others)


def test_what_is_not_as_it_was_captured() -> None:
    """Packets that are left out, and bytes that are hidden."""
    packet = FINDING.evidence[0].packet
    said = Comments(DOCUMENT).of(packet, left_out=2, edits=[Edit(1, bytes(16), Why.DIGEST), Edit(40, b"j", Why.DATA)])
    assert said[-3:] == [
        "2 packets of this connection before this one left out",
        "the digest in this packet is scrubbed (ff), and its checksum adjusted",
        "1 byte of what the nodes say blanked (6a), and its checksum adjusted",
    ]


def test_the_whole_file() -> None:
    """The answer first; whether digests are in it; whether it is complete."""
    said = about(DOCUMENT, packets=20, complete=True, keep_digests=False)
    assert said[0] == "1 problem found: 1 of 1 attempt failed."
    assert "20 of 23" in said[1]
    assert "so are digests" in said[2]
    assert "digests are NOT" in about(DOCUMENT, packets=20, complete=True, keep_digests=True)[2]
    assert len(about(DOCUMENT, packets=20, complete=False, keep_digests=False)) == len(said) + 1


def test_names_are_those_that_the_packets_prove() -> None:
    """Full names of nodes, by address."""
    assert names(DOCUMENT) == {"10.77.0.1": ["ann@10.77.0.1"], "10.77.0.2": ["bob@10.77.0.2"]}


def test_no_comment_is_endless() -> None:
    """Whatever a node calls itself."""
    assert shortened("x" * LONGEST) == "x" * LONGEST
    assert shortened("x" * 5000) == "x" * (LONGEST - 1) + "…"
