"""What is prepared of a batch survives the way between two processes."""

from __future__ import annotations

import pickle

import numpy as np

from analyzer.sieve.prepared import prepared_of
from tests.analyzer.sieve.sifted import batch_of
from tests.analyzer.sieve.test_chains import link


def test_what_is_prepared_can_be_handed_over() -> None:
    """With columns that lie in memory of the receiver's."""
    batch = batch_of(link().packets)
    key = int(prepared_of(batch, 0, ()).columns.keys[0])
    prepared = prepared_of(batch, 0, [key])
    assert prepared.openings is not None
    columns: list[pickle.PickleBuffer] = []
    said = pickle.dumps(prepared, 5, buffer_callback=columns.append)
    received = pickle.loads(said, buffers=[bytes(column.raw()) for column in columns])
    assert np.array_equal(received.columns.keys, prepared.columns.keys)
    assert received.openings.ports.tolist() == [9100]
    assert prepared.chains is not None
    assert received.chains.ends.tolist() == prepared.chains.ends.tolist()
    assert received.chains.segments.length.sum() == prepared.chains.segments.length.sum() > 0
