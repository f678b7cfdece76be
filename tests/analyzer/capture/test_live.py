"""Packets of interfaces in the order of time, and the time that passes without."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.batch import Batch
from analyzer.capture.live import SECOND, SETTLED, LiveSource
from analyzer.capture.packet import Elapsed, Packet, Run
from analyzer.capture.tap import Counts
from analyzer.capture.track import Sifting
from tests.analyzer.capture.unadvised import Unadvised
from tests.analyzer.live.scripted import ScriptedTap

START = 1_790_000_000 * SECOND


class Everything(Unadvised):
    """Lets all pass."""

    def prepare(self, batch: Batch, vantage: int) -> None:
        """Nothing."""

    def sift(self, batch: Batch, prepared: None, vantage: int, capture: int) -> Iterator[int | Run]:
        """All indices."""
        yield from range(len(batch))


def played(*taps: ScriptedTap, clock: int = START) -> tuple[list[Packet], list[Elapsed], LiveSource]:
    """All that comes until the last tap is gone."""
    source = LiveSource(taps, clock=lambda: clock, pace=0)
    items = list(source.sifted(Sifting(Everything())))
    packets = [item for item in items if isinstance(item, Packet)]
    return packets, [item for item in items if isinstance(item, Elapsed)], source


def records(*milliseconds: int) -> list[tuple[int, bytes]]:
    """Packets at these times after the start."""
    return [(START + each * 1_000_000, b"packet %d" % each) for each in milliseconds]


def test_packets_are_numbered_by_interface_and_come_in_the_order_of_time() -> None:
    """Two interfaces tell one story, from one point of observation."""
    one, other = ScriptedTap(records(1, 5, 9), at_a_time=2), ScriptedTap(records(2, 3, 10), name="eth8", at_a_time=2)
    packets, _, source = played(one, other)
    assert [packet.data for packet in packets] == [b"packet %d" % each for each in (1, 2, 3, 5, 9, 10)]
    assert [packet.ref[:2] for packet in packets] == [(0, 1), (1, 1), (1, 2), (0, 2), (0, 3), (1, 3)]
    assert {packet.vantage for packet in packets} == {0}
    assert [(state.path, state.packets, state.link_types) for state in source.captures] == [
        ("eth7", 3, [1]),
        ("eth8", 3, [1]),
    ]
    assert source.captures[0].first_at == START + 1_000_000
    assert source.captures[1].last_at == START + 10_000_000


def test_an_interface_that_goes_away_is_noted_and_the_others_go_on() -> None:
    """Only when none is left it is an error."""
    gone: list[tuple[str, str]] = []
    one, other = ScriptedTap(records(1), name="a"), ScriptedTap(records(2, 3, 4), name="b", at_a_time=1)
    source = LiveSource((one, other), clock=lambda: START, pace=0, on_gone=lambda *each: gone.append(each))
    assert len([item for item in source.sifted(Sifting(Everything())) if isinstance(item, Packet)]) == 4
    assert [name for name, _ in gone] == ["a", "b"]
    assert all(state.cut and "went down" in state.notes[0] for state in source.captures)
    [error] = source.errors
    assert error.path == "b"
    assert one.closed and other.closed


def test_time_goes_on_without_packets() -> None:
    """What waits for a timer hears of it."""
    now = [START]

    def clock() -> int:
        now[0] += SECOND
        return now[0]

    def quiet() -> None:
        if now[0] > START + 8 * SECOND:
            source.stop()

    source = LiveSource([ScriptedTap(records(5000), at_end=quiet)], clock=clock, pace=0)
    times = [item.at for item in source.sifted(Sifting(Everything())) if isinstance(item, Elapsed)]
    assert times == sorted(times)
    assert START + 6 * SECOND < times[-1] <= now[0] - SETTLED


def test_stop_reads_what_the_kernel_has_and_at_once_does_not() -> None:
    """The first ends in order, the second loses what nobody waits for."""
    for at_once, most in ((False, 5), (True, 1)):
        now = [START]

        def clock(now: list[int] = now) -> int:
            now[0] += SETTLED // 40
            return now[0]

        source = LiveSource(
            [ScriptedTap(records(1, 2, 3, 4, 5), at_a_time=1, at_end=lambda: None)], clock=clock, pace=0
        )
        got = 0
        for item in source.sifted(Sifting(Everything())):
            if isinstance(item, Packet):
                got += 1
                source.stop(at_once=at_once)
        assert got == most


def test_what_the_kernel_drops_is_noted_with_its_time() -> None:
    """Between the last time that it was asked and now."""
    tap = ScriptedTap(records(1, 2, 3), at_a_time=1)
    now = [START]

    def clock() -> int:
        now[0] += SECOND
        return now[0]

    source = LiveSource([tap], clock=clock, pace=0)
    for item in source.sifted(Sifting(Everything())):
        if isinstance(item, Packet) and item.ref.number == 2:
            tap.dropped = 7
    [state] = source.captures
    [loss] = state.losses
    assert (state.dropped, loss.packets) == (7, 7)
    assert START < loss.since < loss.until <= now[0]
    assert any("7 packets were dropped by the kernel" in note for note in state.notes)
    assert tap.counts() == Counts(3, 7)
