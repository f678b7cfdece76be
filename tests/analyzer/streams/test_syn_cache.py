"""In a crowd an opening waits, and nothing of it is lost once there is more of it."""

from __future__ import annotations

from analyzer.capture.packet import Packet
from analyzer.decode.segment import Endpoint, Segment, TcpFlags, Unreachable
from analyzer.streams.limits import MILLISECOND, SECOND, Limits
from analyzer.streams.syn_cache import MOST_PACKETS, Opening, SynCache
from analyzer.streams.table import StreamTable
from tests.analyzer.streams.wire import ACK, CLIENT, FIN, OUT, RST, SERVER, START, SYN, Wire, words

OTHER = Endpoint("10.0.0.3", 40_002)
NAME = Opening(0, CLIENT, SERVER)
EVERYTHING_WAITS = Limits(crowd=0)


class Stand:
    """A cache before a table."""

    def __init__(self, limits: Limits = EVERYTHING_WAITS, *, urgent: frozenset[Opening] = frozenset()) -> None:
        self.table = StreamTable(limits)
        self.let_go: list[Opening] = []
        self.asked: list[Opening] = []
        self.urgent = urgent
        self.cache = SynCache(self.table, self._can_wait, self.let_go.append)

    def _can_wait(self, opening: Opening) -> bool:
        self.asked.append(opening)
        return opening not in self.urgent

    def hears(self, *found: Segment | Unreachable) -> list[str]:
        """What the table makes of what it is given."""
        events = []
        for each in found:
            for _, taken in self.cache.let_in(Packet(each.packet, each.vantage, 1, b"", 0), each):
                events += self.table.feed(taken) if isinstance(taken, Segment) else self.table.unreachable(taken)
        return words(events)


def test_openings_wait_until_they_are_more() -> None:
    """Then all that waited comes first, in its order; what follows does not wait."""
    wire, stand = Wire(), Stand()
    story = [wire.syn(), wire.syn(), wire.syn_ack(), wire.out(), wire.out(b"hello"), wire.back(flags=FIN | ACK)]
    assert stand.hears(*story[:3]) == []
    assert len(stand.cache) == 1
    told = stand.hears(*story[3:])
    assert told == Stand(Limits()).hears(*story)
    assert len(stand.cache) == 0
    assert stand.let_go == []


def test_refused_and_rejected() -> None:
    """A reset or an ICMP error is more than an opening."""
    wire = Wire()
    syn = wire.syn()
    for end in (wire.back(offset=-1, flags=RST | ACK), wire.error(syn)):
        stand = Stand()
        assert stand.hears(syn) == []
        assert stand.hears(end) == Stand(Limits()).hears(syn, end) != []


def test_only_in_a_crowd() -> None:
    """As many connections open at once as the limit says; each that is established makes room."""
    limits = Limits(crowd=2)
    stand = Stand(limits)
    wires = [Wire(opener=Endpoint("10.0.0.9", port)) for port in range(4)]
    assert len(stand.hears(*(wire.syn() for wire in wires))) == 2
    assert stand.asked == [Opening(0, wire.opener, SERVER) for wire in wires[2:]]
    stand.hears(wires[0].syn_ack(), wires[0].out())
    late = Wire(opener=OTHER)
    assert len(stand.hears(late.syn())) == 1
    assert len(stand.cache) == 2


def test_who_may_not_wait() -> None:
    """It goes through, with all that follows."""
    wire, stand = Wire(), Stand(urgent=frozenset({NAME}))
    assert len(stand.hears(*wire.handshake())) == 3
    assert len(stand.cache) == 0


def test_what_is_no_plain_opening() -> None:
    """Data on the SYN, a SYN-ACK without its SYN, a connection that began before the capture."""
    for odd in (
        Wire().out(b"fast", offset=-1, flags=SYN),
        Wire().syn_ack(),
        Wire().out(b"hello"),
        Wire().syn()._replace(pieces=(Wire().ref(), Wire().ref())),
    ):
        stand = Stand()
        assert stand.hears(odd) != []
        assert len(stand.cache) == 0


def test_congestion_notification_is_a_plain_opening() -> None:
    """Most hosts ask for it."""
    stand = Stand()
    assert stand.hears(Wire().send(OUT, offset=-1, flags=SYN | TcpFlags.ECE | TcpFlags.CWR)) == []
    assert len(stand.cache) == 1


def test_what_nothing_follows_is_let_go() -> None:
    """Some time after its last packet; the others stay."""
    stand = Stand()
    first, second = Wire(), Wire(opener=OTHER)
    wait = stand.table.limits.unanswered
    stand.hears(first.syn(), second.syn())
    second.at += 60 * SECOND
    stand.hears(second.syn())
    stand.cache.advance(START + wait)
    assert stand.let_go == []
    stand.cache.advance(START + wait + SECOND)
    assert stand.let_go == [NAME]
    assert len(stand.cache) == 1
    stand.cache.finish()
    assert stand.let_go == [NAME, Opening(0, OTHER, SERVER)]
    assert len(stand.cache) == 0


def test_bounded() -> None:
    """In openings, the one that is quiet for longest goes first; and in packets of each."""
    stand = Stand(Limits(crowd=0, openings=2))
    first, second, third = (Wire(opener=Endpoint("10.0.0.9", port)) for port in range(3))
    stand.hears(first.syn(), second.syn(), first.syn(), third.syn())
    assert stand.let_go == [Opening(0, second.opener, SERVER)]
    wire = Wire()
    stand = Stand()
    stand.hears(*(wire.syn() for _ in range(MOST_PACKETS + 5)))
    assert len([line for line in stand.hears(wire.out(b"x")) if "Syn" in line]) == MOST_PACKETS


def test_ports_that_are_used_in_turn() -> None:
    """Another number is another connection: the one before came to nothing."""
    stand = Stand()
    stand.hears(Wire().syn(), Wire(out_isn=77).syn())
    assert stand.let_go == [NAME]
    assert stand.hears(Wire(out_isn=77, at=START + 50 * MILLISECOND).out(b"x"))[0] == "out Syn"
