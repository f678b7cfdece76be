"""What each segment of one connection is told as: opening, acknowledging, closing, resetting."""

from __future__ import annotations

import pytest

from analyzer.streams.limits import MILLISECOND
from analyzer.streams.stream import (
    Established,
    IcmpError,
    OpenerKnownBy,
    Retransmission,
    Syn,
)
from tests.analyzer.streams.wire import ACK, BACK, FIN, OUT, RST, SYN, Transcript, Wire, established, only, words


def test_a_handshake() -> None:
    """Three segments, three events, and the stream knows both initial numbers."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(*wire.handshake()) == ["out Syn", "back SynAck", "out Established"]
    stream = transcript.events[0].stream
    assert stream.opener_known_by is OpenerKnownBy.SYN
    assert stream.initial_sequence == {OUT: wire.out_isn, BACK: wire.back_isn}
    assert stream.segments == {OUT: 2, BACK: 1}


def test_every_event_has_its_packet_with_ttl_and_identification() -> None:
    """So that a finding can cite it, and a foreign packet can be told."""
    wire = Wire()
    transcript = established(wire)
    segment = wire.send(BACK, b"status", ttl=61, ip_id=777)
    transcript.feed(segment)
    event = transcript.events[-1]
    assert (event.packet, event.ttl, event.ip_id, event.direction) == (segment.packet, 61, 777, BACK)


def test_dials_are_counted() -> None:
    """A repeated SYN or SYN-ACK is a retry, not a retransmission."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(wire.syn(), wire.syn(), wire.syn()) == ["out Syn", "out Syn retry=1", "out Syn retry=2"]
    assert transcript.feed(wire.syn_ack(), wire.syn_ack()) == ["back SynAck", "back SynAck retry=1"]
    assert transcript.feed(wire.out()) == ["out Established"]


def test_both_sides_dial_at_once() -> None:
    """Simultaneous open (RFC 9293 figure 8) is one stream of the first dialler."""
    wire = Wire()
    transcript = Transcript()
    other = wire.back(offset=-1, flags=SYN)
    assert transcript.feed(wire.syn(), other) == ["out Syn", "back Syn"]
    answer = wire.out(offset=-1, flags=SYN | ACK)
    assert transcript.feed(answer, wire.syn_ack()) == ["out SynAck", "back SynAck", "back Established"]
    assert transcript.feed(wire.out(b"name")) == ["out Data offset=0 data=b'name'"]
    assert len({id(event.stream) for event in transcript.events}) == 1


def test_data_on_the_syn() -> None:
    """TCP Fast Open: the bytes after the SYN's number are the first ones."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(wire.out(b"early", -1, flags=SYN)) == ["out Syn", "out Data offset=0 data=b'early'"]
    assert transcript.feed(wire.back(offset=-1, ack=5, flags=SYN | ACK)) == [
        "back Acknowledged offset=5",
        "back SynAck",
    ]
    assert transcript.feed(wire.out(b"later", 5)) == ["out Established", "out Data offset=5 data=b'later'"]


def test_only_the_listener_is_seen() -> None:
    """A SYN-ACK and then something that only an established connection has."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(wire.syn_ack(), wire.back()) == ["back SynAck"]
    assert transcript.feed(wire.back(b"sok", ack=30)) == [
        "back Established",
        "out Hole offset=0 length=30 cause=NOT_CAPTURED",
        "back Acknowledged offset=30",
        "back Data offset=0 data=b'sok'",
    ]
    stream = transcript.events[0].stream
    assert (stream.opener, stream.opener_known_by) == (wire.opener, OpenerKnownBy.SYN_ACK)


def test_only_the_opener_is_seen() -> None:
    """Its acknowledgments show message by message what the listener sent, and that it closed first."""
    wire = Wire()
    transcript = Transcript()
    segments = [
        wire.syn(),
        wire.out(),
        wire.out(b"name"),
        wire.out(offset=4, ack=5),
        wire.out(offset=4, ack=39),
        wire.out(b"reply", 4, 39),
        wire.out(offset=9, ack=40),
        wire.out(offset=9, ack=40, flags=FIN | ACK),
    ]
    assert transcript.feed(*segments) == [
        "out Syn",
        "out Established",
        "out Data offset=0 data=b'name'",
        "back Hole offset=0 length=5 cause=NOT_CAPTURED",
        "out Acknowledged offset=5",
        "back Hole offset=5 length=34 cause=NOT_CAPTURED",
        "out Acknowledged offset=39",
        "out Data offset=4 data=b'reply'",
        "back FinImplied offset=39",
        "out Fin offset=9",
    ]
    implied = transcript.events[-2]
    assert implied.packet == segments[-2].packet


