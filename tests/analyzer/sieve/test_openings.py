"""Connections that open in a batch are found whole, each from its SYN on."""

from __future__ import annotations

import numpy as np

from analyzer.capture.batch import Batch
from analyzer.sieve.columns import columns_of
from analyzer.sieve.openings import Openings, openings_of
from samples.conversation import Network
from tests.analyzer.sieve.sifted import batch_of


def opened(net: Network) -> tuple[Batch, Openings | None]:
    """What opens in all packets of a network."""
    batch = batch_of(net.packets)
    return batch, openings_of(batch, columns_of(batch, 0))


def test_each_from_its_syn_on() -> None:
    """Packets of both, in order; who says no, and by which packet."""
    net = Network()
    one, other = net.connect("10.0.0.1", "10.0.0.2", 2222), net.connect("10.0.0.1", "10.0.0.3", 80)
    one.initiator.sends(b"\x00\x05nnode")
    other.initiator.sends(b"GET / HTTP/1.0\r\n")
    batch, openings = opened(net)
    assert openings is not None
    by_port = {int(port): number for number, port in enumerate(openings.ports.tolist())}
    assert set(by_port) == {2222, 80}
    one_rows, other_rows = (openings.packets_of(by_port[port]).tolist() for port in (2222, 80))
    assert sorted(one_rows + other_rows) == list(range(len(batch)))
    assert (one_rows, other_rows) == (sorted(one_rows), sorted(other_rows))
    assert openings.said[by_port[2222]] < 0
    assert batch.data(int(openings.said[by_port[80]])).endswith(b"GET / HTTP/1.0\r\n")
    assert openings.packets(openings.ports == 80).tolist() == other_rows
    assert not openings.reopen.any()


def test_what_comes_before_a_syn_is_of_another_connection() -> None:
    """With the same addresses and ports."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", 2222)
    link.initiator.sends(b"GET / HTTP/1.0\r\n")
    net.packets.append(net.packets.pop(0))
    batch, openings = opened(net)
    assert openings is not None
    assert openings.reopen.tolist() == [True]
    assert openings.packets(np.array([True])).tolist() == [len(batch) - 1]
    assert openings.said.tolist() == [-1]


def test_nothing_opens() -> None:
    """In mid-stream."""
    net = Network()
    net.connect("10.0.0.1", "10.0.0.2", 2222).initiator.sends(b"x")
    net.packets = net.packets[1:]
    assert opened(net)[1] is None
