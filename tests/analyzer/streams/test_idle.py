"""The front of the queue is the connection that was quiet for longest, however the others were used."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.packet import PacketRef
from analyzer.streams.connection import Connection
from analyzer.streams.copies import Copies
from analyzer.streams.held import Backlog
from analyzer.streams.idle import SLACK, IdleQueue
from analyzer.streams.limits import Limits
from analyzer.streams.stream import OpenerKnownBy, Stream
from tests.analyzer.streams.wire import CLIENT, SERVER


def connection(at: int) -> Connection:
    """One whose last packet was then."""
    stream = Stream(0, CLIENT, SERVER, OpenerKnownBy.SYN)
    return Connection(stream, PacketRef(0, 1, at), Limits(), Backlog(), Copies(0))


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["use", "remove", "add"])), max_size=40))
def test_the_quietest_is_that_of_a_plain_search(steps: list[tuple[int, str]]) -> None:
    """Time only goes forward, as within one capture."""
    connections = [connection(number) for number in range(6)]
    queue = IdleQueue()
    inside: set[int] = set()
    for now, (number, action) in enumerate(steps, 10):
        one = connections[number]
        if action == "use":
            one.last = PacketRef(0, now, now)
        elif action == "add" and number not in inside:
            one.last = PacketRef(0, now, now)
            queue.add(one)
            inside.add(number)
        elif action == "remove" and number in inside:
            queue.remove(one)
            inside.remove(number)
        assert len(queue) == len(inside)
        quietest = queue.quietest()
        assert (None if quietest is None else quietest.last.at) == min(
            (connections[other].last.at for other in inside), default=None
        )


def test_time_that_goes_back_ends() -> None:
    """A second file may begin before the first one ended: still an answer, and still everything in it."""
    queue = IdleQueue()
    early, late = connection(5), connection(9)
    queue.add(late)
    queue.add(early)
    late.last = PacketRef(1, 1, 1)
    assert queue.quietest() in (early, late)
    assert len(queue) == 2


def test_what_was_taken_out_is_swept_out() -> None:
    """Also from a queue that is never asked: connections that come and go leave nothing behind."""
    queue = IdleQueue()
    stays = connection(1)
    queue.add(stays)
    for at in range(1_000):
        one = connection(at)
        queue.add(one)
        queue.remove(one)
        assert len(queue._heap) <= 2 + SLACK
    assert queue.quietest() is stays
