"""The first dials of a listener are listed, the rest is counted; whatever was more than a dial stays."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.sessions import correlate as correlate_
from analyzer.sessions import half_open as half_open_
from analyzer.sessions.correlate import Correlator
from analyzer.sessions.endpoints import Ports
from analyzer.sessions.half_open import HalfOpen
from analyzer.streams.stream import ForgetReason
from analyzer.streams.syn_cache import Opening
from tests.analyzer.sessions.talking import ANN, BOB, PORT, Clock, Talk, attempts, lookup

NODE, OTHER = Endpoint(BOB, PORT), Endpoint(BOB, PORT + 1)


def correlated(clock: Clock, half_open: int | None) -> Correlator:
    """What is told, by an analysis that lists so many."""
    ports = Ports(distribution=frozenset({PORT, PORT + 1}))
    correlator = Correlator(ports, half_open=HalfOpen(half_open, half_open))
    for event in clock.told:
        correlator.take(event)
    correlator.finish()
    return correlator


def flood(clock: Clock, listener: Endpoint, count: int) -> None:
    """Dials of which every other one is forgotten before the end."""
    for number in range(count):
        talk = Talk(clock, listener=listener).syn()
        if number % 2:
            talk.forget(ForgetReason.UNANSWERED)


def test_the_first_ones_of_each_listener_are_listed() -> None:
    """And the report is told how many more there were; where there are few, of none."""
    clock = Clock()
    flood(clock, NODE, 20)
    flood(clock, OTHER, 3)
    correlator = correlated(clock, 4)
    assert sorted(attempt.acceptor.port or 0 for attempt in correlator.attempts) == [PORT] * 4 + [PORT + 1] * 3
    [note] = correlator.half_open.notes()
    assert note.startswith(f"16 more connections to {BOB} port {PORT} never got beyond their opening")


def test_whoever_wants_all_gets_all() -> None:
    """Without a bound nothing is only counted."""
    clock = Clock()
    flood(clock, NODE, 20)
    correlator = correlated(clock, None)
    assert len(correlator.attempts) == 20
    assert correlator.half_open.notes() == []


def test_what_is_more_than_a_dial_is_listed() -> None:
    """Refused, established, or after a lookup: even in the middle of a flood."""
    clock = Clock()
    flood(clock, NODE, 5)
    Talk(clock, listener=NODE).syn().refuse()
    Talk(clock, listener=NODE).dial()
    lookup(clock)
    Talk(clock).syn()
    flood(clock, NODE, 5)
    correlator = correlated(clock, 0)
    assert [bool(attempt.epmd) for attempt in correlator.attempts] == [False, False, True]
    assert correlator.half_open.notes()[0].startswith("10 more")


def test_two_points_of_observation_show_the_same_ones() -> None:
    """They are counted once."""
    half_open = HalfOpen(1)
    for vantage, count in ((0, 5), (1, 4)):
        clock = Clock(vantage=vantage)
        for _ in range(count):
            Talk(clock, listener=NODE).syn()
        for attempt in attempts(clock, Ports(distribution=frozenset({PORT}))):
            half_open.is_surplus(attempt)
    [note] = half_open.notes()
    assert note.startswith("4 more")


def test_the_list_does_not_grow_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are counted leave it before the end of the input."""
    monkeypatch.setattr(correlate_, "DROPPED_AT_ONCE", 8)
    correlator = Correlator(Ports(distribution=frozenset({PORT})), half_open=HalfOpen(2))
    clock, most = Clock(), 0
    for _ in range(100):
        told = len(clock.told)
        Talk(clock, listener=NODE).syn().forget(ForgetReason.UNANSWERED)
        for event in clock.told[told:]:
            correlator.take(event)
        most = max(most, len(correlator.attempts))
    assert most <= 10


def test_who_waits_in_a_crowd() -> None:
    """Whatever nothing is expected of; of a node the dials behind the first ones, but none that follows a lookup."""
    clock = Clock()
    correlator = correlated(clock, 2)
    stranger, node = Opening(0, NODE, Endpoint(BOB, 80)), Opening(0, Endpoint(ANN, 40_000), NODE)
    assert correlator.can_wait(stranger)
    assert [correlator.can_wait(node) for _ in range(4)] == [False, False, True, True]
    lookup(clock)
    for event in clock.told:
        correlator.take(event)
    assert not correlator.can_wait(node)
    assert not Correlator(half_open=HalfOpen(2)).can_wait(stranger)
    assert not Correlator(half_open=HalfOpen(2)).can_wait(node)


def test_what_came_to_nothing_is_counted() -> None:
    """With those that are not listed; but not what nobody takes for Erlang traffic."""
    clock = Clock()
    flood(clock, NODE, 5)
    correlator = correlated(clock, 2)
    for listener in (NODE, NODE, OTHER, Endpoint(BOB, 80)):
        correlator.came_to_nothing(Opening(0, Endpoint(ANN, 40_000), listener))
    assert [note.partition(" never")[0] for note in correlator.half_open.notes()] == [
        f"5 more connections to {BOB} port {PORT}",
        f"1 more connections to {BOB} port {PORT + 1}",
    ]


def test_a_scan_of_very_many_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beyond the bound count as one."""
    monkeypatch.setattr(half_open_, "LISTENERS", 3)
    half_open = HalfOpen(2, 2)
    for number in range(8):
        half_open.came_to_nothing(0, Endpoint(f"10.0.0.{number}", PORT))
    clock = Clock()
    for number in range(9):
        Talk(clock, listener=Endpoint(f"10.0.1.{number}", PORT)).syn()
    surplus = [half_open.is_surplus(each) for each in attempts(clock, Ports(distribution=frozenset({PORT})))]
    assert surplus == [False] * 5 + [True] * 4
    assert [half_open.can_wait(0, Endpoint(f"10.0.0.{number}", PORT)) for number in range(7)] == [False] * 5 + [
        True
    ] * 2
    told = [note.partition(" never")[0] for note in half_open.notes()]
    assert told[:2] == [f"1 more connections to 10.0.0.0 port {PORT}", f"1 more connections to 10.0.0.1 port {PORT}"]
    assert told[3:] == ["9 more connections to many other listeners"]
