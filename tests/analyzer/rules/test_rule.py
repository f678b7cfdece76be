"""A rule: its declaration and its check."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analyzer import rules
from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.rules.rule import HEADINGS, Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from tests.analyzer.sessions.talking import Clock, Talk, attempts


def rule(**changes: object) -> Rule:
    """A rule without a check."""
    declared: dict[str, object] = {
        "id": "TST001",
        "name": "a-test",
        "stage": None,
        "outcome": Outcome.PROBLEM,
        "severity": Severity.ERROR,
        "says": "{initiator} and {acceptor} do not agree about {what}",
        "fix": (
            Fix("Look again."),
            Fix("Read rabbitmq.conf.", Product.RABBITMQ),
            Fix("Read vm.args.", Product.COUCHDB),
        ),
        "references": ("https://example.org",),
    }
    return Rule(**(declared | changes))  # type: ignore[arg-type]


def attempt(acceptor: str = "bob@10.0.0.2") -> Attempt:
    clock = Clock()
    Talk(clock).dial().name().status().challenge(acceptor)
    [found] = attempts(clock)
    return found


def test_a_finding_is_filled_in() -> None:
    """The sentence with both sides and the fields given; everything else as declared."""
    about = attempt()
    proof = show(about.first(events.NameSent), "send_name")
    finding = rule().finding(
        about,
        certainty=Certainty.LIKELY,
        why="because",
        evidence=[None, proof],
        detail={"a": 1},
        alternatives=("chance",),
        what="the time",
    )
    assert finding.says == "ann@10.0.0.1 and bob@10.0.0.2 do not agree about the time"
    assert finding.evidence == (proof,)
    assert (finding.rule, finding.name, finding.outcome, finding.severity) == (
        "TST001",
        "a-test",
        Outcome.PROBLEM,
        Severity.ERROR,
    )
    assert (finding.certainty, finding.why, finding.detail, finding.alternatives) == (
        Certainty.LIKELY,
        "because",
        {"a": 1},
        ("chance",),
    )
    assert finding.references == ("https://example.org",)


def test_a_name_of_braces_is_no_template() -> None:
    """Names come from a hostile capture: what is in them is not filled in again."""
    finding = rule().finding(
        attempt("{what}{0}@x"), certainty=Certainty.CERTAIN, why="", evidence=[evidence()], what="x"
    )
    assert "{what}{0}@x" in finding.says


def evidence() -> Evidence:
    found = show(attempt().timeline[0], "a SYN")
    assert found is not None
    return found


def test_a_finding_needs_evidence() -> None:
    """Packets that the capture does not show prove nothing."""
    with pytest.raises(ValueError, match="TST001 a-test"):
        rule().finding(attempt(), certainty=Certainty.CERTAIN, why="", evidence=[None], what="x")


def test_show_nothing() -> None:
    """An event that is not there."""
    assert show(None, "a SYN") is None


@pytest.mark.parametrize(
    ("product", "texts"),
    [
        (None, ["Look again.", "RabbitMQ: Read rabbitmq.conf.", "CouchDB: Read vm.args."]),
        (Product.RABBITMQ, ["Look again.", "RabbitMQ: Read rabbitmq.conf."]),
        (Product.EJABBERD, ["Look again."]),
    ],
)
def test_fixes_of_a_product(product: Product | None, texts: list[str]) -> None:
    """What applies to any node, and to this product; all of it where the product is unknown."""
    assert [str(fix) for fix in rule().fixes(product)] == texts


def test_a_product_chooses_the_fixes_of_a_finding() -> None:
    """By the names in the attempt."""
    finding = rule().finding(attempt("rabbit@mq"), certainty=Certainty.CERTAIN, why="", evidence=[evidence()], what="x")
    assert finding.fix == ("Look again.", "RabbitMQ: Read rabbitmq.conf.")


def test_checks_run_in_order() -> None:
    """All findings of all checks; the decorator gives the function back."""
    tried = rule(says="x")

    @tried.check
    def first(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
        for _ in range(2):
            yield tried.finding(attempt, certainty=Certainty.CERTAIN, why="first", evidence=[evidence()])

    def second(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
        yield tried.finding(attempt, certainty=Certainty.CERTAIN, why="second", evidence=[evidence()])

    assert tried.check(second) is second
    about = attempt()
    assert [found.why for found in tried.run(about, Surroundings([about], {}))] == ["first", "first", "second"]
    assert tried.checks == [first, second]


def test_documentation() -> None:
    """The module's docstring by heading; a rule without a check has no module."""
    assert rule().documentation == {}
    documented = rules.find_rule("cookie-mismatch")
    assert documented is not None
    assert tuple(documented.documentation) == HEADINGS
    assert not any(text.startswith(" ") or heading in text for heading, text in documented.documentation.items())
