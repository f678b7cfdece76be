"""What one direction tells carries its stream, its direction and the packet's marks."""

from __future__ import annotations

from analyzer.capture.packet import PacketRef
from analyzer.streams.held import Chunk
from analyzer.streams.stream import HoleCause, OpenerKnownBy, Stream, StreamEvent
from analyzer.streams.tell import Teller
from tests.analyzer.streams.wire import BACK, CLIENT, OUT, SERVER, Wire, words

REF = PacketRef(0, 7, 8)
CHUNK = Chunk(3, 4, b"name", REF, 61, 99, 0)


def everything(watched: bool) -> list[StreamEvent]:
    """One event of each kind, by the opener's direction."""
    teller = Teller(Stream(0, CLIENT, SERVER, OpenerKnownBy.SYN, watched=watched), OUT)
    events: list[StreamEvent] = []
    teller.tell_data(CHUNK, events)
    teller.tell_hole(7, 9, HoleCause.SNAPPED, REF, events)
    teller.tell_repeated(CHUNK, 4, 6, events)
    teller.tell_acknowledged(9, REF, 61, 99, events)
    teller.tell_keep_alive(Wire().send(OUT, ttl=61, ip_id=99)._replace(packet=REF), events)
    teller.tell_fin(CHUNK, 2, events)
    teller.tell_fin_implied(9, REF, events)
    return events


def test_every_kind_of_event() -> None:
    """Bytes and their acknowledgment are told by the two sides."""
    events = everything(watched=True)
    assert words(events) == [
        "out Data offset=3 data=b'name'",
        "out Hole offset=7 length=2 cause=SNAPPED",
        "out Retransmission offset=4 length=2",
        "back Acknowledged offset=9",
        "out KeepAlive",
        "out Fin retry=2 offset=3",
        "out FinImplied offset=9",
    ]
    assert {event.packet for event in events} == {REF}
    assert [(event.ttl, event.ip_id) for event in events] == [(61, 99), (0, None), *[(61, 99)] * 4, (0, None)]
    assert events[3].direction is BACK


def test_nobody_watches() -> None:
    """What only a watcher needs is left out."""
    assert [type(event).__name__ for event in everything(watched=False)] == [
        "Data",
        "Hole",
        "KeepAlive",
        "Fin",
        "FinImplied",
    ]
