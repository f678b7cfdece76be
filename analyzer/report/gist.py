"""A JSON report → the few lines that say what it found, for where there is no room, or no way, for the whole.

An HTML report carries its gist in ``<meta name="distscope-summary">``, so that a page that was finished long ago can
still be announced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html.parser import HTMLParser

from analyzer.errors import printable
from analyzer.findings import Outcome
from analyzer.report.document import Document
from analyzer.report.layout import Look, Sheet
from analyzer.report.wording import counted, summarise
from dissectors.dataclass import dataclass, fields_of

META = "distscope-summary"
MOST_PROBLEMS = 10
"""Told one by one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Attempts of one pair that failed for one reason."""

    verdict: str
    certainty: str
    count: int
    says: str
    fix: str
    """The first thing to try."""


@dataclass(frozen=True, slots=True)
class Gist:
    summary: str
    """One sentence."""
    captures: tuple[str, ...]
    problems: tuple[Problem, ...]

    def text(self) -> str:
        """Lines of plain text."""
        sheet = Sheet(Look())
        sheet.paragraph(self.summary)
        for problem in self.problems[:MOST_PROBLEMS]:
            times = f", {problem.count:,} times" if problem.count > 1 else ""
            sheet.heading(f"{problem.verdict} ({problem.certainty}{times})", "")
            sheet.paragraph(problem.says, prefix="  ")
            if problem.fix:
                sheet.paragraph(problem.fix, prefix="  Fix: ")
        sheet.blank()
        if (more := len(self.problems) - MOST_PROBLEMS) > 0:
            sheet.paragraph(f"And {counted(more, 'problem')} more: see the report.")
        sheet.paragraph(", ".join(self.captures), prefix="Captures: ")
        return str(sheet)

    def to_json(self) -> str:
        """What :func:`of_html` reads."""
        problems = [
            {each.name: getattr(problem, each.name) for each in fields_of(Problem)} for problem in self.problems
        ]
        values = {"summary": self.summary, "captures": self.captures, "problems": problems}
        return json.dumps(values, ensure_ascii=False)


def of_document(document: Document) -> Gist:
    """Of a document that is about to be laid out."""
    problems: list[Problem] = []
    for case in document.cases:
        if case.outcome is Outcome.PROBLEM:
            # Those further on are only counted, and there may be thousands.
            finding = case.first.finding if len(problems) < MOST_PROBLEMS else None
            says, fix = (finding.says, (*finding.fix, "")[0]) if finding is not None else ("", "")
            problems.append(Problem(case.verdict, case.first.certainty, len(case.attempts), says, fix))
    return Gist(document.summary, tuple(capture.path for capture in document.captures), tuple(problems))


def of_json(text: str) -> Gist | None:
    """Of a JSON report (docs/report.md); None for any other JSON."""
    try:
        report = json.loads(text)
        return of_report(report) if report["tool"]["name"] == "distscope" and report["schema_version"] == 1 else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def of_report(report: Mapping[str, object]) -> Gist:
    """Of the values of a JSON report.  Raises KeyError or TypeError if that is not what they are."""
    plain = json.loads(json.dumps(report))
    attempts = {attempt["id"]: attempt for attempt in plain["attempts"]}
    failed = [key for key, attempt in attempts.items() if attempt["outcome"] == Outcome.PROBLEM.value]
    groups = {name: incident["attempts"] for incident in plain["incidents"] for name in incident["attempts"]}
    problems = []
    while failed:
        group = [name for name in groups.get(failed[0], failed[:1]) if name in failed]
        problems.append(_problem(attempts[failed[0]], len(group)))
        failed = [name for name in failed if name not in group]
    numbers = plain["summary"]
    return Gist(
        summarise(
            {outcome: int(numbers[outcome.value]) for outcome in Outcome},
            len(problems),
            sum(int(capture["packets"]) for capture in plain["captures"]),
        ),
        tuple(printable(str(capture["path"])) for capture in plain["captures"]),
        tuple(problems),
    )


def _problem(attempt: Mapping[str, object], count: int) -> Problem:
    findings = attempt["findings"]
    assert isinstance(findings, list)
    finding = next((each for each in findings if each["name"] == attempt["verdict"]), {"says": "", "fix": []})
    fixes = [*finding["fix"], ""]
    shown = [printable(str(value)) for value in (attempt["verdict"], attempt["certainty"], finding["says"], fixes[0])]
    return Problem(shown[0], shown[1], count, shown[2], shown[3])


def of_html(text: str) -> Gist | None:
    """Of an HTML report that carries it; None for any other page."""
    finder = _Finder()
    finder.feed(text)
    try:
        value = json.loads(finder.content)
        problems = tuple(
            Problem(
                verdict=printable(str(each["verdict"])),
                certainty=printable(str(each["certainty"])),
                count=int(each["count"]),
                says=printable(str(each["says"])),
                fix=printable(str(each["fix"])),
            )
            for each in value["problems"]
        )
        captures = tuple(printable(str(path)) for path in value["captures"])
        return Gist(printable(str(value["summary"])), captures, problems)
    except (ValueError, LookupError, TypeError):
        return None


class _Finder(HTMLParser):
    content = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta" and values.get("name") == META:
            self.content = values.get("content") or ""
