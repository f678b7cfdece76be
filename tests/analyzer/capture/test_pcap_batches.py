"""Batches of a classic file hold the packets that the plain reader gives, and the capture's state is the same."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import batch
from analyzer.capture.batch import Buffer, batches_of
from analyzer.capture.container import read_capture
from analyzer.capture.pcap import write_pcap
from analyzer.capture.pcap_batches import read_pcap_loads
from analyzer.capture.state import CaptureState, RawRecord
from analyzer.capture.supply import FileSupply


def plain(data: bytes) -> tuple[list[RawRecord], CaptureState]:
    """Record by record."""
    state = CaptureState("x")
    return list(read_capture(iter([data]), state)), state


def batched(data: bytes, size: int) -> tuple[list[RawRecord], CaptureState]:
    """The same from batches."""
    state = CaptureState("x")
    found: list[RawRecord] = []
    for part in batches_of(read_pcap_loads(Buffer(FileSupply(io.BytesIO(data), state), size), state)):
        assert part.numbers.tolist() == list(range(len(found) + 1, len(found) + 1 + len(part)))
        for row in range(len(part)):
            found.append((int(part.at[row]), int(part.links[row]), part.data(row), int(part.wire[row])))
            assert part.data(row).startswith(part.heads()[row].tobytes()[: len(part.data(row))])
    return found, state


@given(
    lengths=st.lists(st.integers(0, 400), max_size=60),
    cut=st.integers(0, 60),
    nanoseconds=st.booleans(),
    order=st.sampled_from(["<", ">"]),
    most=st.integers(1, 50),
    size=st.sampled_from([600, 1000, 1 << 16]),
)
def test_batches_equal_records(
    lengths: list[int], cut: int, nanoseconds: bool, order: str, most: int, size: int
) -> None:
    """Whatever the sizes, and where the file breaks off."""
    held = io.BytesIO()
    packets = [(10**18 + index * 1000, bytes(length)) for index, length in enumerate(lengths)]
    write_pcap(held, packets, nanoseconds=nanoseconds, snap_length=300, order=order)  # type: ignore[arg-type]
    data = held.getvalue()
    data = data[: max(24, len(data) - cut)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "MOST", most)
        found, state = batched(data, size)
    expected, plain_state = plain(data)
    assert found == expected
    assert (state.cut, state.notes) == (plain_state.cut, plain_state.notes)
    assert state.consumed == len(data)


@pytest.mark.parametrize("order", ["<", ">"])
def test_modified_files(order: str) -> None:
    """Their record headers are longer."""
    data = struct.pack(order + "IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 100, 1)
    for second in range(1, 9):
        data += struct.pack(order + "IIIIIHBx", second, 2, 3, 4, 5, 6, 7) + b"abc"
    found, _ = batched(data, 1000)
    assert found == plain(data)[0]
    assert len(found) == 8


@pytest.mark.parametrize("record", [struct.pack("<IIII", 1, 0, 1 << 30, 1 << 30), bytes(100)])
def test_damage(record: bytes) -> None:
    """Said in the same words."""
    held = io.BytesIO()
    write_pcap(held, [(10**18, b"abc")] * 5)
    data = held.getvalue() + record + bytes(50)
    found, state = batched(data, 1000)
    expected, plain_state = plain(data)
    assert (found, state.notes, state.cut) == (expected, plain_state.notes, True)
