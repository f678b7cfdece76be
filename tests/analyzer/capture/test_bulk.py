"""Connections that make many packets and matter to nobody are found, and kept out only as long as that is so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from analyzer.capture.batch import live_batch
from analyzer.capture.bpf import LONGEST, Instruction, program
from analyzer.capture.bulk import FORGOTTEN, MOST, PERIOD, WORTH_IT, Bulk
from analyzer.sieve.columns import columns_of
from samples.conversation import ACK, PUSH, SYN, Network
from tests.analyzer.capture.bpf_machine import answer

PASS: list[Instruction] = [(0x06, 0, 0, 262_144)]
NOW = 1_790_000_000 * 10**9


def frames(port: int, count: int, flags: int = PUSH | ACK) -> list[bytes]:
    """Segments of one connection, one half of them from each side."""
    net = Network()
    net._port = port
    link = net.dial("10.0.0.1", "10.0.0.2", 443)
    for number in range(count):
        (link.initiator if number % 2 else link.acceptor).raw(flags)
    return [data for _, data in net.packets]


def in_ipv6(packets: list[bytes]) -> list[bytes]:
    """The same segments, of hosts whose addresses differ in any part of them."""
    hosts = {
        packets[0][26:30]: bytes.fromhex("20010db8000000010000000000000001"),
        packets[0][30:34]: bytes.fromhex("fd00000000000001ffffffff00000001"),
    }
    return [
        each[:12]
        + b"\x86\xdd\x60\0\0\0"
        + len(each[34:]).to_bytes(2, "big")
        + b"\x06\x40"
        + hosts[each[26:30]]
        + hosts[each[30:34]]
        + each[34:]
        for each in packets
    ]


def same(packets: list[bytes]) -> list[bytes]:
    """As they are: IPv4."""
    return packets


VERSIONS = pytest.mark.parametrize("version", [same, in_ipv6])
Version = Callable[[list[bytes]], list[bytes]]


def tell(bulk: Bulk, packets: list[bytes], *, looked_at: bool = False) -> None:
    """These packets came; nobody looks at them, unless they are ``looked_at``."""
    captured = np.array([len(data) for data in packets], np.int64)
    batch = live_batch(b"".join(packets), 1, 1, offsets=np.cumsum(captured) - captured, captured=captured, at=captured)
    columns = columns_of(batch, 0)
    bulk.passed_over(batch, columns, np.arange(0 if looked_at else len(packets)))


@VERSIONS
def test_busy_connections_are_kept_out_by_the_kernel_in_both_directions(version: Version) -> None:
    """All of them but SYN, FIN and RST; others pass, and so do those of few packets."""
    bulk = Bulk()
    busy, calm = version(frames(40_000, WORTH_IT)), version(frames(40_001, 4))
    tell(bulk, busy + calm)
    numbers = bulk.keep_out(NOW)
    assert numbers is not None and len(numbers) == 1
    made = program(PASS, numbers, link=14)
    assert not any(answer(made, each) for each in busy)
    assert all(answer(made, each) for each in (*calm, *version(frames(40_000, 2, SYN)), *version(frames(40_002, 2))))
    bare = program(PASS, numbers, link=0)
    assert not any(answer(bare, each[14:]) for each in busy)
    assert all(answer(bare, each[14:]) for each in calm)
    assert bulk.keep_out(NOW + 1) is None, "nothing has changed"


@VERSIONS
def test_a_syn_lets_the_connection_in_again(version: Version) -> None:
    """It is another one, with the same ends."""
    bulk = Bulk()
    tell(bulk, version(frames(40_000, WORTH_IT)))
    assert bulk.keep_out(NOW)
    tell(bulk, version(frames(40_000, 1, SYN)), looked_at=True)
    assert bulk.keep_out(NOW + 1) == []


def test_after_a_while_it_is_looked_at_anew() -> None:
    """The kernel does not tell whether it still makes so many."""
    bulk = Bulk()
    tell(bulk, frames(40_000, WORTH_IT))
    assert bulk.keep_out(NOW)
    assert bulk.keep_out(NOW + FORGOTTEN // 2) is None
    assert bulk.keep_out(NOW + FORGOTTEN + PERIOD) == []


def test_as_many_as_fit_are_told_apart() -> None:
    """The busiest; each is found in the tree, and nothing between them."""
    numbers = sorted({number * 6_000_011 % 2**32 for number in range(1, MOST + 1)})
    made = program(PASS, numbers, link=14)
    assert len(made) <= LONGEST - 100
    busy = frames(40_000, WORTH_IT)
    bulk = Bulk()
    tell(bulk, busy)
    [number] = bulk.keep_out(NOW) or []
    for place in (0, 350, len(numbers)):
        mixed = sorted({*numbers[:place], number, *numbers[place:]})
        assert not answer(program(PASS, mixed, link=14), busy[0])
    assert answer(made, busy[0])


def test_what_is_no_plain_tcp_is_left_to_the_filter_behind() -> None:
    """Short packets, other protocols, fragments, options."""
    [frame] = frames(40_000, 1)
    bulk = Bulk()
    tell(bulk, [frame] * WORTH_IT)
    made = program(PASS, bulk.keep_out(NOW) or [], link=14)
    assert not answer(made, frame)
    for at, byte in ((12, 0x86), (14, 0x46), (20, 0x20), (23, 17)):
        assert answer(made, frame[:at] + bytes([byte]) + frame[at + 1 :])
    assert answer(made, frame[:40])


def test_of_ipv6_too() -> None:
    """Short packets, other protocols, headers between IP's and TCP's, other hosts of either network."""
    [frame] = in_ipv6(frames(40_000, 1))
    bulk = Bulk()
    tell(bulk, [frame] * WORTH_IT)
    made = program(PASS, bulk.keep_out(NOW) or [], link=14)
    assert not answer(made, frame)
    for at, byte in ((12, 0x81), (14, 0x50), (14, 0x70), (20, 0), (22, 0x21), (29, 9), (37, 9), (45, 9), (53, 9)):
        assert answer(made, frame[:at] + bytes([byte]) + frame[at + 1 :]), at
    assert answer(made, frame[:60])


def test_both_versions_at_once() -> None:
    """They share one tree of numbers; a batch has both, and packets that are neither."""
    bulk = Bulk()
    four, six = frames(40_000, WORTH_IT), in_ipv6(frames(40_003, WORTH_IT))
    tell(bulk, [each for both in zip(four, six, strict=True) for each in both])
    numbers = bulk.keep_out(NOW)
    assert numbers is not None and len(numbers) == 2
    made = program(PASS, numbers, link=14)
    assert not any(answer(made, each) for each in (*four, *six))
    assert all(answer(made, each) for each in (*in_ipv6(frames(40_000, 2)), *frames(40_003, 2)))


def test_the_loopback_interface_shows_each_packet_once() -> None:
    """Going out it is kept out."""
    made = program(PASS, [], link=14, loops=True)
    assert answer(made, b"packet")
    assert not answer(made, b"packet", outgoing=True)
