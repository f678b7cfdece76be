"""Packets to a batch, and captures to their report, through the sieve or past it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from analyzer import pipeline
from analyzer.capture import batch, open_source
from analyzer.capture.batch import Batch, Buffer, parts_of
from analyzer.capture.pcap import write_pcap
from analyzer.capture.pcap_batches import read_pcap_loads
from analyzer.capture.state import CaptureState
from analyzer.capture.supply import FileSupply
from analyzer.pipeline import Options
from analyzer.report import json_doc, view
from analyzer.sieve import runs, sieve


def sifted_report(
    paths: tuple[str, ...],
    dist_ports: frozenset[int] = frozenset(),
    *,
    through: bool = True,
    times: tuple[int | None, int | None] = (None, None),
) -> str:
    """The JSON report of captures."""
    since, until = times
    options = Options(dist_ports=dist_ports, sieve_from=0 if through else None, since=since, until=until)
    with open_source(paths, stdin=io.BytesIO()) as source:
        return json_doc.render(view.build(pipeline.analyze(source, options)))


@contextmanager
def in_batches(most: int, *, eager: bool) -> Iterator[None]:
    """Of so many packets; ``eager``: every connection is busy at once, and a run is short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "MOST", most)
        if eager:
            patch.setattr(pipeline, "BUSY_EVERY", 1)
            patch.setattr(runs, "SHORTEST", 2)
            patch.setattr(sieve, "SHORTEST", 2)
        yield


def batch_of(packets: list[tuple[int, bytes]]) -> Batch:
    """All in one."""
    held, state = io.BytesIO(), CaptureState("x")
    write_pcap(held, packets)
    (load,) = read_pcap_loads(Buffer(FileSupply(io.BytesIO(held.getvalue()), state)), state)
    (batch,) = parts_of(load, None, None)
    return batch
