"""Which rules an attempt needs, told without loading them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from analyzer.findings import Outcome, Severity
from analyzer.rules import all_rules, catalogue
from analyzer.rules.catalogue import Entry, candidates, entries
from analyzer.rules.rule import Rule
from analyzer.sessions import events
from analyzer.sessions.states import Stage
from tests.analyzer.sessions.talking import BACK, Clock, Talk, attempts
from tests.corpus import ROOT


def test_all_rules_are_entered() -> None:
    """With what they declare, in their order; make docs writes it down."""

    def told(entry: Entry) -> tuple[object, ...]:
        return entry.id, entry.name, entry.last_resort, entry.needs, entry.at, entry.module

    assert list(map(told, entries())) == [told(Entry.of(rule)) for rule in all_rules()], "run make docs"
    assert [entry.rule for entry in entries()] == list(all_rules())


@pytest.mark.parametrize(
    ("kinds", "stage", "suits"),
    [
        ({"NameSent", "Event"}, Stage.NAME, True),
        ({"NameSent", "Event"}, Stage.STATUS, False),
        ({"AckSent", "Event"}, Stage.NAME, False),
        (set(), Stage.NAME, False),
    ],
)
def test_an_entry_suits(kinds: set[str], stage: Stage, suits: bool) -> None:
    """With one of the kinds of events that the rule needs, at one of its stages."""
    rule = Rule(
        id="T1",
        name="t",
        stage=None,
        outcome=Outcome.PROBLEM,
        severity=Severity.INFO,
        needs=(events.NameSent, events.StatusSent),
        at=(Stage.NAME, Stage.TCP),
        says="",
    )
    assert Entry.of(rule).suits(frozenset(kinds), stage) is suits


def test_candidates_of_an_attempt() -> None:
    """By code; those of last resort only when they are asked for."""
    clock = Clock()
    Talk(clock).dial().name().fin(BACK)
    [attempt] = attempts(clock)
    codes = [rule.id for rule in candidates(attempt, last_resort=False)]
    assert codes == sorted(codes)
    assert {"HSK001", "HSK012"} <= set(codes)
    assert not {"LKP001", "CON001", "HSK013", "LNK002", "TLS001", "ANY001"} & set(codes)
    assert [rule.id for rule in candidates(attempt, last_resort=True)] == ["ANY001"]


def test_only_what_may_be_the_story_is_loaded() -> None:
    """Of a wrong cookie that is a third of the rules, and nothing of TLS."""
    script = (
        "import sys; from analyzer.cli import cli\n"
        f"try: cli.main(['analyze', {str(ROOT / 'samples/handshake/cookie-mismatch.pcap')!r}])\n"
        "except SystemExit: pass\n"
        f"print(*(name for name in sys.modules if name.count('.') == 3 and name.startswith({catalogue.PACKAGE!r})),"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix(f"{catalogue.PACKAGE}.") for name in done.stderr.split()}
    assert "handshake.cookie_mismatch" in loaded
    assert len(loaded) < len(entries()) / 3
    assert not [name for name in loaded if name.startswith(("tls.", "link.", "connect.", "registration."))]
