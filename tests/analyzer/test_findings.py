"""Findings and what is made of them."""

from __future__ import annotations

import pytest

from analyzer.capture.packet import PacketRef
from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from dissectors.dataclass import FrozenInstanceError

SYN = Evidence(PacketRef(0, 1, 0), "SYN")


def finding(*evidence: Evidence) -> Finding:
    return Finding(
        rule="TST001",
        name="a-test",
        outcome=Outcome.PROBLEM,
        severity=Severity.ERROR,
        certainty=Certainty.CERTAIN,
        says="it is so",
        why="because",
        evidence=evidence,
    )


def test_without_evidence_there_is_no_finding() -> None:
    """It can't even be built; the message names the rule that tried."""
    with pytest.raises(ValueError, match="TST001 a-test"):
        finding()


def test_a_finding_is_a_fixed_thing() -> None:
    """Nobody corrects it afterwards."""
    made = finding(SYN)
    assert made.evidence == (SYN,)
    assert (dict(made.detail), made.fix, made.references, made.alternatives) == ({}, (), (), ())
    with pytest.raises(FrozenInstanceError):
        made.says = "it is not"  # type: ignore[misc]


def test_certainties_have_an_order() -> None:
    """The strongest first."""
    assert sorted(Certainty, key=lambda certainty: certainty.rank) == [
        Certainty.CERTAIN,
        Certainty.LIKELY,
        Certainty.POSSIBLE,
    ]
