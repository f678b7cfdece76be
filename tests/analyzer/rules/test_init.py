"""Finding rules, running them all, and choosing the verdict."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from analyzer import pipeline, rules
from analyzer.errors import UnusableRule
from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.report import json_doc, view
from analyzer.rules import all_rules, catalogue, find_rule, judge
from analyzer.rules.catalogue import Entry
from analyzer.rules.rule import Rule
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.events import Event
from analyzer.sessions.states import Stage
from analyzer.sessions.surroundings import Surroundings
from analyzer.sessions.views import join_views
from tests.analyzer.sessions.talking import BACK, Clock, Talk, attempts
from tests.corpus import SAMPLES, opened, report_text

Pretend = Callable[..., None]
"""Makes these the only rules there are."""


def rule(
    name: str,
    certainty: Certainty = Certainty.CERTAIN,
    outcome: Outcome | None = Outcome.PROBLEM,
    *,
    code: str | None = None,
    times: int = 1,
    needs: tuple[type[Event], ...] = (),
    at: tuple[Stage, ...] = (),
    error: Exception | None = None,
) -> Rule:
    """A rule that always has the same to say, or always crashes."""
    made = Rule(
        id=code or f"T-{name}",
        name=name,
        stage=None,
        outcome=outcome,
        severity=Severity.INFO,
        needs=needs,
        at=at,
        says="{initiator}",
    )

    @made.check
    def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
        for _ in range(times):
            evidence = [Evidence(attempt.timeline[0].packet, "the first packet")]
            yield made.finding(attempt, certainty=certainty, why=attempt.state.value, evidence=evidence)
        if error is not None:
            raise error

    return made


FALLBACK = rule("inconclusive", Certainty.POSSIBLE, Outcome.INCONCLUSIVE)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """Makes these the only rules there are."""

    def only(*pretended: Rule) -> None:
        monkeypatch.setattr(rules, "_discovered", lambda: iter(pretended))
        monkeypatch.setattr(catalogue, "_listed", lambda: map(Entry.of, pretended))
        forget()

    yield only
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Rules are looked for again."""
    all_rules.cache_clear()
    catalogue.entries.cache_clear()


@pytest.fixture
def attempt() -> Attempt:
    """A name, and a close in answer."""
    clock = Clock()
    Talk(clock).dial().name().fin(BACK)
    [found] = attempts(clock)
    return found


def around(attempt: Attempt) -> Surroundings:
    return Surroundings([attempt], {})


# --- Discovery --------------------------------------------------------------------------------------------------------


def test_every_module_in_a_folder_is_a_rule() -> None:
    """Nothing else has to be edited."""
    modules = [
        module.name
        for folder in pkgutil.iter_modules(rules.__path__, "analyzer.rules.")
        if folder.ispkg
        for module in pkgutil.iter_modules(importlib.import_module(folder.name).__path__, f"{folder.name}.")
    ]
    assert len(all_rules()) == len(modules) > 40
    assert {importlib.import_module(name).RULE.id for name in modules} == {rule.id for rule in all_rules()}


def test_in_order_of_their_codes() -> None:
    """The same order on every machine."""
    codes = [rule.id for rule in all_rules()]
    assert codes == sorted(codes)


@pytest.mark.parametrize("name", ["cookie-mismatch", "Cookie-Mismatch"])
def test_find_by_name(name: str) -> None:
    """Slug or code, in any case."""
    found = find_rule(name)
    assert found is not None and found.name == "cookie-mismatch"
    assert find_rule(found.id.lower()) is find_rule(found.id) is found
    assert find_rule("no-such-rule") is None


