"""What was seen within the span around now is a copy, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from analyzer.streams.copies import GENERATION, UNTOLD, Copies
from analyzer.streams.limits import MILLISECOND
from analyzer.streams.stream import Reset
from tests.analyzer.streams.wire import ACK, BACK, FIN, OUT, RST, Transcript, Wire, again, established, only


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=60))
def test_a_copy_is_what_came_within_the_span(packets: list[tuple[int, int]]) -> None:
    """Against a model that remembers everything."""
    copies = Copies(5)
    firsts: dict[int, int] = {}
    at = 1_000
    for identity, step in packets:
        at += step
        expected = identity in firsts and at - firsts[identity] <= 5
        assert copies.seen(identity, at) == expected
        if not expected:
            firsts[identity] = at


def test_what_may_follow_counts_as_seen() -> None:
    """As long as it is recent; what nobody asks after costs nothing."""
    copies = Copies(5)
    looked_at: list[int] = []

    def told(*times: int) -> Iterator[tuple[int, int]]:
        for at in times:
            looked_at.append(at)
            yield at, at

    copies.may_follow(1_002, told(1_000, 1_002))
    copies.may_follow(1_012, told(1_011, 1_012))
    assert looked_at == []
    assert not copies.seen("other", 1_013)
    assert looked_at == [1_011, 1_012]
    assert [copies.seen(identity, 1_014) for identity in (1_012, 1_002)] == [True, False]
    assert copies.seen(1_011, 1_016)


def test_stretches_that_nobody_asks_after_are_bounded() -> None:
    """The latest ones stay."""
    copies = Copies(5)
    for number in range(3 * UNTOLD):
        copies.may_follow(7, [(number, 7)])
    assert len(copies._untold) <= UNTOLD
    assert copies.seen(3 * UNTOLD - 1, 8)
    assert not copies.seen(0, 8)


def test_a_third_copy_is_measured_from_the_first() -> None:
    """A packet that is repeated steadily is not one packet for ever."""
    copies = Copies(5)
    assert [copies.seen("packet", at) for at in (0, 4, 8, 12)] == [False, True, False, True]


def test_a_clock_that_jumps_back() -> None:
    """The next file begins earlier: nothing in it is a copy of what seems to lie in the future."""
    copies = Copies(5)
    assert not copies.seen("packet", 1_000_000)
    assert not copies.seen("packet", 10)
    assert copies.seen("packet", 12)


def test_memory_is_bounded_at_any_rate() -> None:
    """A million packets in one millisecond: the older half of some thousands is dropped."""
    copies = Copies(5)
    for identity in range(3 * GENERATION):
        assert not copies.seen(identity, 0)
    assert len(copies._younger) + len(copies._older) <= 2 * GENERATION
    assert copies.seen(3 * GENERATION - 1, 0)
    copies.may_follow(2, ((identity, 2) for identity in range(5 * GENERATION, 9 * GENERATION)))
    assert copies.seen(9 * GENERATION - 1, 3)
    assert len(copies._younger) + len(copies._older) <= 2 * GENERATION


def test_copies_are_not_retransmissions() -> None:
    """Whatever is repeated within 5 ms and identical but for what routers change is one packet."""
    wire = Wire()
    transcript = Transcript()
    for segment in [*wire.handshake(), wire.out(b"name"), wire.out(flags=FIN | ACK), wire.back(flags=RST)]:
        transcript.feed(segment)
        assert transcript.feed(again(segment, 3 * MILLISECOND, ttl=63)) == []
    assert transcript.events[0].stream.segments == {OUT: 4, BACK: 2}


def test_the_same_later_is_a_retransmission() -> None:
    """Also where IPv6 has no identification to tell them apart; and sooner, if the identification differs."""
    wire = Wire()
    transcript = established(wire)
    first = wire.send(OUT, b"name", ip_id=None)._replace(ip_id=None)
    sooner = again(first, MILLISECOND)._replace(ip_id=5)
    assert transcript.feed(first, again(first, 6 * MILLISECOND), sooner) == [
        "out Data offset=0 data=b'name'",
        "out Retransmission offset=0 length=4",
        "out Retransmission offset=0 length=4",
    ]


def test_the_time_to_live_is_that_of_the_first_copy() -> None:
    """A capture on a router shows each packet twice; a reset is compared with what came in the same way."""
    wire = Wire()
    transcript = established(wire)
    data = wire.send(BACK, b"sok", ttl=64, ip_id=5)
    transcript.feed(data, again(data, 1000, ttl=63))
    transcript.feed(wire.send(BACK, offset=3, flags=RST | ACK, ttl=250, ip_id=0))
    (reset,) = only(transcript.events, Reset)
    assert isinstance(reset, Reset)
    assert (reset.ttl, reset.ip_id, reset.usual_ttl, reset.usual_ip_id) == (250, 0, 64, 5)