def test_a_start_in_the_middle() -> None:
    """Offset 0 is the first byte seen, and the opener is a guess."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(wire.back(offset=300, ack=700), wire.out(b"frame", 700), wire.back(b"tick", 300, 705)) == [
        "back Established",
        "out Data offset=0 data=b'frame'",
        "back Acknowledged offset=5",
        "back Data offset=0 data=b'tick'",
    ]
    stream = transcript.events[0].stream
    assert stream.opener_known_by is OpenerKnownBy.GUESS
    assert stream.opener == wire.opener


def test_a_syn_that_turns_up_late() -> None:
    """A capture on several queues can show the SYN-ACK before the SYN: one stream all the same."""
    wire = Wire()
    transcript = Transcript()
    syn = wire.syn()
    assert transcript.feed(wire.syn_ack(), syn, wire.out()) == ["back SynAck", "out Syn", "out Established"]
    assert transcript.events[0].stream.opener_known_by is OpenerKnownBy.SYN


def test_a_syn_ack_that_turns_up_late() -> None:
    """The same with the third segment of the handshake before the second."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(wire.syn(), wire.out(), wire.syn_ack(), wire.back(b"sok")) == [
        "out Syn",
        "out Established",
        "back SynAck",
        "back Data offset=0 data=b'sok'",
    ]


def test_an_older_connection_answers_the_dial() -> None:
    """The listener still has one on these ports: it answers with its numbers (RFC 5961 section 4.2); the dialler resets
    that, dials again and gets through.  The stray segment leaves no trace in the bytes."""
    wire = Wire()
    transcript = Transcript()
    stray = wire.back(offset=123_456_789, ack=987_654_321)
    assert transcript.feed(wire.syn(), stray) == ["out Syn"]
    assert transcript.feed(wire.out(offset=987_654_321, flags=RST)) == ["out Reset fit=OUT_OF_WINDOW"]
    assert transcript.feed(wire.syn(), wire.syn_ack(), wire.out(), wire.back(b"sok")) == [
        "out Syn retry=1",
        "back SynAck",
        "out Established",
        "back Data offset=0 data=b'sok'",
    ]


def test_a_refused_dial_is_dialled_again() -> None:
    """Some systems try thrice with the same number."""
    wire = Wire()
    transcript = Transcript()
    refusal = wire.send(BACK, offset=-wire.back_isn - 1, flags=RST | ACK)
    assert transcript.feed(wire.syn(), refusal, wire.syn()) == [
        "out Syn",
        "back Reset fit=ANSWERS_SYN acknowledges=True",
        "out Syn retry=1",
    ]
    assert transcript.feed(wire.syn_ack(), wire.out()) == ["back SynAck", "out Established"]


def test_acknowledgments_are_news_once() -> None:
    """Told when they advance over bytes; not for SYN and FIN, not again, not when they step back."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.out(b"0123456789"))
    assert transcript.feed(wire.back(ack=4), wire.back(ack=4), wire.back(ack=2), wire.back(ack=10)) == [
        "back Acknowledged offset=4",
        "back Acknowledged offset=10",
    ]
    assert transcript.feed(wire.out(offset=10, flags=FIN | ACK), wire.back(ack=11)) == ["out Fin offset=10"]


def test_an_acknowledgment_covers_the_last_bytes_and_the_fin() -> None:
    """The FIN's number is no byte."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.out(b"bye", flags=FIN | ACK))
    assert transcript.feed(wire.back(ack=4)) == ["back Acknowledged offset=3"]


def test_unwatched_streams_only_open_and_end() -> None:
    """Once nothing of a stream matters, only what tells that its addresses and ports are free is looked at."""
    wire = Wire()
    transcript = established(wire)
    stream = transcript.events[0].stream
    stream.watched = False
    segments = [wire.out(b"bulk"), wire.back(ack=4), wire.out(b"more", 4), wire.back(flags=FIN | ACK)]
    assert transcript.feed(*segments) == []
    assert stream.segments[OUT] == 2
    assert transcript.feed(wire.out(flags=FIN | ACK), wire.out(flags=SYN)) == [
        "out Forgotten reason=REPLACED",
        "out Syn",
    ]


@pytest.mark.parametrize("payload", [b"", b"x"])
def test_keep_alives(payload: bytes) -> None:
    """At most one byte that was acknowledged, at the last number used."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.out(b"name"), wire.back(ack=4))
    assert transcript.feed(wire.out(payload, 3), wire.back(ack=4), wire.out(payload, 3)) == ["out KeepAlive"] * 2


def test_one_unacknowledged_byte_again_is_no_keep_alive() -> None:
    """It is a retransmission as long as the other side has not acknowledged it."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.out(b"name"), wire.back(ack=3))
    assert transcript.feed(wire.out(b"e", 3)) == ["out Retransmission offset=3 length=1"]


