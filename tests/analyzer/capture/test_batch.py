"""A batch: which of its packets are wanted, which link types it has, what is left of it; and the buffer under it."""

from __future__ import annotations

import io

import numpy as np
import pytest

from analyzer.capture import batch
from analyzer.capture.batch import Batch, Buffer, Load, Rows, batches_of, joined
from analyzer.capture.state import CaptureState
from analyzer.capture.supply import FileSupply

SECOND = 10**9


def rows(*links: int) -> Rows:
    """A packet of one byte each second."""
    count = len(links)
    ones = np.ones(count, np.int64)
    numbers = np.arange(1, count + 1)
    return Rows(numbers, numbers - 1, ones, ones, numbers * SECOND, np.array(links))


def batch_of(*links: int) -> Batch:
    """The same, in a buffer."""
    buffer = Buffer(FileSupply(io.BytesIO(b"abcdefgh"), CaptureState("x")))
    buffer.fill(0)
    (only,) = batches_of([Load(buffer.data, rows(*links), True)])
    return only


def test_what_is_left_after_a_time() -> None:
    """From the first packet after it on."""
    part = batch_of(1, 1, 1, 1, 1)
    assert part.left(3 * SECOND) == [4 * SECOND, 5 * SECOND]
    assert part.left(9 * SECOND) == []
    assert part.data(1) == b"b"


def test_link_types_by_their_first_packets() -> None:
    """One type is told without its packets."""
    assert list(batch_of(113, 113).link_types()) == [(113, None)]
    mixed = [(kind, those.tolist()) for kind, those in batch_of(113, 1, 113).link_types() if those is not None]
    assert mixed == [(113, [0, 2]), (1, [1])]


def test_packets_outside_a_time() -> None:
    """Are marked, and stay countable."""
    buffer = Buffer(FileSupply(io.BytesIO(b"abcdefgh"), CaptureState("x")))
    load = Load(buffer.data, rows(1, 1, 1), True)
    (since,) = batches_of([load], 2 * SECOND)
    (until,) = batches_of([load], None, 2 * SECOND)
    assert batch_of(1, 1, 1).outside is None
    assert since.outside is not None
    assert since.outside.tolist() == [True, False, False]
    assert until.outside is not None
    assert until.outside.tolist() == [False, False, True]
    assert len(until) == 3


def test_large_batches_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the last one is the last."""
    monkeypatch.setattr(batch, "MOST", 2)
    buffer = Buffer(FileSupply(io.BytesIO(b"abcdefgh"), CaptureState("x")))
    buffer.fill(0)
    parts = list(batches_of([Load(buffer.data, joined([rows(1, 1), rows(1)]), True)]))
    assert [(len(part), part.is_last) for part in parts] == [(2, False), (1, True)]


def test_a_buffer_slides() -> None:
    """What is kept comes first; a place in the file is the base and the place in the buffer."""
    buffer = Buffer(FileSupply(io.BytesIO(b"abcdefgh"), CaptureState("x")), size=5)
    buffer.fill(0)
    assert (buffer.data[: buffer.held], buffer.base, buffer.ended) == (b"abcde", 0, False)
    buffer.fill(3)
    assert (buffer.data[: buffer.held], buffer.base, buffer.ended) == (b"defgh", 3, True)
    buffer.fill(5)
    assert (buffer.held, buffer.base, buffer.ended) == (0, 8, True)


def test_the_first_loads_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time twice as much is read, up to the usual."""
    monkeypatch.setattr(batch, "FIRST", 2)
    buffer = Buffer(FileSupply(io.BytesIO(bytes(40)), CaptureState("x")), size=20, usual=8)
    sizes = []
    while not buffer.ended:
        buffer.fill(buffer.held)
        sizes.append(buffer.held)
    assert sizes == [2, 4, 8, 8, 8, 8, 2]


def test_a_record_that_does_not_fit_gets_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that there is."""
    monkeypatch.setattr(batch, "FIRST", 4)
    buffer = Buffer(FileSupply(io.BytesIO(bytes(40)), CaptureState("x")), size=20, usual=4)
    buffer.fill(0)
    buffer.fill(1)
    assert buffer.held == 20
