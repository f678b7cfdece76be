"""One capture, packet by packet or in batches: the same packets, counts and notes, from a file as from a pipe."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.capture import Elapsed, Packet, Sifting, open_source
from analyzer.capture.batch import Batch
from analyzer.capture.pcap import write_pcap
from samples.provenance import HERE
from tests.analyzer.capture.unadvised import Unadvised

DRESSES = [
    "handshake/cookie-mismatch.pcap",
    "shapes/pcapng.pcapng",
    "shapes/dress-two-interfaces.pcapng",
    "shapes/dress-modified.pcap",
    "shapes/dress-zstd.pcap.zst",
    "shapes/cut-off.pcap",
]
SECOND = 10**9


class Everything(Unadvised):
    """A sifter that lets all pass that is not outside."""

    def prepare(self, batch: Batch, vantage: int) -> list[int]:
        """The times of the packets: what is prepared of a batch comes back with it."""
        times: list[int] = batch.at.tolist()
        return times

    def sift(self, batch: Batch, prepared: list[int], vantage: int, capture: int) -> Iterator[int]:
        assert prepared == batch.at.tolist()
        outside = [False] * len(batch) if batch.outside is None else batch.outside.tolist()
        return (row for row, out in enumerate(outside) if not out)


def read(path: str, stdin: bytes, *, sifted: bool) -> tuple[list[Packet], object]:
    """All packets, and the state of the capture afterwards."""
    with open_source([path], stdin=io.BytesIO(stdin)) as source:
        items = source.sifted(Sifting(Everything())) if sifted else source
        packets = [item for item in items if isinstance(item, Packet)]
        return packets, source.captures


@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
@pytest.mark.parametrize("file", DRESSES)
def test_batches_hold_the_same_packets(file: str, piped: bool) -> None:
    """And the capture has the same counts and notes."""
    path = HERE / file
    one, other = (read("-" if piped else str(path), path.read_bytes(), sifted=sifted) for sifted in (False, True))
    assert one[0] == other[0]
    assert repr(one[1]) == repr(other[1])


def test_only_a_part_of_the_time(tmp_path: Path) -> None:
    """What lies outside is counted, and no clock goes by it."""
    path = tmp_path / "t.pcap"
    with path.open("wb") as stream:
        write_pcap(stream, [(second * SECOND, b"x") for second in range(1, 9)])
    with open_source([str(path)], stdin=io.BytesIO()) as source:
        items = list(source.sifted(Sifting(Everything(), 3 * SECOND, 5 * SECOND)))
        assert [item.ref.number for item in items if isinstance(item, Packet)] == [3, 4, 5]
        assert [item.at for item in items if isinstance(item, Elapsed)] == [3 * SECOND, 5 * SECOND]
        assert source.captures[0].packets == 8


def test_old_versions_are_read_one_by_one(tmp_path: Path) -> None:
    """The two lengths of a record stand in either order."""
    path = tmp_path / "t.pcap"
    with path.open("wb") as stream:
        write_pcap(stream, [(SECOND, b"abc")])
    path.write_bytes(path.read_bytes()[:6] + b"\3\0" + path.read_bytes()[8:])
    one, other = (read(str(path), b"", sifted=sifted) for sifted in (False, True))
    assert one[0] == other[0]
    assert not any(isinstance(item, Elapsed) for item in other[0])


def test_how_much_a_capture_may_hold(tmp_path: Path) -> None:
    """A compressed one more than its size; of a pipe nobody knows."""
    plain, packed = tmp_path / "t.pcap", tmp_path / "t.pcap.gz"
    with plain.open("wb") as stream:
        write_pcap(stream, [(SECOND, b"abc")])
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    sizes = []
    for path in (str(plain), str(packed), "-"):
        with open_source([path], stdin=io.BytesIO(plain.read_bytes())) as source:
            sizes.append(source.worth_sifting)
    assert sizes == [plain.stat().st_size, 32 * packed.stat().st_size, None]
