"""With the sieve or without it: the same report.  And the columns say what the decoder says."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analyzer.capture import Packet, Sifting, batch, open_source
from analyzer.capture.packet import Elapsed
from analyzer.capture.pcap import write_pcap
from analyzer.decode import Decoder, Segment, Skipped, SkipReason, TcpFlags
from analyzer.sieve.columns import Columns, columns_of
from analyzer.sieve.keys import UNCOVERED, key_of
from analyzer.streams.limits import SECOND
from samples import provenance
from tests.analyzer.sieve.sifted import in_batches, sifted_report
from tests.corpus import EVERY_SAMPLE, ROOT, SAMPLES, report_text

MARKS = TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST
CLASSIC = sorted(
    {
        file
        for sample in SAMPLES.values()
        for file in sample.files
        if file.endswith(".pcap") and (provenance.HERE / file).read_bytes()[:4] != b"\x0a\x0d\x0d\x0a"
    }
)


@pytest.mark.parametrize("most", [batch.MOST, 7])
@EVERY_SAMPLE
def test_every_sample_gives_the_same_report(name: str, most: int) -> None:
    """Byte for byte, in batches of any size."""
    sample = SAMPLES[name]
    paths = tuple(f"samples/{file}" for file in sample.files)
    with contextlib.chdir(ROOT), in_batches(most, eager=False):
        assert sifted_report(paths, frozenset(sample.dist_ports)) == report_text(name)


class _All:
    """Lets everything pass, and keeps the columns."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bool, bool]] = []

    def prepare(self, part: batch.Batch, vantage: int) -> Columns:
        return columns_of(part, vantage)

    def sift(self, part: batch.Batch, prepared: Columns, vantage: int, capture: int) -> range:
        self.seen += zip(prepared.keys.tolist(), prepared.marks.tolist(), prepared.foreign.tolist(), strict=True)
        return range(len(part))


@pytest.mark.parametrize("file", CLASSIC)
def test_columns_agree_with_the_decoder(file: str) -> None:
    """A covered packet is a segment of that very stream; a foreign one is skipped, and not for a reason to report."""
    sifter = _All()
    decoder = Decoder()
    with open_source([str(provenance.HERE / file)], stdin=io.BytesIO()) as source:
        items = source.sifted(Sifting(sifter))  # type: ignore[arg-type]
        packets = [packet for packet in items if isinstance(packet, Packet)]
    assert len(packets) == len(sifter.seen) or not sifter.seen
    for packet, (key, mark, foreign) in zip(packets, sifter.seen, strict=False):
        decoded = decoder.decode(packet)
        assert not (foreign and key != UNCOVERED)
        if foreign:
            assert isinstance(decoded, Skipped)
            assert decoded.reason in (SkipReason.NOT_TCP, SkipReason.NOT_IP)
        elif key != UNCOVERED:
            assert isinstance(decoded, Segment)
            assert key == key_of(packet.vantage, decoded.source, decoded.destination)
            assert key == key_of(packet.vantage, decoded.destination, decoded.source)
            assert mark == bool(decoded.flags & MARKS)


def test_most_packets_are_covered() -> None:
    """Else the columns would be right about nothing."""
    covered = 0
    total = 0
    for file in CLASSIC:
        sifter = _All()
        with open_source([str(provenance.HERE / file)], stdin=io.BytesIO()) as source:
            for item in source.sifted(Sifting(sifter)):  # type: ignore[arg-type]
                assert isinstance(item, Packet | Elapsed)
        covered += sum(key != UNCOVERED or foreign for key, _, foreign in sifter.seen)
        total += len(sifter.seen)
    assert covered > 0.9 * total > 0


def _packets(file: str) -> tuple[int, list[tuple[int, bytes]]]:
    with open_source([str(provenance.HERE / file)], stdin=io.BytesIO()) as source:
        packets = list(source)
    return packets[0].link_type, [(packet.ref.at, packet.data) for packet in packets]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(CLASSIC),
    drop=st.sets(st.integers(0, 60), max_size=12),
    swaps=st.lists(st.integers(0, 60), max_size=8),
    copies=st.dictionaries(st.integers(0, 60), st.integers(0, 9), max_size=6),
    pauses=st.dictionaries(st.integers(0, 60), st.sampled_from([-(10**6), -70, 59, 61, 119, 121, 10**6]), max_size=4),
    flips=st.dictionaries(st.integers(0, 60), st.tuples(st.integers(12, 70), st.integers(0, 255)), max_size=4),
    snap=st.sampled_from([60, 74, 90, 262_144]),
    most=st.integers(1, 40),
    eager=st.booleans(),
    cut=st.integers(0, 40),
    part=st.tuples(st.none() | st.integers(0, 30), st.none() | st.integers(0, 60)),
)
@example(
    file="healthy/bulk-fragments.pcap",
    drop=set(range(5)),
    swaps=[48],
    copies={},
    pauses={},
    flips={},
    snap=262_144,
    most=38,
    eager=False,
    cut=0,
    part=(None, None),
)
def test_mutated_captures_give_the_same_report(
    file: str,
    drop: set[int],
    swaps: list[int],
    copies: dict[int, int],
    pauses: dict[int, int],
    flips: dict[int, tuple[int, int]],
    snap: int,
    most: int,
    eager: bool,
    cut: int,
    part: tuple[int | None, int | None],
    tmp_path: Path,
) -> None:
    """Packets lost, swapped, doubled, sliced and damaged, pauses in which streams are forgotten, a clock that is set
    back, a file that breaks off, only a part of the time: no difference."""
    link_type, packets = _packets(file)
    for place in swaps:
        if place + 1 < len(packets):
            packets[place], packets[place + 1] = packets[place + 1], packets[place]
    for place, behind in copies.items():
        if place < len(packets):
            at, _ = packets[min(place + behind, len(packets) - 1)]
            packets.insert(place + 1 + behind, (at, packets[place][1]))
    late = [sum(pause for place, pause in pauses.items() if place <= index) for index in range(len(packets))]
    packets = [(at + pause * SECOND, data) for (at, data), pause in zip(packets, late, strict=True)]
    for index, (place, value) in flips.items():
        if index < len(packets):
            at, data = packets[index]
            packets[index] = at, data[:place] + bytes([value]) + data[place + 1 :]
    left = [packet for index, packet in enumerate(packets) if index not in drop]
    held = io.BytesIO()
    write_pcap(held, left, link_type=link_type, snap_length=snap)
    path = tmp_path / "mutated.pcap"
    path.write_bytes(held.getvalue()[: max(24, len(held.getvalue()) - cut)])
    if not left:
        return
    with in_batches(most, eager=eager):
        since, until = (None if place is None or place >= len(left) else left[place][0] for place in part)
        times = since, until
        assert sifted_report((str(path),), times=times) == sifted_report((str(path),), through=False, times=times)
