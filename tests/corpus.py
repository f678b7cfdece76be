"""The samples and what distscope says of them: each is analysed once in a test run, and through the real pipeline."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analyzer import pipeline
from analyzer.capture import Source, open_source
from analyzer.pipeline import Options
from analyzer.report import json_doc, ticket, view
from analyzer.report.document import Document
from dissectors.dataclass import replace
from samples import provenance
from samples.provenance import Sample

ROOT = Path(__file__).parent.parent
SAMPLES: dict[str, Sample] = {sample.name: sample for sample in provenance.load()}
UNVERSIONED = "–"
"""Stands for distscope's version in golden reports: a release does not change them."""

EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)


@contextlib.contextmanager
def opened(name: str) -> Iterator[tuple[Source, Options]]:
    """A sample's files, named as they are from the root of the project, and the options that it needs."""
    sample = SAMPLES[name]
    paths = tuple(f"samples/{file}" for file in sample.files)
    with contextlib.chdir(ROOT), open_source(paths, stdin=io.BytesIO()) as source:
        yield source, Options(dist_ports=frozenset(sample.dist_ports))


@cache
def document(name: str) -> Document:
    """What is known of a sample, before it is laid out."""
    with opened(name) as (source, options):
        return view.build(pipeline.analyze(source, options))


@cache
def report_text(name: str) -> str:
    """The JSON report of a sample."""
    return json_doc.render(document(name))


def golden_comment(name: str, flavour: str) -> str:
    """The comment for a ticket as its golden file holds it."""
    return ticket.render(replace(document(name), version=UNVERSIONED), flavour)


@cache
def report(name: str) -> Any:
    """The same, read."""
    return json.loads(report_text(name))


def golden_text(name: str) -> str:
    """The report as its golden file holds it."""
    return report_text(name).replace(_version_line(report(name)["tool"]["version"]), _version_line(UNVERSIONED), 1)


def _version_line(version: str) -> str:
    return f'"version": {json.dumps(version, ensure_ascii=False)}'
