"""Which packets of a connection are kept."""

from __future__ import annotations

import pytest

from analyzer.capture.packet import Packet, PacketRef, Run
from analyzer.capture.run_parts import Half, Piece, Recent
from analyzer.decode.segment import Endpoint
from analyzer.evidence.keeper import HEAD, SHORTEST_TAIL, TAIL, TAIL_BYTES, Keeper
from analyzer.evidence.spool import Spool
from analyzer.sessions.attempt import Attempt, Kind, Party
from analyzer.sessions.events import Leg, Ticked
from analyzer.streams.stream import Direction, OpenerKnownBy, Stream
from analyzer.streams.table import Place
from dissectors.dialogue import Side

ENDS = ("10.0.0.1", 40000), ("10.0.0.2", 9100)


def stream() -> Stream:
    return Stream(0, Endpoint(*ENDS[0]), Endpoint(*ENDS[1]), OpenerKnownBy.SYN)


def attempt() -> Attempt:
    return Attempt(Kind.CONNECT, Party(), Party())


def packet(number: int, size: int = 60) -> Packet:
    return Packet(PacketRef(0, number, number * 1000), 0, 1, bytes(size), size)


class Case:
    """A keeper that watches one connection."""

    def __init__(self, spool: Spool | None = None) -> None:
        self.keeper = Keeper(spool)
        self.stream, self.attempt = stream(), attempt()

    def sees(self, *numbers: int, size: int = 60, direction: Direction = Direction.OUT) -> None:
        for number in numbers:
            self.keeper.saw(packet(number, size), (), Place(self.stream, direction, 0))

    def kept(self) -> list[tuple[int, int]]:
        """Number, and how many are left out before it."""
        self.keeper.finished({})
        return [(kept.packet.ref.number, kept.left_out) for kept in self.keeper.packets([self.attempt])]


def test_a_short_connection_is_kept_whole() -> None:
    """Also what came before it was known to matter."""
    case = Case()
    case.sees(1, 2, 3)
    case.keeper.joined(case.stream, case.attempt)
    case.sees(4, 5)
    assert case.kept() == [(number, 0) for number in range(1, 6)]


def test_what_is_no_attempt_is_not_kept() -> None:
    """Nor is an attempt that nobody asks for."""
    case = Case()
    case.sees(1, 2)
    case.keeper.ended(case.stream)
    case.keeper.joined(case.stream, attempt())
    case.sees(3)
    assert case.kept() == []


def test_of_a_long_connection_both_ends() -> None:
    """The first packets, the last of either direction, and a number in the place of the others."""
    case = Case()
    case.keeper.joined(case.stream, case.attempt)
    case.sees(HEAD + 1, direction=Direction.BACK)
    last = HEAD + 1000
    numbers = [number for number in range(1, last + 1) if number != HEAD + 1]
    case = Case()
    case.keeper.joined(case.stream, case.attempt)
    case.sees(*range(1, HEAD + 1))
    case.sees(HEAD + 1, direction=Direction.BACK)
    case.sees(*range(HEAD + 2, last + 1))
    kept = case.kept()
    assert [number for number, _ in kept] == [*range(1, HEAD + 2), *range(last - TAIL + 1, last + 1)]
    assert sum(left_out for _, left_out in kept) == len(numbers) - HEAD - TAIL
    assert [entry for entry in kept if entry[1]] == [(HEAD + 1, len(numbers) - HEAD - TAIL)]


def test_large_packets_leave_a_shorter_tail() -> None:
    """Memory is bounded by bytes, and a few stay whatever their size."""
    case = Case()
    case.keeper.joined(case.stream, case.attempt)
    case.sees(*range(1, HEAD + 101), size=TAIL_BYTES)
    assert len(case.kept()) == HEAD + SHORTEST_TAIL


def test_a_cited_packet_stays() -> None:
    """In the middle of a long connection."""
    case = Case()
    case.keeper.joined(case.stream, case.attempt)
    case.sees(*range(1, HEAD + 11))
    case.keeper.cited(case.stream, Ticked(packet=packet(HEAD + 10).ref, side=Side.INITIATOR, leg=Leg.LINK))
    case.sees(*range(HEAD + 11, HEAD + 501))
    kept = case.kept()
    assert (HEAD + 10, 9) in kept
    assert len(kept) == HEAD + 1 + TAIL


def test_pieces_come_with_the_packet_that_completes_them() -> None:
    """In their own place."""
    case = Case()
    case.keeper.joined(case.stream, case.attempt)
    case.sees(1)
    case.keeper.saw(packet(2), (), None)
    case.keeper.saw(packet(3), (), None)
    case.sees(4)
    case.keeper.saw(packet(5), (packet(2).ref, packet(5).ref), Place(case.stream, Direction.OUT, 0))
    assert [number for number, _ in case.kept()] == [1, 2, 4, 5]


@pytest.mark.parametrize("seen", [10, HEAD])
def test_a_run_counts_like_its_packets(seen: int) -> None:
    """Most of it is only counted, and what fills up the first packets is kept."""
    case = Case()
    case.keeper.joined(case.stream, case.attempt)
    case.sees(*range(1, seen + 1))
    packets = [packet(number) for number in range(seen + 1, seen + 1001)]
    half = Half(1000, packets[-1].ref, 0, 1000, 0, (0,), packets[0].ref, 64, 1)
    pieces = [Piece(True, each.ref, number, b"x", 64) for number, each in enumerate(packets)]
    run = Run(0, 0, half.last.at, ENDS, half, None, pieces, lambda: packets, (None, None), lambda: Recent(*[[]] * 8))
    case.keeper.saw_run(run, case.stream)
    kept = case.kept()
    assert [number for number, _ in kept] == [*range(1, HEAD + 1), *range(seen + 1001 - TAIL, seen + 1001)]
    assert sum(left_out for _, left_out in kept) == seen + 1000 - HEAD - TAIL


def test_the_limit_is_told() -> None:
    """Rather than fill the disk."""
    case = Case(Spool(limit=1000))
    case.keeper.joined(case.stream, case.attempt)
    case.sees(*range(1, 100))
    assert 0 < len(case.kept()) < 20
    assert case.keeper.full
