r"""The neutral document that every renderer lays out: plain data, no wording of its own.

All text in a :class:`Document` is fit to be shown: control characters, terminal escapes and marks that turn the
direction of text are written out (``\x1b``).  Times are nanoseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, overload

from analyzer.capture.packet import PacketRef
from analyzer.findings import CaptureSummary, Outcome
from analyzer.report.story import Step, broke
from dissectors.dataclass import dataclass

T = TypeVar("T")


class Late(Sequence[T]):
    """Parts that are made when one of them is looked at: most reports look at few."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make = make
        self._made: tuple[T, ...] | None = None

    def _all(self) -> tuple[T, ...]:
        if self._made is None:
            self._made = tuple(self._make())
        return self._made

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._all()[index]


@dataclass(frozen=True, slots=True)
class PartyView:
    node: str | None
    address: str | None
    port: int | None


@dataclass(frozen=True, slots=True)
class EvidenceView:
    packet: PacketRef
    says: str


@dataclass(frozen=True, slots=True)
class FindingView:
    rule: str
    name: str
    outcome: Outcome | None
    severity: str
    certainty: str
    says: str
    why: str
    evidence: tuple[EvidenceView, ...]
    fix: tuple[str, ...]
    references: tuple[str, ...]
    docs: str | None
    """The page of the rule in the handbook; None for a rule of a third party."""
    alternatives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventView:
    packet: PacketRef
    side: str
    event: str
    fields: dict[str, object]
    tell: Callable[[], str]

    @property
    def says(self) -> str:
        """The same in one phrase, without its sender."""
        return self.tell()


@dataclass(frozen=True, slots=True)
class AttemptView:
    id: str
    kind: str
    who: str
    """Both sides in one phrase: ``ann@10.0.0.1 → bob@10.0.0.2``."""
    initiator: PartyView
    acceptor: PartyView
    called: str | None
    started_at: int
    ended_at: int
    stage: str
    verdict: str
    outcome: Outcome
    certainty: str
    detail: dict[str, object]
    flags: tuple[str, ...]
    findings: tuple[FindingView, ...]
    timeline: Sequence[EventView]
    omitted: int
    """Events beyond those of ``timeline``."""

    @property
    def finding(self) -> FindingView | None:
        """The one that gives the verdict."""
        return next((finding for finding in self.findings if finding.name == self.verdict), None)

    @property
    def rivals(self) -> tuple[FindingView, ...]:
        """What other verdict rules had to say."""
        return tuple(each for each in self.findings if each.outcome is not None and each.name != self.verdict)

    @property
    def advice(self) -> tuple[FindingView, ...]:
        return tuple(finding for finding in self.findings if finding.outcome is None)


@dataclass(frozen=True, slots=True)
class IncidentView:
    verdict: str
    initiator: str
    acceptor: str
    attempts: Sequence[str]
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Case:
    """What people read as one: an incident, or an attempt of its own."""

    verdict: str
    outcome: Outcome
    attempts: Sequence[AttemptView]
    """In time order; the first one stands for all."""
    steps: Sequence[Step]
    """Of the first attempt."""
    first_at: int
    last_at: int
    """When the last attempt started."""

    @property
    def first(self) -> AttemptView:
        return self.attempts[0]

    @property
    def broke(self) -> PacketRef | None:
        """Of the first attempt: the packet at which it broke; None for a healthy one, and where that is unclear."""
        finding = self.first.finding
        if self.outcome is not Outcome.PROBLEM or finding is None:
            return None
        return broke(self.steps, (each.packet for each in finding.evidence))


@dataclass(frozen=True, slots=True)
class AdviceView:
    """An advice, told once."""

    finding: FindingView
    """Of the first attempt that gave rise to it."""
    attempt: str
    """Its id."""
    count: int
    """Attempts that gave rise to it."""


@dataclass(frozen=True, slots=True)
class NodeView:
    name: str
    addresses: tuple[str, ...]
    release: tuple[int, int | None] | None
    flags: int | None
    flag_names: tuple[str, ...]
    hidden: bool | None
    implementation: str | None
    creations: tuple[int, ...]
    registered_port: int | None


@dataclass(frozen=True, slots=True)
class Document:
    version: str
    captures: tuple[CaptureSummary, ...]
    summary: str
    """One sentence: the answer in numbers."""
    counts: dict[Outcome, int]
    verdicts: dict[str, int]
    """Attempts by verdict, alphabetical."""
    attempts: Sequence[AttemptView]
    """In time order.  May be made as they are asked for: best gone through once."""
    incidents: tuple[IncidentView, ...]
    cases: tuple[Case, ...]
    """Every attempt once: problems, then what is unclear, then what is well; each in time order."""
    advice: tuple[AdviceView, ...]
    nodes: tuple[NodeView, ...]
    notes: tuple[str, ...]

    def capture(self, packet: PacketRef) -> str:
        """Path of the capture that holds ``packet``."""
        return self.captures[packet.capture].path
