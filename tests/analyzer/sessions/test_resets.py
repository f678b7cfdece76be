"""Resets that neither end sent."""

from __future__ import annotations

import pytest

from analyzer.sessions.attempt import Attempt
from analyzer.sessions.resets import foreign_resets, has_foreign_reset
from analyzer.sessions.views import join_views
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk, attempts


def told(talk: Talk) -> Attempt:
    [attempt] = attempts(talk.clock)
    return attempt


@pytest.mark.parametrize(("ttl", "foreign"), [(60, False), (61, True), (59, True), (255, True)])
def test_a_reset_with_another_hop_limit(ttl: int, foreign: bool) -> None:
    """It came another way than all other packets of that end."""
    attempt = told(Talk(Clock()).dial().name().status().rst(BACK, ttl=ttl))
    assert has_foreign_reset(attempt) is foreign
    assert len(list(foreign_resets(attempt))) == foreign


def test_nothing_to_compare_with() -> None:
    """Of an end that sent nothing else no hop limit is known."""
    assert not has_foreign_reset(told(Talk(Clock()).dial().name().rst(BACK, ttl=200)))


def test_late_resets_prove_nothing() -> None:
    """After a close, hosts and NAT boxes reset alike: it changes nothing any more."""
    talk = Talk(Clock()).dial().name().status().fin(BACK).rst(OUT, ttl=200).rst(BACK, ttl=200)
    assert not has_foreign_reset(told(talk))


def test_no_link_no_reset() -> None:
    """An attempt that never dialled."""
    clock = Clock()
    assert not has_foreign_reset(told(Talk(clock).dial().name()))


def two_views(reset_there: bool, ttl_there: int) -> Attempt:
    """One connection at both ends; near ann the reset in bob's name is seen."""
    here, there = Clock(port=50_000), Clock(capture=1, vantage=1, port=50_000)
    for clock in (here, there):
        talk = Talk(clock)
        talk.ttl[BACK] = 60 if clock is here else ttl_there
        talk.dial().name().status()
        if clock is here or reset_there:
            talk.rst(BACK)
    [attempt] = join_views(attempts([*here.told, *there.told]))
    return attempt


def test_a_reset_that_its_sender_does_not_have() -> None:
    """The capture next to bob shows bob's packets, but not the reset: bob did not send it."""
    attempt = two_views(reset_there=False, ttl_there=64)
    assert has_foreign_reset(attempt)


def test_a_reset_that_both_ends_show() -> None:
    """Bob's own capture has it: it is genuine."""
    assert not has_foreign_reset(two_views(reset_there=True, ttl_there=64))


def test_the_far_capture_proves_nothing() -> None:
    """That the capture farther from bob lacks it may be a loss on the way."""
    assert not has_foreign_reset(two_views(reset_there=False, ttl_there=58))
