"""Verdicts as they fall."""

from __future__ import annotations

from analyzer.findings import Certainty, Diagnosis, Outcome
from analyzer.sessions.attempt import Attempt
from analyzer.watch import LOOK_EVERY, SILENCE, Watch
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk, attempts

START = 100 * SILENCE


def silent() -> Attempt:
    """A connection on which the acceptor owes an answer."""
    clock = Clock()
    Talk(clock).dial().name()
    [attempt] = attempts(clock)
    return attempt


class Audience:
    """Judges everything as ``outcome`` and remembers what was told."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.judged = 0
        self.told: list[Attempt] = []
        self.watch = Watch(self.judge, lambda diagnosis: self.told.append(diagnosis.attempt))

    def judge(self, attempt: Attempt) -> Diagnosis:
        self.judged += 1
        return Diagnosis(attempt, "slug", self.outcome, Certainty.LIKELY, {}, ())


def test_a_settled_attempt_is_told_at_once_and_once() -> None:
    """At the last FIN; what comes later changes nothing for the live reader."""
    clock = Clock()
    Talk(clock).dial().greet().chat().fin(OUT).fin(BACK)
    [attempt] = attempts(clock)
    assert attempt.settled
    audience = Audience(Outcome.OK)
    audience.watch.heard(attempt, START)
    audience.watch.heard(attempt, START + 1)
    assert audience.told == [attempt]


def test_silence_is_judged_when_every_timer_is_over() -> None:
    """A setup that fell silent is told while the capture goes on, not at its end."""
    audience = Audience(Outcome.PROBLEM)
    attempt = silent()
    audience.watch.heard(attempt, START)
    audience.watch.passed(START + SILENCE - LOOK_EVERY)
    assert audience.told == []
    audience.watch.passed(START + SILENCE + LOOK_EVERY)
    audience.watch.passed(START + 2 * SILENCE)
    assert audience.told == [attempt]


def test_a_quiet_link_is_no_problem_and_costs_one_look() -> None:
    """An idle link is judged once per silence, and told when it ends."""
    audience = Audience(Outcome.OK)
    audience.watch.heard(silent(), START)
    for seconds in range(1, 50):
        audience.watch.passed(START + SILENCE + seconds * LOOK_EVERY)
    assert (audience.told, audience.judged) == ([], 1)