@pytest.mark.parametrize(
    "other",
    [rule("second", code="T-first"), rule("first", code="T-other")],
    ids=["the same code", "the same name"],
)
def test_duplicates_are_refused(pretend: Pretend, other: Rule) -> None:
    """Codes and names are promises; the message names both rules."""
    pretend(rule("first"), other)
    for ask in (all_rules, catalogue.entries):
        with pytest.raises(UnusableRule) as refusal:
            ask()
        assert ("T-first" if other.id == "T-first" else "first") in str(refusal.value)
        assert str(refusal.value).count(__name__) == 2, "where both come from"


THEIRS = """
from analyzer.findings import Certainty, Evidence, Severity
from analyzer.rules.rule import Rule

NO_RULE = "an oversight"
RULE = Rule(id="XYZ001", name="third-party", stage=None, outcome=None, severity=Severity.INFO, says="hello")

@RULE.check
def check(attempt, around):
    evidence = [Evidence(attempt.timeline[0].packet, "the first packet")]
    yield RULE.finding(attempt, certainty=Certainty.CERTAIN, why="of course", evidence=evidence)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a package that offers a rule by this entry point."""

    def installed(value: str) -> None:
        (tmp_path / "theirs.py").write_text(THEIRS)
        metadata = tmp_path / "theirs-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{catalogue.ENTRY_POINTS}]\nmine = {value}\n")
        monkeypatch.syspath_prepend(tmp_path)
        forget()

    yield installed
    monkeypatch.undo()
    sys.modules.pop("theirs", None)
    forget()


def test_rules_of_third_parties(install: Callable[[str], None], attempt: Attempt) -> None:
    """An installed package's rule is judged by like any other."""
    assert find_rule("third-party") is None
    install("theirs:RULE")
    assert find_rule("XYZ001") is not None
    assert "third-party" in [finding.name for finding in judge(attempt, around(attempt)).findings]


@pytest.mark.parametrize("value", ["theirs:NO_RULE", "theirs:MISSING", "nowhere:RULE"])
def test_a_broken_third_party(install: Callable[[str], None], value: str) -> None:
    """The error names the entry point, for it is not distscope that has to be repaired."""
    install(value)
    for ask in (all_rules, catalogue.entries):
        with pytest.raises(UnusableRule, match=value):
            ask()


# --- The verdict ------------------------------------------------------------------------------------------------------


def verdict(attempt: Attempt) -> str:
    return judge(attempt, around(attempt)).verdict


def test_the_surest_wins(pretend: Pretend, attempt: Attempt) -> None:
    """Whatever the order of the codes."""
    for certainties in ((Certainty.LIKELY, Certainty.CERTAIN), (Certainty.CERTAIN, Certainty.LIKELY)):
        one, other = (rule(f"{letter}-{each.value}", each) for letter, each in zip("ab", certainties, strict=True))
        pretend(one, other, FALLBACK)
        assert verdict(attempt).endswith("certain")


def test_any_explanation_is_better_than_none(pretend: Pretend, attempt: Attempt) -> None:
    """``inconclusive`` is what remains when no rule has anything to say."""
    certain = rule("inconclusive", Certainty.CERTAIN, Outcome.INCONCLUSIVE)
    pretend(certain, rule("weak", Certainty.POSSIBLE))
    assert verdict(attempt) == "weak"
    pretend(certain)
    assert verdict(attempt) == "inconclusive"


def test_the_first_code_wins_a_tie(pretend: Pretend, attempt: Attempt) -> None:
    """The same input gives the same verdict, always."""
    pretend(rule("b", code="T2"), rule("a", code="T1"), rule("c", code="T3"))
    assert verdict(attempt) == "a"


def test_advice_never_changes_the_verdict(pretend: Pretend, attempt: Attempt) -> None:
    """It stands after the verdict's own finding, each rule's once."""
    pretend(rule("a-advice", outcome=None, times=3), rule("b-advice", outcome=None), rule("weak", Certainty.POSSIBLE))
    diagnosis = judge(attempt, around(attempt))
    assert diagnosis.verdict == "weak"
    assert [finding.name for finding in diagnosis.findings] == ["weak", "a-advice", "b-advice"]


