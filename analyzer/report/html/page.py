"""Document → the whole page: what is shown in full, what in a line, and the policy under which a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analyzer.findings import CaptureSummary, Outcome
from analyzer.report import captions, gist, times
from analyzer.report.document import Document
from analyzer.report.glossary import WORDS
from analyzer.report.html import prose
from analyzer.report.html.case import SYMBOLS, Chapter, Mentioned, chapter, mentioned
from analyzer.report.html.mesh import Names, mesh_of
from analyzer.report.html.strip import strip_of
from analyzer.report.layout import shortened
from analyzer.report.wording import NOTHING_FOUND, OUTCOMES, QUALITIES, counted

IN_FULL = 60
"""Cases with diagram, proof and fixes; the worst ones come first."""
IN_A_LINE = 1000
"""Further cases that are named; beyond them there are only counts."""
OPEN = 3
"""Problems that need not be unfolded."""

TEMPLATES = Path(__file__).parent / "templates"


class Section(NamedTuple):
    """Cases of one outcome."""

    outcome: Outcome
    title: str
    cases: int
    chapters: tuple[Chapter, ...]
    lines: tuple[Mentioned, ...]
    """Of those beyond ``IN_FULL``."""
    unnamed: int


_TITLES = {
    Outcome.PROBLEM: "Problems",
    Outcome.INCONCLUSIVE: "Where the capture cannot tell",
    Outcome.OK: "What went well",
}


def render(document: Document) -> str:
    """The page; a pure function: no clock, no network, no file but the templates beside this module."""
    names = Names(document)
    cases = document.cases
    lines, briefs = [], []
    for number, case in enumerate(cases):
        own = [names.brief(attempt) for attempt in case.attempts]
        briefs.append(own)
        lines.append(mentioned(case, number, own[0].sides))
    sections = tuple(section for outcome in Outcome if (section := _section(document, lines, outcome)).cases)
    kept = lines[: IN_FULL + IN_A_LINE]
    style, script = _asset("style.css"), _asset("script.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            document=document,
            sections=sorted(sections, key=lambda section: list(_TITLES).index(section.outcome)),
            answers=[line for line in lines[:IN_FULL] if line.outcome is not Outcome.OK],
            unanswered=sum(line.outcome is not Outcome.OK for line in lines[IN_FULL:]),
            mesh=mesh_of(cases, briefs),
            strip=strip_of(cases, briefs),
            lines=lines,
            nodes_to_choose={
                name: index for index, name in enumerate(sorted({name for line in kept for name in line.sides}))
            },
            verdicts_to_choose=sorted(Counter(line.verdict for line in kept)),
            advice=captions.advice(document),
            captures=[(captions.capture_name(capture), _capture(capture)) for capture in document.captures],
            nothing_found=NOTHING_FOUND,
            glossary=WORDS,
            gist=(gist.META, gist.of_document(document).to_json()),
            outcomes={outcome.value: (SYMBOLS[outcome], OUTCOMES[outcome], _TITLES[outcome]) for outcome in _TITLES},
            open_first=OPEN,
            style=Markup(style),  # noqa: S704 (a file of this package)
            script=Markup(script),  # noqa: S704 (likewise)
            policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'",
        )
    )


def _section(document: Document, lines: list[Mentioned], outcome: Outcome) -> Section:
    own = [line for line in lines if line.outcome is outcome]
    full = [line for line in own if line.number < IN_FULL]
    rest = [line for line in own if IN_FULL <= line.number < IN_FULL + IN_A_LINE]
    return Section(
        outcome=outcome,
        title=_TITLES[outcome],
        cases=len(own),
        chapters=tuple(chapter(document, document.cases[line.number], line) for line in full),
        lines=tuple(rest),
        unnamed=len(own) - len(full) - len(rest),
    )


def _capture(capture: CaptureSummary) -> list[tuple[str, str]]:
    facts = [("File", capture.path), ("Format", capture.format)]
    if capture.link_types:
        facts.append(("Link types", ", ".join(capture.link_types)))
    if capture.sha256 is not None:
        facts.append(("SHA-256", capture.sha256))
    facts += [
        ("Size", counted(capture.bytes, "byte")),
        ("Packets", f"{capture.packets:,}, of which {capture.packets_used:,} belong to the attempts of this report"),
    ]
    if capture.first_packet_at is not None and capture.last_packet_at is not None:
        took = times.span(capture.last_packet_at - capture.first_packet_at)
        facts.append(("Time", f"{times.period(capture.first_packet_at, capture.last_packet_at)} ({took})"))
    facts += [("Note", f"{flag}: {QUALITIES.get(flag, '')}") for flag in capture.flags]
    return [*facts, *(("Note", note) for note in capture.notes)]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "pieces": prose.pieces,
        "counted": counted,
        "release": captions.release_of,
        "about_node": captions.about_node,
        "refers": _refers,
        "shortened": shortened,
        "breakable": _breakable,
    }
    return environment


def _breakable(name: str) -> Markup:
    """A name that a browser breaks rather before the host, or between its parts, than in the middle of a word."""
    return Markup("<wbr>").join(part for part in re.split(r"(?<=[.])|(?=@)", name) if part)


def _refers(reference: str) -> bool:
    """Whether it may become a link: a rule of a third party can say anything."""
    return reference.startswith("https://")


@cache
def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """How a policy names the one style or script that it allows."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
