"""Blocks → the comment: the answer first, details folded, and no longer than the tracker takes.

Room is given away in the order of importance (the answer, each problem, its timeline, what the capture is, what is
well), and what got none is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from analyzer.findings import Outcome
from analyzer.report.document import Case, Document
from analyzer.report.ticket import layout
from analyzer.report.ticket.flavour import Flavour
from analyzer.report.wording import NOTHING_FOUND, OUTCOMES

FULL = 5
"""Problems told in full: who reads a ticket looks at no more."""
ROWS = 50
"""Of a table."""
FOR_THE_REST = 4_000
"""Characters that problems leave to captures, nodes and what is well."""


class _Comment:
    """Blocks in order, and how much room is left."""

    def __init__(self, limit: int) -> None:
        self.room = limit
        self._blocks: list[str] = []

    def __str__(self) -> str:
        return "\n".join(self._blocks)

    def add(self, block: str, keep: int = 0) -> bool:
        """Append ``block`` if that leaves at least ``keep`` characters."""
        if not block or len(block) + 1 > self.room - keep:
            return False
        self.room -= len(block) + 1
        self._blocks.append(block)
        return True

    def add_rows(self, rows: Sequence[object], block: Callable[[int], str], keep: int = 0) -> int:
        """Append ``block`` of as many rows as find room; how many."""
        shown = min(len(rows), ROWS)
        while shown and not self.add(block(shown), keep):
            shown = shown * 3 // 4
        return shown


def compose(document: Document, flavour: Flavour, limit: int | None = None) -> str:
    """The comment, no longer than ``limit`` characters, or than the flavour's tracker takes."""
    comment = _Comment(flavour.limit if limit is None else limit)
    comment.add(f"{flavour.strong(document.summary)}\n")
    if not document.attempts:
        comment.add(flavour.bullets(map(flavour.text, NOTHING_FOUND)))
    problems, unclear, well = (
        [case for case in document.cases if case.outcome is outcome]
        for outcome in (Outcome.PROBLEM, Outcome.INCONCLUSIVE, Outcome.OK)
    )
    keep = min(FOR_THE_REST, comment.room // 4)
    _told(comment, document, flavour, problems, FULL, keep)
    _told(comment, document, flavour, unclear, 1, keep)
    comment.add(layout.words(flavour, [*problems[:FULL], *unclear[:1]]), keep)
    advice = layout.advice_items(flavour, document)
    comment.add_rows(
        advice,
        lambda shown: flavour.folded("Advice", flavour.bullets([*advice[:shown], *_missing(len(advice) - shown)])),
        keep,
    )
    captures = layout.capture_rows(flavour, document)
    _table(comment, flavour, "Captures", layout.CAPTURE_COLUMNS, captures, keep // 2)
    _table(comment, flavour, "Nodes", layout.NODE_COLUMNS, layout.node_rows(flavour, document), keep // 4)
    _table(comment, flavour, OUTCOMES[Outcome.OK], layout.CASE_COLUMNS, layout.case_rows(flavour, well))
    comment.add(flavour.bullets(map(flavour.text, document.notes)))
    comment.add(flavour.text(f"distscope {document.version}") + "\n")
    return str(comment)


def _told(comment: _Comment, document: Document, flavour: Flavour, cases: Sequence[Case], most: int, keep: int) -> None:
    """The first ones in full, as far as there is room, the others in a row each."""
    first_with: dict[tuple[str, tuple[str, ...]], int] = {}
    told = 0
    for number, case in enumerate(cases[:most], 1):
        mark = OUTCOMES[case.outcome]
        label = f"{mark} {number} of {len(cases)}" if len(cases) > 1 else mark
        fix = case.first.finding.fix if case.first.finding is not None else ()
        same = first_with.setdefault((case.verdict, fix), number)
        if not comment.add(
            layout.answer(document, flavour, case, label, same_as=same if same != number else None), keep
        ):
            break
        told += 1
        drawn = same == number == 1 and comment.add(layout.picture(flavour, case), keep)
        if same == number:
            comment.add(layout.timeline(document, flavour, case, drawn=drawn), keep)
    rest = cases[told:]
    rows = layout.case_rows(flavour, rest)
    if rest:
        _table(comment, flavour, layout.cases_head(rest[0].outcome), layout.CASE_COLUMNS, rows, keep)


def _table(
    comment: _Comment, flavour: Flavour, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], keep: int = 0
) -> None:
    def block(shown: int) -> str:
        more = "".join(f"\n{line}\n" for line in _missing(len(rows) - shown))
        return flavour.folded(title, flavour.table(head, rows[:shown]) + more)

    if rows and not comment.add_rows(rows, block, keep):
        comment.add(f"{flavour.plain(title)}: {', '.join(_missing(len(rows)))}\n", keep // 2)


def _missing(count: int) -> Iterable[str]:
    return [f"and {count:,} more: see the full report"] if count else []
