"""Runs come to what their packets come to: forced upon every sample, they change no report."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import pytest

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.pipeline import Options
from analyzer.report import json_doc, view
from analyzer.sessions.conversation import Conversation
from analyzer.streams.table import StreamTable
from tests.analyzer.sieve.sifted import in_batches
from tests.corpus import EVERY_SAMPLE, ROOT, SAMPLES, report_text

skimmed: list[bool] = []
"""Whether the bytes of each run were left alone."""


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Every connection is busy at once and a run is short; gives whether each run was taken as one."""
    taken: list[bool] = []
    skimmed.clear()
    feed_run, skim = StreamTable.feed_run, Conversation._skim

    def listening(table: StreamTable, run: object) -> object:
        found = feed_run(table, run)  # type: ignore[arg-type]
        taken.append(found is not None)
        return found

    def skimming(conversation: Conversation, event: object) -> bool:
        found = skim(conversation, event)  # type: ignore[arg-type]
        skimmed.append(found)
        return found

    monkeypatch.setattr(StreamTable, "feed_run", listening)
    monkeypatch.setattr(Conversation, "_skim", skimming)
    with in_batches(9, eager=True):
        yield taken


@EVERY_SAMPLE
def test_every_sample_gives_the_same_report(name: str, eager: list[bool]) -> None:
    """Byte for byte."""
    sample = SAMPLES[name]
    options = Options(dist_ports=frozenset(sample.dist_ports), sieve_from=0)
    paths = tuple(f"samples/{file}" for file in sample.files)
    with contextlib.chdir(ROOT), open_source(paths, stdin=io.BytesIO()) as source:
        assert json_doc.render(view.build(pipeline.analyze(source, options))) == report_text(name)


@pytest.mark.parametrize("name", ["healthy/bulk-fragments"])
def test_bulk_comes_in_runs(name: str, eager: list[bool]) -> None:
    """Else nothing would be tested here."""
    with contextlib.chdir(ROOT), open_source((f"samples/{name}.pcap",), stdin=io.BytesIO()) as source:
        pipeline.analyze(source, Options(sieve_from=0))
    assert any(eager)
    assert any(skimmed)