def test_the_diagnosis_is_that_of_the_winner(pretend: Pretend, attempt: Attempt) -> None:
    """Outcome, certainty and detail."""
    pretend(rule("fine", Certainty.LIKELY, Outcome.OK), FALLBACK)
    diagnosis = judge(attempt, around(attempt))
    assert (diagnosis.attempt, diagnosis.verdict, diagnosis.outcome, diagnosis.certainty) == (
        attempt,
        "fine",
        Outcome.OK,
        Certainty.LIKELY,
    )
    assert diagnosis.detail == diagnosis.findings[0].detail


def test_a_crash_is_contained(pretend: Pretend, attempt: Attempt) -> None:
    """The other rules go on, what the crashed one had said is not trusted, and the report tells of it."""
    pretend(rule("broken", error=KeyError("x")), rule("sound", Certainty.POSSIBLE), FALLBACK)
    surroundings = around(attempt)
    assert judge(attempt, surroundings).verdict == "sound"
    assert surroundings.failures == ["rule T-broken broken failed on an attempt: KeyError: 'x'"]


def test_all_views_are_heard(pretend: Pretend) -> None:
    """The view that saw the attempt get furthest knows most of it, even where another one is surer."""
    here, there = Clock(), Clock(capture=1, vantage=1)
    Talk(here).dial().name()
    Talk(there).dial().name().status().challenge()
    [joined] = join_views(attempts(here) + attempts(there))
    assert len(joined.views) == 1
    pretend(rule("seen", Certainty.LIKELY), FALLBACK)
    assert judge(joined, around(joined)).findings[0].why == "challenge sent"
    assert judge(join_views(attempts(there) + attempts(here))[0], around(joined)).findings[0].why == "challenge sent"


def test_a_rule_without_what_it_needs_is_not_asked(pretend: Pretend, attempt: Attempt) -> None:
    """Of the classes that it names one is enough, also as the base of another."""
    for needs, asked in (
        ((), True),
        ((events.NameSent,), True),
        ((events.AckSent, events.HandshakeEvent), True),
        ((events.AckSent, events.TlsClientHello), False),
    ):
        pretend(rule("pretended", needs=needs), FALLBACK)
        assert verdict(attempt) == ("pretended" if asked else "inconclusive")


def test_a_rule_is_not_asked_of_what_got_elsewhere(pretend: Pretend, attempt: Attempt) -> None:
    """Of the stages that it names one is enough."""
    for at, asked in (
        ((), True),
        ((Stage.NAME,), True),
        ((Stage.TCP, Stage.NAME), True),
        ((Stage.STATUS, Stage.ENDED), False),
    ):
        pretend(rule("pretended", at=at), FALLBACK)
        assert verdict(attempt) == ("pretended" if asked else "inconclusive")


def test_what_rules_need_changes_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of no sample: what a rule declares only spares it attempts of which it has nothing to say."""
    as_declared = {name: report_text(name) for name in SAMPLES}
    assert sum(bool(rule.needs or rule.at) for rule in all_rules()) > 40
    for each in catalogue.entries():
        monkeypatch.setattr(each, "needs", frozenset())
        monkeypatch.setattr(each, "at", frozenset())
    for name, report in as_declared.items():
        with opened(name) as (source, options):
            assert json_doc.render(view.build(pipeline.analyze(source, options))) == report, name


def test_each_real_rule_stands_any_attempt() -> None:
    """Whatever an attempt lacks, no rule of ours crashes on it."""
    clock = Clock()
    talk = Talk(clock).dial()
    steps: list[Callable[[], Talk]] = [talk.name, talk.status, talk.challenge, talk.reply, talk.ack, talk.chat]
    steps.append(partial(talk.fin, BACK))
    for step in steps:
        step()
        for found in attempts(clock):
            surroundings = around(found)
            assert judge(found, surroundings).findings
            assert surroundings.failures == []
