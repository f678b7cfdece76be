"""The same attempt in several captures."""

from __future__ import annotations

import random

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.sessions.attempt import Attempt, Quality
from analyzer.sessions.views import SAME_TIME, another_view, join_views
from analyzer.streams.stream import OpenerKnownBy
from tests.analyzer.sessions.talking import ANN, BACK, BOB, MILLISECOND, OUT, PORT, Clock, Talk, attempts, lookup

GATE = "192.0.2.1"


def near() -> Clock:
    """A capture at the initiator."""
    return Clock(capture=0, vantage=0)


def far(later: int = 0) -> Clock:
    """A capture at the acceptor, with a clock of its own."""
    clock = Clock(capture=1, vantage=1)
    clock.now += later
    return clock


def joined(*clocks: Clock) -> list[Attempt]:
    return join_views([attempt for clock in clocks for attempt in attempts(clock)])


def test_both_ends() -> None:
    """Every packet twice, one attempt with one further view."""
    here, there = near(), far(later=3 * MILLISECOND)
    for clock in (here, there):
        lookup(clock)
        Talk(clock).dial().greet()
    [attempt] = joined(here, there)
    assert len(attempt.views) == 1
    assert attempt.views[0].views == (attempt,)


@pytest.mark.parametrize("order", [0, 1])
def test_both_sides_of_a_nat(order: int) -> None:
    """Addresses differ, sequence numbers and challenges do not; the initiator's own side leads."""
    here, there = near(), far()
    inside = Talk(here, Endpoint(ANN, 50_001), isn=(7, 8)).dial().greet()
    outside = Talk(there, Endpoint(GATE, 61_000), isn=(7, 8))
    outside.challenges = inside.challenges
    outside.dial().greet()
    [attempt] = joined(*((here, there) if order == 0 else (there, here)))
    assert (attempt.initiator.address, attempt.initiator.port) == (ANN, 50_001)
    assert [view.initiator.address for view in attempt.views] == [GATE]


def test_a_nat_that_changes_sequence_numbers() -> None:
    """Then the challenges still tell."""
    here, there = near(), far()
    inside = Talk(here, Endpoint(ANN, 50_001), isn=(7, 8)).dial().greet()
    outside = Talk(there, Endpoint(GATE, 61_000), isn=(9, 10))
    outside.challenges = inside.challenges
    outside.dial().greet()
    assert len(joined(here, there)) == 1


def test_one_direction_in_each_capture() -> None:
    """Asymmetric routes: the SYN here, the SYN-ACK there, and the opener's number in both."""
    here, there = near(), far()
    lookup(here)
    Talk(here, Endpoint(ANN, 50_001), isn=(7, 8)).syn().syn(retry=1, after=1000)
    Talk(there, Endpoint(GATE, 61_000), isn=(7, 8)).dial().name()
    [attempt] = joined(here, there)
    assert attempt.initiator.address == ANN
    assert [view.initiator.address for view in attempt.views] == [GATE]


def test_separate_connections_never_join() -> None:
    """The same two nodes, one connection after another, at two points of observation: two, not one and not four."""
    here, there = near(), far()
    for clock in (here, there):
        for _ in range(2):
            lookup(clock)
            Talk(clock).dial().greet().fin(BACK).fin(OUT)
    found = joined(here, there)
    assert len(found) == 2
    assert [len(attempt.views) for attempt in found] == [1, 1]
    for attempt in found:
        assert attempt.link is not None
        [view] = attempt.views
        assert view.link is not None and view.link.opener == attempt.link.opener


def test_two_connections_of_one_capture_with_equal_numbers() -> None:
    """One point of observation tells two connections apart by their ports, whatever their numbers."""
    clock = near()
    for _ in range(2):
        Talk(clock, isn=(7, 8)).dial().name()
        clock.wait(1000)
    assert len(joined(clock)) == 2


def test_a_dial_on_both_sides_of_a_nat_of_the_capturing_host() -> None:
    """One number is enough where the sender's address was exchanged and the packet lost a hop; not for a scanner's."""
    for opener, hops, found in ((GATE, 1, 1), (GATE, 0, 2), (ANN, 1, 2)):
        clock = near()
        Talk(clock, Endpoint(ANN, 50_001), Endpoint(BOB, 4369), isn=(7, 8)).syn()
        other = Talk(clock, Endpoint(opener, 61_000), Endpoint(BOB, 4369), isn=(7, 8))
        other.ttl = {direction: ttl - hops for direction, ttl in other.ttl.items()}
        other.syn()
        assert len(joined(clock)) == found
        one, two = attempts(clock)
        assert another_view(two, [one, two]) is (one if found == 1 else None)


def test_equal_numbers_long_after() -> None:
    """A sequence number comes again some day: not within the time that clocks may differ."""
    here, there = near(), far(later=2 * SAME_TIME)
    for clock in (here, there):
        Talk(clock, isn=(7, 8)).dial().name()
    assert len(joined(here, there)) == 2


def test_mid_stream_connections_have_nothing_in_common() -> None:
    """Without a SYN and a challenge nothing says that two views are one."""
    here, there = near(), far()
    for clock in (here, there):
        Talk(clock, known_by=OpenerKnownBy.GUESS).midstream().status()
    assert len(joined(here, there)) == 2


def test_three_captures() -> None:
    """At both ends and in between."""
    clocks = [Clock(capture=number, vantage=number) for number in range(3)]
    for clock in clocks:
        Talk(clock).dial().greet()
    [attempt] = joined(*clocks)
    assert len(attempt.views) == 2


def test_the_view_with_the_lookup_leads() -> None:
    """The initiator's EPMD query goes to the acceptor's host, but one capture may lack it."""
    here, there = near(), far()
    lookup(there)
    here.port = there.port
    for clock in (here, there):
        Talk(clock).dial().greet()
    [attempt] = joined(here, there)
    assert attempt.epmd is not None
    assert attempt.link is not None and attempt.link.vantage == 1


def test_many_views_in_any_order() -> None:
    """A hundred attempts at two places, shuffled: each finds its other half."""
    here, there = near(), far(later=2 * MILLISECOND)
    for clock in (here, there):
        for number in range(100):
            Talk(clock, ANN, Endpoint(BOB, PORT + number)).dial().greet()
    mixed = attempts(here) + attempts(there)
    random.Random(7).shuffle(mixed)
    found = join_views(mixed)
    assert len(found) == 100
    for attempt in found:
        assert attempt.link is not None and len(attempt.views) == 1
        assert attempt.views[0].link is not None
        assert attempt.views[0].link.listener == attempt.link.listener


def test_qualities_belong_to_a_view() -> None:
    """What one capture lacks the other one may have."""
    here, there = near(), far()
    Talk(here).dial().name().hole(BACK, 5).challenge()
    Talk(there).dial().name().status().challenge()
    [attempt] = joined(here, there)
    assert {quality for view in (attempt, *attempt.views) for quality in view.qualities} == {Quality.GAP}
