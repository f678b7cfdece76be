"""Verdicts as they fall."""

from __future__ import annotations

from analyzer.findings import Certainty, Diagnosis, Outcome
from analyzer.sessions.attempt import Attempt
from analyzer.watch import GLANCE_EVERY, LOOK_EVERY, SILENCE, Watch
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

    def __init__(self, outcome: Outcome, verdict: str = "slug", *, again: bool = False) -> None:
        self.outcome = outcome
        self.verdict = verdict
        self.judged = 0
        self.told: list[Attempt] = []
        self.verdicts: list[str] = []
        self.waiting: list[Attempt] = []
        self.watch = Watch(self.judge, self.hear, waiting=self.waiting.append, again=again)

    def hear(self, diagnosis: Diagnosis) -> None:
        self.told.append(diagnosis.attempt)
        self.verdicts.append(diagnosis.verdict)

    def judge(self, attempt: Attempt) -> Diagnosis:
        self.judged += 1
        return Diagnosis(attempt, self.verdict, self.outcome, Certainty.LIKELY, {}, ())


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


def test_a_link_is_told_when_it_is_up_and_again_when_it_ends_otherwise() -> None:
    """Not before a second has passed, for many links end at once; and only where that was asked for."""
    clock = Clock()
    talk = Talk(clock).dial().greet().chat()
    [up] = attempts(clock)
    for again in (True, False):
        audience = Audience(Outcome.OK, "connected", again=again)
        audience.watch.passed(START)
        audience.watch.heard(up, START + 1)
        assert audience.told == []
        audience.watch.passed(START + LOOK_EVERY)
        assert audience.told == [up] * again
    talk.fin(OUT).fin(BACK)
    [over] = attempts(clock)
    audience = Audience(Outcome.OK, "connected", again=True)
    audience.watch.heard(over, START)
    audience.watch.heard(over, START)
    audience.verdict = "closed-normally"
    audience.watch.heard(over, START)
    assert audience.verdicts == ["connected", "closed-normally"]


def test_one_side_that_closes_is_judged_a_second_later() -> None:
    """An initiator that gives up on a hung acceptor: nothing will answer its FIN, and somebody wants to know."""
    clock = Clock()
    Talk(clock).dial().name().fin(OUT)
    [given_up] = attempts(clock)
    assert not given_up.settled
    audience = Audience(Outcome.PROBLEM)
    audience.watch.heard(given_up, START)
    audience.watch.passed(START + LOOK_EVERY)
    assert audience.told == [given_up]


def test_who_gives_up_when_a_timer_is_over_is_judged_with_the_next_glance() -> None:
    """At the seventh second, not later: whoever hung for so long does not answer a FIN."""
    for waited, told in ((7_000, 1), (5_000, 0)):
        clock = Clock()
        Talk(clock).dial().name().fin(OUT, after=waited)
        [given_up] = attempts(clock)
        audience = Audience(Outcome.PROBLEM)
        audience.watch.heard(given_up, START)
        audience.watch.passed(START + GLANCE_EVERY)
        assert len(audience.told) == told


def test_a_link_that_one_side_gives_up_is_told_anew() -> None:
    """After a tick timeout the other side is not there to close."""
    clock = Clock()
    Talk(clock).dial().greet().chat().fin(OUT)
    [link] = attempts(clock)
    audience = Audience(Outcome.PROBLEM, "connected", again=True)
    audience.watch.heard(link, START)
    audience.watch.passed(START + LOOK_EVERY)
    audience.verdict = "tick-timeout"
    audience.watch.heard(link, START + LOOK_EVERY)
    audience.watch.passed(START + 2 * LOOK_EVERY)
    assert audience.verdicts == ["connected", "tick-timeout"]


def test_a_link_whose_path_is_gone_is_looked_at_again() -> None:
    """Nobody closes it: its ticks are repeated, and not acknowledged."""
    clock = Clock()
    Talk(clock).dial().greet().chat().send(OUT, b"\0\0\0\0", acked=False).resend(OUT, length=4).resend(OUT, length=4)
    [link] = attempts(clock)
    audience = Audience(Outcome.PROBLEM, "connected", again=True)
    audience.watch.passed(START)
    audience.watch.heard(link, START + 1)
    audience.watch.passed(START + LOOK_EVERY)
    audience.verdict = "tick-timeout"
    audience.watch.heard(link, START + LOOK_EVERY)
    audience.watch.passed(START + 2 * LOOK_EVERY)
    assert audience.verdicts == ["connected", "tick-timeout"]


def test_a_link_that_is_up_can_be_a_problem() -> None:
    """The second node of a name gets through, and its link is busy: there is no silence to wait for."""
    clock = Clock()
    Talk(clock).dial().greet().chat()
    [up] = attempts(clock)
    audience = Audience(Outcome.PROBLEM, "duplicate-name", again=True)
    audience.watch.passed(START)
    audience.watch.heard(up, START + 1)
    audience.watch.passed(START + LOOK_EVERY)
    assert audience.verdicts == ["duplicate-name"]


def test_who_waits_is_told_once() -> None:
    """At the third SYN."""
    clock = Clock()
    Talk(clock).dial().name()
    [answered] = attempts(clock)
    audience = Audience(Outcome.OK)
    audience.watch.heard(answered, START)
    assert answered.link is not None
    answered.link.answered, answered.link.dials = None, 2
    audience.watch.heard(answered, START)
    assert audience.waiting == []
    answered.link.dials = 3
    audience.watch.heard(answered, START)
    audience.watch.heard(answered, START)
    assert audience.waiting == [answered]


def test_the_last_word_is_for_those_that_were_never_told() -> None:
    """And nothing is kept of an attempt that is to be forgotten."""
    audience = Audience(Outcome.INCONCLUSIVE)
    attempt = silent()
    audience.watch.heard(attempt, START)
    audience.watch.last_word(attempt)
    audience.watch.last_word(attempt)
    assert audience.told == [attempt]
    audience.watch.forget(attempt)
    audience.watch.last_word(attempt)
    assert audience.told == [attempt] * 2, "it was forgotten"
