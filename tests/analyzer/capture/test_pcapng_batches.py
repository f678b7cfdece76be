"""Batches of a pcapng file hold the packets that the plain reader gives, and the capture's state is the same."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import records
from analyzer.capture.batch import Buffer, batches_of
from analyzer.capture.pcapng_batches import read_pcapng_loads
from analyzer.capture.state import NOT_A_PACKET, CaptureState, RawRecord
from analyzer.capture.supply import FileSupply
from tests.analyzer.capture.test_pcapng import block, interface, obsolete, option, packet, read, section

NumberedRecord = tuple[int, RawRecord]


def plain(data: bytes) -> tuple[list[NumberedRecord], CaptureState]:
    """Record by record, with their numbers."""
    found, state = read(data)
    state.packets = len(found)
    return [(number, each) for number, each in enumerate(found, 1) if each[1] != NOT_A_PACKET], state


def batched(data: bytes, size: int = 1 << 16) -> tuple[list[NumberedRecord], CaptureState]:
    """The same from batches."""
    state = CaptureState("t.pcapng", "pcapng")
    found: list[NumberedRecord] = []
    for part in batches_of(read_pcapng_loads(Buffer(FileSupply(io.BytesIO(data), state), size), state)):
        for row in range(len(part)):
            record = int(part.at[row]), int(part.links[row]), part.data(row), int(part.wire[row])
            found.append((int(part.numbers[row]), record))
    return found, state


def agree(data: bytes, size: int = 1 << 16) -> None:
    """Both readers give the same packets, numbers, losses and notes."""
    expected, plain_state = plain(data)
    found, state = batched(data, size)
    assert found == expected
    assert (state.packets, state.notes, state.cut) == (plain_state.packets, plain_state.notes, plain_state.cut)
    assert state.dropped == plain_state.dropped


def blocks(order: str) -> st.SearchStrategy[bytes]:
    """What may stand in a section, well formed or not."""
    drops = option(4, struct.pack(order + "Q", 3), order)
    lost = option(5, struct.pack(order + "Q", 9), order)
    packets = st.builds(
        packet,
        st.binary(max_size=40),
        st.sampled_from([0, 1_000_000, 1 << 62, (1 << 64) - 1]),
        st.sampled_from([0, 0, 0, 1, 5]),
        st.sampled_from([0, 0, 90]),
        st.sampled_from([b"", b"", b"", drops]),
        st.just(order),
    )
    others = st.sampled_from(
        [
            interface(113, option(9, b"\x09", order), order=order),
            interface(1, option(9, b"\x8a", order), order=order),
            interface(1, option(14, struct.pack(order + "q", -5), order), order=order, snap_length=2),
            block(3, struct.pack(order + "I", 5) + b"abcde", order),
            block(0x0BAD, b"\0\0\0\1", order),
            block(9, b"journal!", order),
            block(4, bytes(8), order),
            block(5, struct.pack(order + "III", 0, 0, 0) + lost, order),
            block(5, struct.pack(order + "III", 7, 0, 0), order),
            *([obsolete(b"abc", 7, 2)] if order == "<" else []),
        ]
    )
    return st.one_of(packets, packets, packets, packets, others)


def sections() -> st.SearchStrategy[bytes]:
    """Sections of both byte orders."""
    return st.sampled_from(["<", ">"]).flatmap(
        lambda order: st.lists(blocks(order), max_size=30).map(
            lambda inside: section(order) + interface(order=order) + b"".join(inside)
        )
    )


@given(
    parts=st.lists(sections(), min_size=1, max_size=3),
    cut=st.integers(0, 40),
    spoiled_or_size=st.tuples(st.integers(28, 4000), st.just(1 << 16)) | st.just((None, 300)),
    lane=st.sampled_from([64, 200, records.LANE]),
    few=st.sampled_from([0, 3, records.FEW]),
    steps=st.sampled_from([1, 3, records.STEPS]),
)
def test_batches_equal_records(
    parts: list[bytes], cut: int, spoiled_or_size: tuple[int | None, int], lane: int, few: int, steps: int
) -> None:
    """Whatever the blocks, wherever the file is cut or damaged, in one walk or in many lanes."""
    data = bytearray(b"".join(parts))
    spoiled, size = spoiled_or_size
    if spoiled is not None and spoiled < len(data):
        data[spoiled] ^= 0x40
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "LANE", lane)
        patch.setattr(records, "FEW", few)
        patch.setattr(records, "STEPS", steps)
        agree(bytes(data[: max(28, len(data) - cut)]), size)


def test_blocks_without_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every lane: no walk stands still."""
    monkeypatch.setattr(records, "LANE", 64)
    monkeypatch.setattr(records, "FEW", 0)
    zeros = packet()[:4] + bytes(4) + packet()[8:]
    agree(section() + interface() + packet() + (packet() * 2 + zeros) * 40)


def test_damage_among_packets() -> None:
    """What stands before it counts, what stands behind it does not."""
    statistics = block(5, struct.pack("<III", 0, 0, 0) + option(5, struct.pack("<Q", 9)))
    wrong = block(5, struct.pack("<III", 7, 0, 0))
    for damage in (wrong, packet(number=9), packet()[:-4] + b"\0\0\0\1"):
        agree(section() + interface() + packet() * 3 + statistics + damage + packet() * 3 + statistics)


def test_many_packets_in_lanes() -> None:
    """The usual file: nothing but packets, and an end that tells of losses."""
    data = section() + interface() + b"".join(packet(bytes(index % 90), index) for index in range(4000))
    data += block(5, struct.pack("<III", 0, 0, 0) + option(5, struct.pack("<Q", 9)))
    agree(data)
    found, state = batched(data)
    assert (len(found), state.dropped) == (4000, 9)
