"""Evidence captures of samples, made once in a test run, and what distscope says of them."""

from __future__ import annotations

import contextlib
import io
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.evidence import Evidence
from analyzer.findings import Analysis
from analyzer.pipeline import Options
from analyzer.redact.redactor import Redactor
from analyzer.report import Document, json_doc, view
from tests.corpus import ROOT, SAMPLES


class Made(NamedTuple):
    """An evidence capture, and the analysis that it was made of."""

    data: bytes
    original: Analysis


def evidence_of(paths: tuple[str, ...], options: Options, *, keep_digests: bool = False) -> Made:
    """What ``distscope analyze -o evidence.pcapng`` writes."""
    evidence = Evidence(options.epmd_ports, options.dist_ports, keep_digests=keep_digests)
    with open_source(paths, stdin=io.BytesIO()) as source:
        analysis = pipeline.analyze(source, options, witness=evidence.keeper)
    stream = io.BytesIO()
    evidence.write(view.build(analysis, keep_digests=keep_digests), analysis, stream)
    return Made(stream.getvalue(), analysis)


@cache
def of_sample(name: str, *, keep_digests: bool = False, sieve: bool = False) -> Made:
    """The same of a sample."""
    sample = SAMPLES[name]
    options = Options(dist_ports=frozenset(sample.dist_ports), sieve_from=0 if sieve else None)
    with contextlib.chdir(ROOT):
        return evidence_of(tuple(f"samples/{file}" for file in sample.files), options, keep_digests=keep_digests)


class Redacted(NamedTuple):
    """An evidence capture, its report in every format, and the way back."""

    data: bytes
    document: Document
    redactor: Redactor
    original: Document


@cache
def redacted(name: str) -> Redacted:
    """What ``distscope analyze --redact`` makes of a sample."""
    sample = SAMPLES[name]
    options = Options(dist_ports=frozenset(sample.dist_ports), sieve_from=None)
    redactor = Redactor(bytes(32))
    evidence = Evidence(options.epmd_ports, options.dist_ports, redactor=redactor)
    paths = tuple(f"samples/{file}" for file in sample.files)
    with contextlib.chdir(ROOT), open_source(paths, stdin=io.BytesIO()) as source:
        analysis = pipeline.analyze(source, options, witness=evidence.keeper)
    again = evidence.redacted(analysis, options)
    stream = io.BytesIO()
    document = view.build(again)
    evidence.write(document, again, stream)
    return Redacted(stream.getvalue(), document, redactor, view.build(analysis))


def verdicts(analysis: Analysis) -> list[dict[str, Any]]:
    """What must be the same in an evidence capture: all of a report but findings and their packets."""
    told = json_doc.report(view.build(analysis))["attempts"]
    assert isinstance(told, list)
    dropped = ("findings", "timeline", "timeline_omitted")
    return [{key: value for key, value in attempt.items() if key not in dropped} for attempt in told]


def analysed(data: bytes, name: str) -> Analysis:
    """What distscope says of an evidence capture of a sample."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "evidence.pcapng")
        path.write_bytes(data)
        with open_source([str(path)], stdin=io.BytesIO()) as source:
            return pipeline.analyze(source, Options(dist_ports=frozenset(SAMPLES[name].dist_ports)))
