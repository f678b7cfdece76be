"""Stretches of a connection end where a packet does not continue the others, whoever looks at them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sieve.chains import Chains, chained, chains_of
from analyzer.sieve.columns import columns_of
from analyzer.sieve.keys import mixed_one, number_of
from samples.conversation import Network
from tests.analyzer.sieve.sifted import batch_of

ENDS = ("10.0.0.1", "10.0.0.2")
FLOWING = 4
"""Packets after which the numbers of both sides are known."""


def link() -> Network:
    """A connection on which both sides say something, a few times."""
    net = Network()
    between = net.connect(*ENDS, 9100)
    for number in range(5):
        between.initiator.sends(b"a" * (10 + number))
        between.acceptor.sends(b"b" * 20)
    return net


def chain(packets: list[tuple[int, bytes]]) -> Chains:
    """Of all packets."""
    batch = batch_of(packets)
    return chained(batch, columns_of(batch, 0), np.arange(len(batch)))


def stretches(found: Chains) -> list[tuple[int, int]]:
    """Those that have packets."""
    return [(a, b) for a, b in zip(found.firsts.tolist(), found.ends.tolist(), strict=True) if a < b]


def test_what_follows_the_opening_is_one_stretch() -> None:
    """SYN and SYN-ACK are in none, and their numbers count."""
    packets = link().packets
    found = chain(packets)
    assert stretches(found)[-1] == (FLOWING, len(packets))
    assert int(found.segments.sender[1]) == mixed_one(number_of(ENDS[1], 9100))


def test_what_is_missing_or_repeated_ends_a_stretch() -> None:
    """The packet that does so begins another one."""
    packets = link().packets[FLOWING:]
    with_data = [index for index, (_, data) in enumerate(packets) if data.endswith(b"a" * 10)]
    lost = with_data[2]
    assert stretches(chain(packets)) == [(1, len(packets))]
    assert stretches(chain(packets[:lost] + packets[lost + 1 :]))[0] == (1, lost)
    again = [*packets, packets[with_data[0]]]
    assert stretches(chain(again))[0] == (1, len(packets))


def test_copies_of_acknowledgments_are_in_no_stretch() -> None:
    """A capture on two interfaces shows each packet twice.  What was before the first one is not known: it can't have
    been the same, if this one acknowledges what came in between."""
    packets = link().packets[FLOWING:]
    at, ack = packets[2]
    twice = [*packets[:3], (at, ack), *packets[3:]]
    assert stretches(chain(packets)) == [(1, len(packets))]
    assert stretches(chain(twice)) == [(1, 3), (4, len(twice))]
    assert np.flatnonzero(chain(packets).unsure).tolist() == [0, 2]
    assert stretches(chain(packets[2:])) == [(1, len(packets) - 2)]


def test_where_a_clock_is_set_back_is_no_stretch() -> None:
    """Until the time is what it was, whoever set it back."""
    packets = link().packets[FLOWING:]
    count, middle = len(packets), len(packets) // 2
    back = [(at - 10**9 * (index >= middle), data) for index, (at, data) in enumerate(packets)]
    assert stretches(chain(back)) == [(1, middle)]
    other = bytes(60)
    batch = batch_of([*packets[:middle], (packets[middle + 2][0], other), *packets[middle:]])
    rows = np.array([row for row in range(count + 1) if row != middle])
    assert stretches(chained(batch, columns_of(batch, 0), rows)) == [(1, middle), (middle + 2, count)]


def test_what_is_acknowledged_before_it_came_is_in_no_stretch() -> None:
    """Those before and behind it are; two captures on one host show such."""
    packets = link().packets[FLOWING:]
    (data_at, data), (ack_at, ack) = packets[5:7]
    swapped = [*packets[:5], (data_at, ack), (ack_at, data), *packets[7:]]
    assert stretches(chain(swapped)) == [(1, 5), (6, len(packets))]


def test_only_busy_connections_have_chains() -> None:
    """By their keys, with all of their packets."""
    net = link()
    other = net.connect("10.0.0.3", "10.0.0.4", 80)
    other.initiator.sends(b"GET / HTTP/1.0\r\n")
    batch = batch_of(net.packets)
    columns = columns_of(batch, 0)
    keys = columns.keys.tolist()
    assert chains_of(batch, columns, ()) is None
    assert chains_of(batch, columns, [12345]) is None
    found = chains_of(batch, columns, [keys[-1], 12345])
    assert found is not None
    assert found.rows.tolist() == [row for row, key in enumerate(keys) if key == keys[-1]]


@given(
    turns=st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 3)), min_size=1, max_size=60),
    swaps=st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), max_size=8),
)
def test_several_connections_are_chained_as_each_is_alone(
    turns: list[tuple[int, bool, int]], swaps: list[tuple[int, int]]
) -> None:
    """Whatever lies between their packets, and wherever packets come in another place or once more."""
    net = Network()
    links = [net.connect("10.0.0.1", f"10.0.0.{number}", 9100) for number in (2, 3, 4)]
    for number, back, size in turns:
        link = links[number]
        (link.acceptor if back else link.initiator).sends(b"x" * size)
    packets = net.packets
    for one, other in swaps:
        packets[one % len(packets)] = packets[other % len(packets)]
    batch = batch_of(packets)
    columns = columns_of(batch, 0)
    groups = [np.flatnonzero(columns.keys == key) for key in np.unique(columns.keys)]
    apart = [rows_of(chained(batch, columns, rows)) for rows in groups]
    assert rows_of(chained(batch, columns, np.arange(len(batch)))) == [rows for each in apart for rows in each]


def rows_of(found: Chains) -> list[list[int]]:
    """Which packets make up the stretches."""
    return [found.rows[first:end].tolist() for first, end in stretches(found)]
