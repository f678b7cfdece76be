"""Captures to their report, through the sieve or past it."""

from __future__ import annotations

import io

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.pipeline import Options
from analyzer.report import json_doc, view


def sifted_report(
    paths: tuple[str, ...],
    dist_ports: frozenset[int] = frozenset(),
    *,
    sieve: bool = True,
    times: tuple[int | None, int | None] = (None, None),
) -> str:
    """The JSON report of captures."""
    since, until = times
    options = Options(dist_ports=dist_ports, sieve_from=0 if sieve else None, since=since, until=until)
    with open_source(paths, stdin=io.BytesIO()) as source:
        return json_doc.render(view.build(pipeline.analyze(source, options)))
