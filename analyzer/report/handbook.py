"""What rules declare → the pages of ``distscope explain`` and the table of ``distscope rules``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from analyzer.errors import printable
from analyzer.findings import Outcome
from analyzer.report.layout import MARGIN, Look, Sheet
from analyzer.sessions.attempt import Stage
from dissectors.dataclass import dataclass

HOME = ""
"""Where the project's files are read on the web, with the slash at its end; empty while they are published nowhere."""

CHAPTERS: Mapping[str, str] = {
    "REG": "Registration in EPMD",
    "QRY": "Other conversations with EPMD",
    "LKP": "Lookup in EPMD",
    "CON": "TCP to the distribution port",
    "TLS": "TLS",
    "HSK": "The distribution handshake",
    "LNK": "The link",
    "ANY": "Where the capture cannot tell",
    "ADV": "Advice",
}
"""Prefix of the codes → chapter, in the order of an attempt.  Rules of third parties have other prefixes."""


def page_of(name: str) -> str:
    """Where the page of a rule is: a stable name, to be linked from reports and tickets."""
    return f"{HOME}docs/verdicts/{name}.md"


def own_page(code: str, name: str) -> str | None:
    """The page of a rule of ours; None for one that another package brings."""
    return page_of(name) if code[:3] in CHAPTERS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule, as its readers need it."""

    code: str
    name: str
    outcome: str
    """``ok``, ``problem``, ``inconclusive``, or ``advice`` for a rule that never changes a verdict."""
    stage: str
    """``any`` where it belongs to none."""
    says: str
    sections: Mapping[str, str]
    """Paragraphs by heading."""
    fix: tuple[str, ...]
    references: tuple[str, ...]


class Declared(Protocol):
    """What :class:`analyzer.rules.rule.Rule` declares, as far as it is shown."""

    id: str
    name: str
    stage: Stage | None
    outcome: Outcome | None
    says: str
    references: tuple[str, ...]

    @property
    def fix(self) -> Sequence[object]: ...

    @property
    def documentation(self) -> Mapping[str, str]: ...


def entry_of(rule: Declared) -> Entry:
    """What the readers of a rule need."""
    return Entry(
        code=rule.id,
        name=rule.name,
        outcome=rule.outcome.value if rule.outcome else "advice",
        stage=rule.stage.value if rule.stage else "any",
        says=rule.says,
        sections=rule.documentation,
        fix=tuple(map(str, rule.fix)),
        references=rule.references,
    )


def unknown(asked: str, rules: Iterable[Declared]) -> str:
    """What to tell somebody who asked for a rule that there is not."""
    import difflib

    names = [name for rule in rules for name in (rule.name, rule.id.lower())]
    close = difflib.get_close_matches(asked.lower(), names)
    hint = f"did you mean {' or '.join(close)}?" if close else "'distscope rules' lists them all."
    return f"no verdict or rule is called {printable(asked)!r}: {hint}"


_COLUMNS = ("code", "name", "outcome", "stage")

_COLORS = {"problem": "red", "inconclusive": "yellow", "ok": "green", "advice": "cyan"}


def page(entry: Entry, look: Look) -> str:
    """All that is known of one rule."""
    sheet = Sheet(look)
    sheet.heading(entry.code, f"{entry.name} ({entry.outcome}, stage: {entry.stage})", _COLORS[entry.outcome])
    sheet.blank()
    sheet.paragraph(sentence(entry.says))
    for heading, text in entry.sections.items():
        sheet.heading(heading, "")
        _prose(sheet, text)
    if entry.fix:
        sheet.heading("Fixes that a report shows", "")
        for fix in entry.fix:
            sheet.paragraph(fix, prefix="  - ")
    if entry.references:
        sheet.heading("References", "")
        for reference in entry.references:
            sheet.paragraph(reference, prefix="  - ")
    return str(sheet)


def table(entries: Sequence[Entry], look: Look) -> str:
    """Two lines for each rule: code, slug, outcome and stage, aligned; and what it means."""
    sheet = Sheet(look)
    widths = [max((len(getattr(entry, name)) for entry in entries), default=0) for name in _COLUMNS]
    for entry in entries:
        cells = [f"{getattr(entry, name):<{width}}" for name, width in zip(_COLUMNS, widths, strict=True)]
        cells[2] = sheet.style(cells[2], _COLORS[entry.outcome])
        sheet.verbatim("  ".join(cells))
        sheet.paragraph(sentence(entry.says), prefix=" " * (widths[0] + 2))
    return str(sheet)


def as_json(entries: Sequence[Entry]) -> str:
    """The same for machines."""
    import json

    listed = [
        {
            "rule": entry.code,
            "name": entry.name,
            "outcome": entry.outcome,
            "stage": entry.stage,
            "says": sentence(entry.says),
            "documentation": dict(entry.sections),
            "fix": list(entry.fix),
            "references": list(entry.references),
            "docs": own_page(entry.code, entry.name),
        }
        for entry in entries
    ]
    return json.dumps({"schema_version": 1, "rules": listed}, indent=2, ensure_ascii=False) + "\n"


def sentence(says: str) -> str:
    """A rule's sentence with the places for names as words: ``{initiator}`` → ``INITIATOR``."""
    return says.format_map(_Places())


class _Places(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key.upper()


def _prose(sheet: Sheet, text: str) -> None:
    """Paragraphs are filled; indented lines and lists keep their shape."""
    import textwrap

    for block in textwrap.dedent(text).strip().split("\n\n"):
        lines = block.splitlines()
        for item in _items(lines):
            if item.startswith((" ", "\t")):
                sheet.verbatim(f"{MARGIN}{item}")
            else:
                mark, rest = (item[:2], item[2:]) if item.startswith(("- ", "* ")) else ("", item)
                sheet.paragraph(rest, prefix=MARGIN + mark)
        sheet.blank()


def _items(lines: Sequence[str]) -> list[str]:
    """Lines that belong together joined: the rest of a paragraph, the rest of a list item."""
    items: list[str] = []
    for text in lines:
        starts = text.startswith(("- ", "* ", "    ")) or not items or items[-1].startswith("    ")
        if starts:
            items.append(text.rstrip())
        else:
            items[-1] += f" {text.strip()}"
    return items
