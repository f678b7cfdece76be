"""Who opened a connection, and which segments belong to another one between the same ports."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint, Segment
from analyzer.streams.limits import SECOND
from analyzer.streams.opening import LEARNED, Listening, who_opened
from analyzer.streams.stream import OpenerKnownBy, Stream
from analyzer.streams.table import StreamTable
from tests.analyzer.streams.wire import ACK, FIN, RST, SYN, Wire, words


def fed(table: StreamTable, *segments: Segment) -> list[Stream]:
    """The streams that these segments are told of, in order, each once."""
    return list({id(event.stream): event.stream for one in segments for event in table.feed(one)}.values())


def test_a_syn_tells_the_opener() -> None:
    """Its sender, whatever the ports are."""
    wire = Wire(opener=Endpoint("10.0.0.1", 4369), listener=Endpoint("10.0.0.2", 40_000))
    assert who_opened(wire.syn(), Listening((4369,))) == (wire.opener, wire.listener, OpenerKnownBy.SYN)


def test_a_syn_ack_tells_the_listener() -> None:
    """Its sender, whatever the ports are."""
    wire = Wire(opener=Endpoint("10.0.0.1", 4369), listener=Endpoint("10.0.0.2", 40_000))
    assert who_opened(wire.syn_ack(), Listening((4369,))) == (wire.opener, wire.listener, OpenerKnownBy.SYN_ACK)


@pytest.mark.parametrize(
    ("sender", "receiver", "sender_listens"),
    [
        (4369, 40_000, True),
        (40_000, 4369, False),
        (4369, 80, True),
        (80, 4369, False),
        (25_672, 40_000, True),
        (40_000, 25_672, False),
        (9100, 25_672, True),
        (25_672, 9100, False),
        (45_000, 40_000, False),
        (40_000, 45_000, False),
    ],
)
def test_the_ports_let_guess(sender: int, receiver: int, sender_listens: bool) -> None:
    """A known port listens, else the only one or the lower one that is not ephemeral; else who speaks first dials."""
    wire = Wire(opener=Endpoint("10.0.0.1", sender), listener=Endpoint("10.0.0.2", receiver))
    opener, _, known_by = who_opened(wire.out(b"frame"), Listening((4369,)))
    assert opener == (wire.listener if sender_listens else wire.opener)
    assert known_by is OpenerKnownBy.GUESS


def test_a_table_can_be_told_ports() -> None:
    """Nodes listen on ephemeral ports, and EPMD or the user may know which."""
    wire = Wire(opener=Endpoint("10.0.0.1", 33_000), listener=Endpoint("10.0.0.2", 45_000))
    (stream,) = fed(StreamTable(listening=(45_000,)), wire.back(b"frame"))
    assert stream.listener == wire.listener


def test_endpoints_that_accepted_are_learned() -> None:
    """Another connection to the same listener, of which the start is missing, is seen the right way round."""
    first = Wire(opener=Endpoint("10.0.0.1", 33_000), listener=Endpoint("10.0.0.2", 45_000))
    second = Wire(opener=Endpoint("10.0.0.1", 33_002), listener=Endpoint("10.0.0.2", 45_000))
    table = StreamTable()
    for segment in first.handshake():
        table.feed(segment)
    (stream,) = fed(table, second.back(b"frame"))
    assert stream.listener == second.listener


def test_guesses_are_not_learned_from() -> None:
    """Else one wrong guess would make others."""
    wire = Wire(opener=Endpoint("10.0.0.1", 33_000), listener=Endpoint("10.0.0.2", 45_000))
    table = StreamTable()
    (stream,) = fed(table, wire.back(b"frame"))
    assert stream.listener == wire.opener
    assert wire.opener not in table.listening


def test_what_is_learned_is_bounded() -> None:
    """A sweep over all ports of a host pushes out the oldest, and ports given stay."""
    listening = Listening((4369,))
    for port in range(LEARNED + 10):
        listening.learn(Endpoint("10.0.0.1", port))
        listening.learn(Endpoint("10.0.0.1", port))
    assert Endpoint("10.0.0.1", 9) not in listening
    assert Endpoint("10.0.0.1", 10) in listening
    assert Endpoint("10.0.0.9", 4369) in listening


def test_the_ports_are_used_again() -> None:
    """A new SYN with a new number after the end begins a new stream; the old one is forgotten."""
    old, new = Wire(), Wire(out_isn=777_777, back_isn=888_888)
    table = StreamTable()
    (first,) = fed(table, *old.handshake(), old.out(flags=FIN | ACK), old.back(ack=1, flags=FIN | ACK))
    assert words(table.feed(new.syn())) == ["out Forgotten reason=REPLACED", "out Syn"]
    (second,) = fed(table, new.syn_ack(), new.out(), new.out(b"name"))
    assert second is not first
    assert len(table) == 1


def test_another_dial_of_the_same_port() -> None:
    """An unanswered dial, then one with another number: two dials."""
    old, new = Wire(), Wire(out_isn=777_777)
    table = StreamTable()
    table.feed(old.syn())
    assert words(table.feed(new.syn())) == ["out Forgotten reason=REPLACED", "out Syn"]


def test_a_host_that_lost_its_connections_dials_again() -> None:
    """The old connection was never closed; the new SYN begins a new stream all the same."""
    old, new = Wire(), Wire(out_isn=777_777, back_isn=888_888)
    table = StreamTable()
    (first,) = fed(table, *old.handshake(), old.out(b"held", 8))
    assert words(table.feed(new.syn())) == [
        "out Hole offset=0 length=8 cause=NEVER_SEEN",
        "out Data offset=8 data=b'held'",
        "out Forgotten reason=REPLACED",
        "out Syn",
    ]
    assert first not in fed(table, new.syn_ack())


def test_only_the_listener_is_seen_and_the_ports_are_used_again() -> None:
    """A SYN-ACK with other numbers on both sides."""
    old, new = Wire(), Wire(out_isn=777_777, back_isn=888_888)
    table = StreamTable()
    table.feed(old.syn_ack())
    assert words(table.feed(new.syn_ack())) == ["out Forgotten reason=REPLACED", "back SynAck"]


def test_two_hosts_answer_one_dial() -> None:
    """The same dial, answered with two numbers: one stream."""
    wire, other = Wire(), Wire(back_isn=888_888)
    table = StreamTable()
    assert len(fed(table, wire.syn(), wire.syn_ack(), other.syn_ack())) == 1


def test_a_late_segment_of_a_closed_connection() -> None:
    """Near what was sent it belongs to the closed stream; far from it something new was begun unseen."""
    wire = Wire()
    table = StreamTable()
    (first,) = fed(table, *wire.handshake(), wire.out(b"name"), wire.back(flags=RST | ACK))
    assert fed(table, wire.out(b"name"), wire.out(b"more", 4)) == [first]
    forgotten, second = fed(table, wire.out(b"new", 1_000_000_000))
    assert forgotten is first
    assert second.opener_known_by is OpenerKnownBy.GUESS


def test_another_file_shows_the_connection_once_more() -> None:
    """Two captures of one vantage that overlap: the second view is a stream of its own."""
    wire = Wire()
    table = StreamTable()
    (first,) = fed(table, *wire.handshake(), wire.out(b"name"))
    again = Wire(capture=1, at=wire.at - 2 * SECOND)
    forgotten, second = fed(table, *again.handshake(), again.out(b"name"))
    assert forgotten is first
    assert second.initial_sequence == first.initial_sequence


def test_a_dial_is_repeated_in_the_next_file() -> None:
    """Rotating files does not make a repeated SYN a new connection, neither before nor after its answer."""
    wire = Wire()
    table = StreamTable()
    table.feed(wire.syn())
    wire.capture = 1
    assert words(table.feed(wire.syn())) == ["out Syn retry=1"]
    assert words(table.feed(wire.syn_ack()) + table.feed(wire.out())) == ["back SynAck", "out Established"]
    wire.capture = 2
    assert words(table.feed(wire.syn_ack())) == ["back SynAck retry=1"]


def test_a_reset_never_begins_a_connection_anew() -> None:
    """However odd its number is."""
    wire = Wire()
    table = StreamTable()
    segments = [*wire.handshake(), wire.out(flags=RST), wire.out(offset=2**31, flags=RST), wire.out(flags=SYN | RST)]
    assert len(fed(table, *segments)) == 1
