"""Columns of every link type that has them; the tests of the sieve compare them with the decoder on every sample."""

from __future__ import annotations

import io

import pytest

from analyzer.capture.batch import read_batches
from analyzer.capture.pcap import write_pcap
from analyzer.capture.state import CaptureState
from analyzer.sieve.columns import columns_of
from analyzer.sieve.keys import UNCOVERED, key_of

ADDRESSES = bytes([10, 0, 0, 1, 10, 0, 0, 2])
TCP = bytes.fromhex("1111 9c40 00000001 00000002 5002 ffff 0000 0000")
IPV4 = bytes.fromhex("45000028 00004000 40060000") + ADDRESSES + TCP
LINKS = {1: bytes(12) + b"\x08\0", 113: bytes(14) + b"\x08\0", 276: b"\x08\0" + bytes(18), 101: b"", 228: b""}


@pytest.mark.parametrize("link_type", LINKS)
def test_link_types(link_type: int) -> None:
    """One segment in several dresses has one key."""
    held = io.BytesIO()
    write_pcap(held, [(1, LINKS[link_type] + IPV4)], link_type=link_type)
    (part,) = read_batches(io.BytesIO(held.getvalue()), CaptureState("x"))
    columns = columns_of(part, 3)
    assert columns.keys.tolist() == [key_of(3, ("10.0.0.1", 0x1111), ("10.0.0.2", 0x9C40))]
    assert columns.marks.tolist() == [True]


def test_other_link_types_have_no_columns() -> None:
    """All of it goes on."""
    held = io.BytesIO()
    write_pcap(held, [(1, bytes(80))], link_type=105)
    (part,) = read_batches(io.BytesIO(held.getvalue()), CaptureState("x"))
    columns = columns_of(part, 0)
    assert (columns.keys.tolist(), columns.foreign.tolist()) == ([UNCOVERED], [False])
