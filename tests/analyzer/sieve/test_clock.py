"""Dropped packets that may end a stream by their time are found; all others stay dropped."""

from __future__ import annotations

import numpy as np

from analyzer.capture.batch import Batch
from analyzer.sieve.clock import Clock
from dissectors.dataclass import replace
from tests.analyzer.capture.test_sifted import batch


def nexts(part: Batch, dropped: list[bool], *, wait: int) -> list[int]:
    """Packets that are found, where a stream may be forgotten so long after each."""
    clock = Clock(part, np.array(dropped), lambda now: now + wait)
    found: list[int] = []
    while clock.next < len(part):
        assert clock.may_forget(clock.next)
        found.append(clock.next)
        clock.go_on(clock.next + 1, np.array(dropped))
    return found


def test_the_first_after_each_pause() -> None:
    """And none where time does not pass."""
    part = batch(0, 1, 2, 60, 61, 62, 200)
    assert nexts(part, [True] * 7, wait=50) == [3, 6]
    assert nexts(part, [True] * 7, wait=500) == []
    assert nexts(part, [False] * 7, wait=50) == []


def test_packets_that_pass_make_no_one_late() -> None:
    """They tell the time themselves; the next one that is dropped is looked at."""
    part = batch(0, 60, 61)
    assert nexts(part, [True, False, True], wait=50) == [2]
    clock = Clock(part, np.array([True, False, True]), lambda now: now + 50)
    assert [clock.may_forget(index) for index in range(3)] == [False, True, True]
    clock.go_on(2, np.array([True, False, True]))
    assert clock.next == 3


def test_a_clock_that_is_set_back_is_taken_at_its_worst() -> None:
    """What the latest packet says may end a stream, and the earliest one may be the last of another."""
    assert nexts(batch(0, 60, 1, 2), [True, False, True, True], wait=50) == [2, 3]
    assert nexts(batch(60, 61, 0, 1, 49, 51), [False, False, True, True, True, True], wait=50) == [2, 3]


def test_times_outside_are_nobodys() -> None:
    """They neither end a stream nor are the last of one."""
    part = batch(100, 0, 900, 101)
    outside = np.array([False, True, True, False])
    assert nexts(replace(part, outside=outside), [True] * 4, wait=50) == []


def test_what_was_done_with_does_not_come_back() -> None:
    """Packets of openings that were left out are fetched again: the clock does not go back for them."""
    part, dropped = batch(0, 60, 61, 62), np.ones(4, np.bool_)
    clock = Clock(part, dropped, lambda now: now + 50)
    assert clock.next == 1
    clock.go_on(3, dropped)
    clock.go_on(1, dropped)
    assert clock.next == 4
    clock.go_on(4, dropped)
    assert not clock.may_forget(3)
