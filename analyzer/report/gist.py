"""A report → the few lines that say what it found, for where there is no room, or no way, for the whole.

An HTML report carries its gist in ``<meta name="distscope-summary">``, so that a page that was finished long ago can
still be announced.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from analyzer.errors import printable
from analyzer.findings import Outcome
from analyzer.report.document import Case, Document
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
    more: int
    """Problems beyond those."""

    def text(self) -> str:
        """Lines of plain text."""
        sheet = Sheet(Look())
        sheet.paragraph(self.summary)
        for problem in self.problems:
            times = f", {problem.count:,} times" if problem.count > 1 else ""
            sheet.heading(f"{problem.verdict} ({problem.certainty}{times})", "")
            sheet.paragraph(problem.says, prefix="  ")
            if problem.fix:
                sheet.paragraph(problem.fix, prefix="  Fix: ")
        sheet.blank()
        if self.more:
            sheet.paragraph(f"And {counted(self.more, 'problem')} more: see the report.")
        sheet.paragraph(", ".join(self.captures), prefix="Captures: ")
        return str(sheet)

    def to_json(self) -> str:
        """What :func:`of_html` reads."""
        names = [each.name for each in fields_of(Problem)]
        problems = [{name: getattr(problem, name) for name in names} for problem in self.problems]
        values = {"summary": self.summary, "captures": self.captures, "problems": problems, "more": self.more}
        return json.dumps(values, ensure_ascii=False)


def of_document(document: Document) -> Gist:
    """Of a report that is being made."""
    failed = [case for case in document.cases if case.outcome is Outcome.PROBLEM]
    return Gist(
        document.summary,
        tuple(capture.path for capture in document.captures),
        tuple(map(_of_case, failed[:MOST_PROBLEMS])),
        max(len(failed) - MOST_PROBLEMS, 0),
    )


def _of_case(case: Case) -> Problem:
    finding = case.first.finding
    says, fixes = ("", ()) if finding is None else (finding.says, finding.fix)
    return Problem(case.verdict, case.first.certainty, len(case.attempts), says, fixes[0] if fixes else "")


def of_json(text: str) -> Gist | None:
    """Of a JSON report (docs/report.md); None for any other JSON."""
    try:
        report = json.loads(text)
        return of_report(report) if report["tool"]["name"] == "distscope" and report["schema_version"] == 1 else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def of_report(report: Any) -> Gist:
    """Of the values of a JSON report.  Raises LookupError or TypeError if that is not what they are."""
    attempts = {attempt["id"]: attempt for attempt in report["attempts"]}
    groups = {name: incident["attempts"] for incident in report["incidents"] for name in incident["attempts"]}
    problems: list[Problem] = []
    told: set[str] = set()
    for name, attempt in attempts.items():
        if attempt["outcome"] != Outcome.PROBLEM.value or name in told:
            continue
        group = set(groups.get(name, ())) - told | {name}
        told |= group
        problems.append(_problem(attempt, len(group)))
    numbers = report["summary"]
    return Gist(
        summarise(
            {outcome: int(numbers[outcome.value]) for outcome in Outcome},
            len(problems),
            sum(int(capture["packets"]) for capture in report["captures"]),
        ),
        tuple(printable(str(capture["path"])) for capture in report["captures"]),
        tuple(problems[:MOST_PROBLEMS]),
        max(len(problems) - MOST_PROBLEMS, 0),
    )


def _problem(attempt: Any, count: int) -> Problem:
    nothing: dict[str, Any] = {"says": "", "fix": []}
    finding = next((each for each in attempt["findings"] if each["name"] == attempt["verdict"]), nothing)
    fix = finding["fix"][0] if finding["fix"] else ""
    shown = [printable(str(value)) for value in (attempt["verdict"], attempt["certainty"], finding["says"], fix)]
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
        return Gist(printable(str(value["summary"])), captures, problems, int(value.get("more", 0)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


class _Finder(HTMLParser):
    content = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta" and values.get("name") == META:
            self.content = values.get("content") or ""
