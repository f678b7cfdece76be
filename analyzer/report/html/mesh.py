"""Connection attempts → a matrix of who reached whom: initiators down, acceptors across, the worst verdict first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from analyzer.findings import Outcome
from analyzer.report.document import AttemptView, Case, Document, PartyView

MOST = 24
"""Nodes of a matrix; where there are more, those with the most failures are shown."""
WORST_FIRST = (Outcome.PROBLEM, Outcome.INCONCLUSIVE, Outcome.OK)


class Sides(NamedTuple):
    initiator: str
    acceptor: str


class Entry(NamedTuple):
    """Attempts of a cell with one verdict."""

    verdict: str
    outcome: Outcome
    attempts: int
    case: int
    """Number of the first of their cases in the report."""


class Row(NamedTuple):
    initiator: str
    cells: tuple[tuple[Entry, ...] | None, ...]
    """The worst entry first, empty where nobody tried, None where both are the same node."""


class Mesh(NamedTuple):
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int
    """Nodes beyond ``MOST``."""


class Names:
    """What to call the sides of an attempt, so that one node has one name in the whole report.

    A side that failed before it told its name is known by its address; if the capture shows just one node at that
    address it goes by the name of that node."""

    def __init__(self, document: Document) -> None:
        at: dict[str, set[str]] = defaultdict(set)
        for node in document.nodes:
            for address in node.addresses:
                at[address].add(node.name)
        self._only: Mapping[str, str] = {address: names.pop() for address, names in at.items() if len(names) == 1}

    def of(self, attempt: AttemptView) -> Sides:
        return Sides(self._side(attempt.initiator, None), self._side(attempt.acceptor, attempt.called))

    def _side(self, party: PartyView, called: str | None) -> str:
        address = party.address or "unknown address"
        return party.node or called or self._only.get(address, address)


def mesh_of(cases: Sequence[Case], names: Names) -> Mesh | None:
    """The matrix; None where fewer than three nodes make a table of one line of it."""
    found: dict[Sides, dict[str, Entry]] = defaultdict(dict)
    trouble: Counter[str] = Counter()
    for number, case in enumerate(cases):
        for attempt in case.attempts:
            if attempt.kind != "connect":
                continue
            sides = names.of(attempt)
            known = found[sides].get(attempt.verdict)
            count = known.attempts + 1 if known else 1
            found[sides][attempt.verdict] = Entry(case.verdict, case.outcome, count, known.case if known else number)
            for name in set(sides):
                trouble[name] += case.outcome is Outcome.PROBLEM
    if len(trouble) < 3:
        return None
    worst = sorted(trouble, key=lambda name: (-trouble[name], name))[:MOST]
    shown = tuple(sorted(worst, key=_natural))
    rows = tuple(
        Row(one, tuple(_cell(found.get(Sides(one, other), {}).values(), one == other) for other in shown))
        for one in shown
    )
    return Mesh(shown, rows, len(trouble) - len(shown))


def _cell(entries: Iterable[Entry], same: bool) -> tuple[Entry, ...] | None:
    ordered = tuple(sorted(entries, key=lambda entry: (WORST_FIRST.index(entry.outcome), entry.case)))
    return None if same and not ordered else ordered


def _natural(name: str) -> tuple[bool, str]:
    """Nodes before addresses."""
    return ("@" not in name, name)
