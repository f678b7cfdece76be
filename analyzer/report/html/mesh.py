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


class Brief(NamedTuple):
    """What matrix and strip need of an attempt: views are made when they are asked for, so each is asked once."""

    sides: Sides
    connects: bool
    started_at: int
    ended_at: int


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

    def brief(self, attempt: AttemptView) -> Brief:
        return Brief(self.of(attempt), attempt.kind == "connect", attempt.started_at, attempt.ended_at)

    def _side(self, party: PartyView, called: str | None) -> str:
        address = party.address or "unknown address"
        return party.node or called or self._only.get(address, address)


def mesh_of(cases: Sequence[Case], briefs: Sequence[Sequence[Brief]]) -> Mesh | None:
    """The matrix of cases, and of the attempts of each; None where there are fewer than three nodes."""
    found: dict[Sides, dict[str, Entry]] = defaultdict(dict)
    trouble: Counter[str] = Counter()
    for number, case in enumerate(cases):
        for sides, connects, *_ in briefs[number]:
            if not connects:
                continue
            known = found[sides].get(case.verdict)
            count = known.attempts + 1 if known else 1
            found[sides][case.verdict] = Entry(case.verdict, case.outcome, count, known.case if known else number)
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
