"""What passes comes with its packet numbers, and what does not with its time."""

from __future__ import annotations

import numpy as np

from analyzer.capture.batch import Batch, live_batch
from analyzer.capture.packet import Elapsed, Packet
from analyzer.capture.sifted import items_of
from dissectors.dataclass import replace


def batch(*at: int) -> Batch:
    """One-byte packets of these times, numbered from 101."""
    columns = np.arange(len(at)), np.ones(len(at), np.int64), np.array(at, np.int64)
    data = bytes(range(len(at)))
    return live_batch(data, 1, 101, offsets=columns[0], captured=columns[1], at=columns[2])


def told(part: Batch, *passing: int) -> list[tuple[int, int] | int]:
    """Number and time of each packet, and the times in between."""
    found: list[tuple[int, int] | int] = []
    for item in items_of(part, passing, capture=3, vantage=4):
        assert isinstance(item, Packet | Elapsed)
        found.append(item.at if isinstance(item, Elapsed) else (item.ref.number, item.ref.at))
        assert item.vantage == 4
        assert (item.capture if isinstance(item, Elapsed) else item.ref.capture) == 3
    return found


def test_begin_and_end_are_told() -> None:
    """Whether or not their packets pass."""
    assert told(batch(10, 20, 30)) == [10, 30]
    assert told(batch(10, 20, 30), 1) == [10, (102, 20), 30]
    (packet,) = [item for item in items_of(batch(10, 20), [1], capture=0, vantage=0) if isinstance(item, Packet)]
    assert (packet.data, packet.link_type, packet.wire_length) == (b"\1", 1, 1)


def test_where_a_clock_is_set_back_what_was_latest_is_told() -> None:
    """In front of the packet that it happened before, and only once: what was told is past."""
    assert told(batch(10, 90, 20, 30), 0, 2, 3) == [10, (101, 10), 90, (103, 20), (104, 30), 10]
    assert told(batch(90, 20, 30), 0) == [90, (101, 90), 30]
    assert told(batch(10, 90, 20, 30), 0) == [10, (101, 10), 90]


def test_times_outside_are_nobodys() -> None:
    """The user does not want to hear of them."""
    part = batch(10, 990, 20, 30)
    assert told(replace(part, outside=part.at > 100), 0, 2) == [10, (101, 10), (103, 20), 30]
    assert told(replace(part, outside=part.at > 0)) == []
