"""Columns of every link type that has them; the tests of the sieve compare them with the decoder on every sample."""

from __future__ import annotations

import io

import pytest

from analyzer.capture.batch import Batch, Buffer, batches_of
from analyzer.capture.pcap import write_pcap
from analyzer.capture.pcap_batches import read_pcap_loads
from analyzer.capture.state import CaptureState
from analyzer.capture.supply import FileSupply
from analyzer.sieve.columns import columns_of
from analyzer.sieve.keys import UNCOVERED, key_of

ADDRESSES = bytes([10, 0, 0, 1, 10, 0, 0, 2])
TCP = bytes.fromhex("1111 9c40 00000001 00000002 5002 ffff 0000 0000")
IPV4 = bytes.fromhex("45000028 00004000 40060000") + ADDRESSES + TCP
LINKS = {
    "Ethernet": (1, bytes(12) + b"\x08\0"),
    "VLAN": (1, bytes(12) + bytes.fromhex("81000001 0800")),
    "QinQ": (1, bytes(12) + bytes.fromhex("88a80001 81000002 0800")),
    "cooked": (113, bytes(14) + b"\x08\0"),
    "cooked, version 2": (276, b"\x08\0" + bytes(18)),
    "raw": (101, b""),
    "raw IPv4": (228, b""),
    "loopback, little-endian": (0, b"\2\0\0\0"),
    "loopback, big-endian": (108, b"\0\0\0\2"),
}


def batches(held: io.BytesIO, since: int | None = None, until: int | None = None) -> list[Batch]:
    """All of a classic file."""
    state = CaptureState("x")
    loads = read_pcap_loads(Buffer(FileSupply(io.BytesIO(held.getvalue()), state)), state)
    return list(batches_of(loads, since, until))


@pytest.mark.parametrize("name", LINKS)
def test_link_types(name: str) -> None:
    """One segment in several dresses has one key."""
    held = io.BytesIO()
    link_type, header = LINKS[name]
    write_pcap(held, [(1, header + IPV4)], link_type=link_type)
    (part,) = batches(held)
    columns = columns_of(part, 3)
    assert columns.keys.tolist() == [key_of(3, ("10.0.0.1", 0x1111), ("10.0.0.2", 0x9C40))]
    assert columns.marks.tolist() == [True]


def test_other_link_types_have_no_columns() -> None:
    """All of it goes on."""
    held = io.BytesIO()
    write_pcap(held, [(1, bytes(80))], link_type=105)
    (part,) = batches(held)
    columns = columns_of(part, 0)
    assert (columns.keys.tolist(), columns.foreign.tolist()) == ([UNCOVERED], [False])


def test_what_is_outside_is_left_to_nobody() -> None:
    """Whatever it is."""
    held = io.BytesIO()
    write_pcap(held, [(at, LINKS["Ethernet"][1] + IPV4) for at in (1, 2, 3)])
    (part,) = batches(held, 2, 2)
    columns = columns_of(part, 0)
    assert columns.foreign.tolist() == [True, False, True]
    assert [key != UNCOVERED for key in columns.keys.tolist()] == [False, True, False]
    assert columns.marks.tolist() == [False, True, False]
