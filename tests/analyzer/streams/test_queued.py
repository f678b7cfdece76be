"""A router that is captured on both sides shows each packet twice, however long its queue is."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Segment
from analyzer.streams.limits import MILLISECOND, SECOND
from tests.analyzer.streams.wire import ACK, BACK, FIN, OUT, RST, SYN, Transcript, Wire, again

STORIES = ("data", "fin", "reset", "answered")


def story(wire: Wire, end: str) -> list[Segment]:
    """A connection, 10 ms from packet to packet; SYN-ACKs have no IP number, as Linux sends them."""
    segments = [
        wire.syn(),
        wire.send(BACK, offset=-1, flags=SYN | ACK, ip_id=0),
        wire.out(),
        wire.out(b"name"),
        wire.back(b"ok", ack=4),
        wire.out(offset=4, ack=2),
    ]
    more = {
        "data": [wire.out(b"more", 4, 2), wire.back(b"", 2, 8)],
        "fin": [wire.out(offset=4, ack=2, flags=FIN | ACK), wire.back(offset=2, ack=5, flags=FIN | ACK)],
        "reset": [wire.send(BACK, offset=2, flags=RST, ip_id=0)],
        "answered": [],
    }
    return segments + more[end]


@pytest.mark.parametrize("end", STORIES)
@pytest.mark.parametrize("queue", [1, 8, 25, 300])
def test_what_comes_out_of_a_queue_is_no_news(end: str, queue: int) -> None:
    """All packets come once more, with fewer hops left: no event is added and none is lost."""
    coming = story(Wire(), end)
    going = [again(each, queue * MILLISECOND, ttl=63) for each in coming]
    both = sorted([*coming, *going], key=lambda each: each.packet.at)
    assert Transcript().feed(*both) == Transcript().feed(*coming)


@pytest.mark.parametrize("end", STORIES)
def test_who_repeats_has_as_many_hops(end: str) -> None:
    """A repetition is told, and its copy is not."""
    coming = story(Wire(), end)
    repeated = again(coming[3], 200 * MILLISECOND)._replace(ip_id=999)
    going = [again(each, 25 * MILLISECOND, ttl=63) for each in (*coming, repeated)]
    both = sorted([*coming, repeated, *going], key=lambda each: each.packet.at)
    told = Transcript().feed(*both)
    assert told == Transcript().feed(*sorted([*coming, repeated], key=lambda each: each.packet.at))
    assert told.count("out Retransmission offset=0 length=4") == 1


def test_what_only_the_other_side_shows_is_news() -> None:
    """The capture missed it on its way in."""
    coming = story(Wire(), "data")
    going = [again(each, 8 * MILLISECOND, ttl=63) for each in coming]
    missed = sorted([*coming[:3], *coming[4:], *going], key=lambda each: each.packet.at)
    assert "out Data offset=0 data=b'name'" in Transcript().feed(*missed)


@pytest.mark.parametrize(("queue", "ttl"), [(40, 64), (40, 65), (SECOND // MILLISECOND + 1, 63)])
def test_no_queue(queue: int, ttl: int) -> None:
    """As many hops left, or more, or too late: it was sent again."""
    wire = Wire()
    syn = wire.syn()
    assert Transcript().feed(syn, again(syn, queue * MILLISECOND, ttl=ttl)) == ["out Syn", "out Syn retry=1"]


def test_datagrams_without_numbers() -> None:
    """Data that begin a capture tell nothing of a router if nobody numbered them."""
    for ip_id, events in ((7, 2), (0, 3)):
        data = Wire().send(OUT, b"name", ip_id=ip_id)
        assert len(Transcript().feed(data, again(data, 40 * MILLISECOND, ttl=63))) == events
