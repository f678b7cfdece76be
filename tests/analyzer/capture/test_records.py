"""Walking in step finds the records that walking one by one finds, whatever the bytes are."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.capture import records
from analyzer.capture.pcap import VARIANTS, Variant, write_pcap
from analyzer.capture.pcap_batches import Records
from analyzer.capture.records import Walker

HEADER = 24


def variant(order: str) -> Variant:
    """Of nanosecond files."""
    return next(each for each in VARIANTS.values() if (each.order, each.name) == (order, "pcap-ns"))


def one_by_one(data: bytes, layout: Records) -> tuple[list[int], int, bool]:
    """The definition."""
    at = 0
    places: list[int] = []
    while at + layout.header <= len(data):
        seconds, _, length, wire_length = struct.unpack_from(f"{layout.order}IIII", data, at)
        if length > layout.limit or not (max(length, wire_length) or seconds):
            return places, at, True
        if at + layout.header + length > len(data):
            break
        places.append(at)
        at += layout.header + length
    return places, at, False


@given(
    lengths=st.lists(st.integers(0, 300), max_size=200),
    order=st.sampled_from(["<", ">"]),
    lane=st.sampled_from([32, 64, 200, 1000]),
    few=st.sampled_from([0, 3, records.FEW]),
    steps=st.sampled_from([1, 3, records.STEPS]),
    limit=st.sampled_from([250, 262_144]),
    junk=st.binary(max_size=40),
    spoiled=st.integers(0, 20_000),
    fill=st.sampled_from([b"\0", b"\x12", b"\x6a\x6a\x6a\x6a", bytes(range(256))]),
)
@example(
    # A record beyond the limit, and no lane that begins behind it.
    lengths=[251, 0],
    order="<",
    lane=32,
    few=0,
    steps=1,
    limit=250,
    junk=b"",
    spoiled=20_000,
    fill=b"\0",
)
def test_the_same_records(
    lengths: list[int],
    order: str,
    lane: int,
    few: int,
    steps: int,
    limit: int,
    junk: bytes,
    spoiled: int,
    fill: bytes,
) -> None:
    """Also behind damage, in lanes without a record, and where the payload looks like headers."""
    held = io.BytesIO()
    payload = fill * 300
    packets = [(0x6A6A0000 * 10**9 + index, payload[:length]) for index, length in enumerate(lengths)]
    write_pcap(held, packets, order=order)  # type: ignore[arg-type]
    data = bytearray(held.getvalue()[HEADER:] + junk)
    if spoiled < len(data):
        data[spoiled] ^= 0xFF
    layout = Records(variant(order), limit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "LANE", lane)
        patch.setattr(records, "FEW", few)
        patch.setattr(records, "STEPS", steps)
        places, at, damaged = Walker(data + bytes(64), layout).walk(0, len(data))
    assert (places.tolist(), at, damaged) == one_by_one(bytes(data), layout)


def test_length_of_a_record() -> None:
    """What its header claims, believable or not."""
    walker = Walker(bytearray(struct.pack(">IIII", 1, 2, 0xFFFFFFFF, 4)), Records(variant(">"), 100))
    assert walker.length(0) == 0xFFFFFFFF
    assert walker.walk(0, 16)[1:] == (0, True)
    assert walker.walk(0, 16)[0].dtype == np.int64
