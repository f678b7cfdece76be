"""What the rules say of attempts: findings with their evidence, verdicts, incidents, and the whole analysis."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar

from analyzer.capture.packet import PacketRef
from analyzer.sessions.archive import Packable
from analyzer.sessions.attempt import Attempt
from dissectors.dataclass import dataclass, field

Detail = Mapping[str, object]
"""Facts of a verdict for machines; JSON-serialisable values, keys as in design.md section 3."""


class Severity(Enum):
    """How bad it is, if it is so."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Certainty(Enum):
    """How sure the packets make it."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for the strongest."""
        return list(Certainty).index(self)


class Outcome(Enum):
    OK = "ok"
    PROBLEM = "problem"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One packet and what it shows."""

    packet: PacketRef
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule has to say about one attempt."""

    rule: str
    """Code, e.g. ``HSK009``."""
    name: str
    """Slug, e.g. ``cookie-mismatch``."""
    outcome: Outcome | None
    """Of the verdict that this finding proposes; None for advice, which never changes the verdict."""
    severity: Severity
    certainty: Certainty
    says: str
    why: str
    evidence: tuple[Evidence, ...]
    fix: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    detail: Detail = field(default_factory=dict)
    alternatives: tuple[str, ...] = ()
    """What else could have made these packets, in words; empty when certain."""

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"{self.rule} {self.name}: a finding without evidence cannot be built")


@dataclass(frozen=True, slots=True)
class Diagnosis(Packable):
    """One attempt with its verdict."""

    PARTS: ClassVar[tuple[str, ...]] = ("detail", "findings")

    attempt: Attempt
    verdict: str
    outcome: Outcome
    certainty: Certainty
    detail: Detail
    findings: tuple[Finding, ...]
    """The verdict's own first, then advice."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Attempts of one pair with one verdict, folded into one line."""

    verdict: str
    outcome: Outcome
    initiator: str
    acceptor: str
    attempts: tuple[int, ...]
    """Indices into ``Analysis.diagnoses``."""
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class CaptureSummary:
    """What was read from one capture."""

    path: str
    format: str
    link_types: tuple[str, ...]
    packets: int
    packets_used: int
    bytes: int
    first_packet_at: int | None
    last_packet_at: int | None
    flags: tuple[str, ...]
    notes: tuple[str, ...]
    sha256: str | None = None
    """Of the file as it is, in hexadecimal; None where nobody asked for it, and of what is no file."""


@dataclass(frozen=True, slots=True)
class NodeSummary:
    """What the capture shows of one node."""

    name: str
    addresses: tuple[str, ...]
    release: tuple[int, int | None] | None
    """Lowest and highest OTP release that its flags fit; None where no flags were seen."""
    flags: int | None
    hidden: bool | None
    implementation: str | None
    """``OTP``, ``erl_interface``, ``jinterface``, or None."""
    creations: tuple[int, ...]
    registered_port: int | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that a report says."""

    captures: tuple[CaptureSummary, ...]
    diagnoses: tuple[Diagnosis, ...]
    incidents: tuple[Incident, ...]
    nodes: tuple[NodeSummary, ...]
    notes: tuple[str, ...]
    """What could not be analysed, and what was forgotten to stay within bounds."""