def test_a_keep_alive_is_the_first_sign_of_life() -> None:
    """The number before the first byte is no gap."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(wire.out(offset=99, ack=50), wire.back(offset=50, ack=100)) == ["out Established"]
    assert transcript.feed(wire.out(b"tick", 100, 50)) == ["out Data offset=0 data=b'tick'"]
    assert transcript.table.finish() == []


def test_a_repeated_fin_is_counted() -> None:
    """Its sender got no acknowledgment."""
    wire = Wire()
    transcript = established(wire)
    fins = [wire.out(flags=FIN | ACK) for _ in range(3)]
    assert transcript.feed(*fins) == ["out Fin", "out Fin retry=1", "out Fin retry=2"]


def test_a_fin_waits_for_the_bytes_before_it() -> None:
    """Whatever the packets' order, the FIN is last; a repeated one meanwhile is counted."""
    wire = Wire()
    transcript = established(wire)
    assert transcript.feed(wire.back(b"tail", 4, flags=FIN | ACK), wire.back(b"tail", 4, flags=FIN | ACK)) == [
        "back Retransmission offset=4 length=4"
    ]
    assert transcript.feed(wire.back(b"head")) == [
        "back Data offset=0 data=b'head'",
        "back Data offset=4 data=b'tail'",
        "back Fin offset=8",
    ]
    assert transcript.feed(wire.back(offset=8, flags=FIN | ACK)) == ["back Fin retry=2 offset=8"]


def test_life_after_a_reset() -> None:
    """A reset that only one side got: the other goes on, and all of it is told."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.out(offset=0, flags=RST))
    assert transcript.feed(wire.back(b"sok"), wire.back(b"sok"), wire.back(offset=3, flags=FIN | ACK)) == [
        "back Data offset=0 data=b'sok'",
        "back Retransmission offset=0 length=3",
        "back Fin offset=3",
    ]
    assert transcript.feed(wire.out(offset=0, flags=RST)) == ["out Reset fit=ANSWERS_SEGMENT retry=1"]


def test_an_error_about_another_connection_is_left_alone() -> None:
    """The quoted number has nothing to do with this one: an error about an older one of the same ports."""
    wire = Wire()
    transcript = established(wire)
    name = wire.out(b"name")
    transcript.feed(name)
    stale = wire.out(offset=1_000_000_000)
    assert transcript.table.unreachable(wire.error(stale)) == []
    error = wire.error(name)
    assert len(only(transcript.table.unreachable(error), IcmpError)) == 1
    assert transcript.table.unreachable(error) == []


def test_what_was_acknowledged_before_it_was_seen() -> None:
    """Within a few packets the bytes may still turn up, and then nothing was missing."""
    wire = Wire(tick=MILLISECOND)
    transcript = established(wire)
    assert transcript.feed(wire.back(ack=4), wire.out(b"name")) == [
        "back Acknowledged offset=4",
        "out Data offset=0 data=b'name'",
    ]
    assert transcript.table.finish() == []


def test_what_was_acknowledged_and_stays_unseen() -> None:
    """After three more packets it is lost to the capture; data behind it come next."""
    wire = Wire(tick=MILLISECOND)
    transcript = established(wire)
    ack = wire.back(ack=4)
    segments = [ack, wire.out(b"reply", 4), wire.back(b"a", ack=9), wire.back(b"b", 1, 9)]
    assert transcript.feed(*segments) == [
        "back Acknowledged offset=4",
        "back Acknowledged offset=9",
        "back Data offset=0 data=b'a'",
        "back Data offset=1 data=b'b'",
        "out Hole offset=0 length=4 cause=NOT_CAPTURED",
        "out Data offset=4 data=b'reply'",
    ]
    assert transcript.events[-2].packet == ack.packet


def test_one_acknowledged_number_more_is_a_byte_if_more_follows() -> None:
    """What looked like the acknowledgment of a FIN was that of a byte: more bytes come after it."""
    wire = Wire()
    transcript = established(wire)
    assert transcript.feed(wire.out(ack=1)) == []
    assert transcript.feed(wire.back(b"sok", 1)) == ["out Acknowledged offset=1"]
    assert words(transcript.table.finish()) == [
        "back Hole offset=0 length=1 cause=NOT_CAPTURED",
        "back Data offset=1 data=b'sok'",
    ]


def test_a_fin_that_only_an_acknowledgment_shows() -> None:
    """Both directions are captured, but not that one packet."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.back(b"sok"))
    segments = [wire.out(ack=3), wire.out(ack=4), wire.out(ack=4, flags=FIN | ACK), wire.back(offset=4, ack=1)]
    assert transcript.feed(*segments) == ["out Acknowledged offset=3", "out Fin"]
    assert words(transcript.table.advance(wire.at + 100 * MILLISECOND)) == ["back FinImplied offset=3"]
    assert transcript.table.finish() == []


def test_events_that_never_come_twice() -> None:
    """Established once, whatever is repeated."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.syn(), wire.syn_ack(), wire.out(), wire.out(b"name"), wire.out(b"name"))
    assert len(only(transcript.events, Established)) == 1
    assert [event.retry for event in only(transcript.events, Syn) if isinstance(event, Syn)] == [0, 1]
    assert len(only(transcript.events, Retransmission)) == 1
