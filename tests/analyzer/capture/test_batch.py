"""Batches hold the packets that the plain reader gives, and the capture's state is the same afterwards."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import batch
from analyzer.capture.container import read_capture
from analyzer.capture.pcap import is_current, write_pcap
from analyzer.capture.state import CaptureState, RawRecord


def plain(data: bytes) -> tuple[list[RawRecord], CaptureState]:
    """Record by record."""
    state = CaptureState("x")
    return list(read_capture(iter([data]), state)), state


def batched(data: bytes) -> tuple[list[RawRecord], CaptureState]:
    """The same from batches."""
    state = CaptureState("x")
    found: list[RawRecord] = []
    for part in batch.read_batches(io.BytesIO(data), state):
        assert part.first_number == len(found) + 1
        found += [
            (int(part.at[index]), part.link_type, part.data(index), int(part.wire[index])) for index in range(len(part))
        ]
        for index in range(len(part)):
            head = part.heads[index].tobytes()[part.skip :][: len(part.data(index))]
            assert part.data(index).startswith(head)
    return found, state


@given(
    lengths=st.lists(st.integers(0, 400), max_size=60),
    cut=st.integers(0, 60),
    nanoseconds=st.booleans(),
    most=st.integers(1, 50),
    buffer=st.sampled_from([600, 1000, 1 << 16]),
)
def test_batches_equal_records(lengths: list[int], cut: int, nanoseconds: bool, most: int, buffer: int) -> None:
    """Whatever the sizes, and where the file breaks off."""
    held = io.BytesIO()
    write_pcap(
        held,
        [(10**18 + index * 1000, bytes(length)) for index, length in enumerate(lengths)],
        nanoseconds=nanoseconds,
        snap_length=300,
    )
    data = held.getvalue()
    data = data[: max(24, len(data) - cut)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "MOST", most)
        patch.setattr(batch, "BUFFER", buffer)
        found, state = batched(data)
    expected, plain_state = plain(data)
    assert found == expected
    assert (state.cut, state.notes) == (plain_state.cut, plain_state.notes)
    assert state.consumed == len(data)


def test_the_last_batch_knows_it() -> None:
    """And what is left of it after a time."""
    held = io.BytesIO()
    write_pcap(held, [(second * 10**9, b"x") for second in range(1, 6)])
    state = CaptureState("x")
    (part,) = batch.read_batches(io.BytesIO(held.getvalue()), state)
    assert part.is_last
    assert part.left(3 * 10**9) == [4 * 10**9, 5 * 10**9]
    assert part.left(9 * 10**9) == []


def test_old_versions_are_not_batched() -> None:
    """Their lengths stand in either order."""
    held = io.BytesIO()
    write_pcap(held, [])
    assert is_current(io.BytesIO(held.getvalue()))
    assert not is_current(io.BytesIO(held.getvalue()[:6] + b"\x03\0" + held.getvalue()[8:]))
