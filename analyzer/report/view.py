"""Analysis → neutral document: every sentence, name and order of a report is decided here, no layout."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import overload

from analyzer import __version__
from analyzer.errors import printable
from analyzer.findings import Analysis, CaptureSummary, Diagnosis, Finding, Incident, NodeSummary, Outcome
from analyzer.report import story
from analyzer.report.document import (
    AttemptView,
    Case,
    Document,
    EventView,
    EvidenceView,
    FindingView,
    IncidentView,
    NodeView,
    PartyView,
)
from analyzer.report.handbook import own_page
from analyzer.report.phrases import says
from analyzer.report.wording import facts, plain, sentence, summarise
from analyzer.sessions.attempt import Attempt, Kind, Party
from dissectors import flags


def build(analysis: Analysis, *, keep_digests: bool = False) -> Document:
    """The document of an analysis.  Digests are scrubbed unless ``keep_digests``."""
    diagnoses = analysis.diagnoses
    order = sorted(range(len(diagnoses)), key=lambda index: (diagnoses[index].attempt.started_at, index))
    rank = {index: position for position, index in enumerate(order)}
    views = AttemptViews(diagnoses, order, keep_digests=keep_digests)
    counts = Counter(diagnosis.outcome for diagnosis in diagnoses)
    outcomes = {outcome: counts[outcome] for outcome in Outcome}
    cases = _cases(analysis, rank, views)
    return Document(
        version=__version__,
        captures=tuple(map(_capture, analysis.captures)),
        summary=summarise(
            outcomes,
            sum(case.outcome is Outcome.PROBLEM for case in cases),
            sum(capture.packets for capture in analysis.captures),
        ),
        counts=outcomes,
        verdicts=dict(sorted(Counter(diagnosis.verdict for diagnosis in diagnoses).items())),
        attempts=views,
        incidents=tuple(_incident(incident, rank) for incident in _by_time(analysis.incidents)),
        cases=cases,
        nodes=tuple(map(_node, analysis.nodes)),
        notes=tuple(map(printable, analysis.notes)),
    )


class AttemptViews(Sequence[AttemptView]):
    """The views of diagnoses, each made when it is asked for: a hundred thousand at once would fill the memory."""

    KEPT = 64
    """Of the latest, for whoever asks for one several times."""

    def __init__(self, diagnoses: Sequence[Diagnosis], order: Sequence[int], *, keep_digests: bool) -> None:
        """``order``: indices of the diagnoses as they are told; the first is A1."""

        @lru_cache(self.KEPT)
        def view_at(position: int) -> AttemptView:
            return attempt_view(diagnoses[order[position]], f"A{position + 1}", keep_digests=keep_digests)

        self._view_at = view_at
        self._positions: Sequence[int] = range(len(order))

    def of(self, positions: Iterable[int]) -> AttemptViews:
        """Some of them."""
        some = AttemptViews.__new__(AttemptViews)
        some._view_at = self._view_at
        some._positions = array("L", positions)
        return some

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, index: int) -> AttemptView: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AttemptView]: ...
    def __getitem__(self, index: int | slice) -> AttemptView | Sequence[AttemptView]:
        if isinstance(index, slice):
            return self.of(self._positions[index])
        return self._view_at(self._positions[index])


def attempt_view(diagnosis: Diagnosis, name: str, *, keep_digests: bool = False) -> AttemptView:
    """One diagnosis; ``name`` is its id in the report."""
    attempt = diagnosis.attempt
    return AttemptView(
        id=name,
        kind=attempt.kind.value,
        who=who(attempt),
        initiator=_party(attempt.initiator),
        acceptor=_party(attempt.acceptor),
        called=_shown(attempt.called),
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        stage=attempt.stage.value,
        verdict=diagnosis.verdict,
        outcome=diagnosis.outcome,
        certainty=diagnosis.certainty.value,
        detail={
            printable(key): plain(item, keep_digests=keep_digests, key=key) for key, item in diagnosis.detail.items()
        },
        flags=tuple(sorted(quality.value for quality in attempt.qualities)),
        findings=tuple(map(_finding, diagnosis.findings)),
        timeline=tuple(
            EventView(event.packet, event.side.value, event.name, facts(event, keep_digests=keep_digests), says(event))
            for event in story.in_time(attempt.timeline)
        ),
        omitted=attempt.omitted,
    )


def who(attempt: Attempt) -> str:
    """Both sides in one phrase."""
    initiator = story.party_label(attempt.initiator)
    acceptor = printable(_acceptor(attempt))
    if attempt.kind is Kind.REGISTER:
        return f"{initiator} registers with EPMD at {acceptor}"
    if attempt.kind is Kind.QUERY:
        return f"{initiator} asks EPMD at {acceptor}"
    return f"{initiator} → {acceptor}"


# --- Parts -----------------------------------------------------------------------------------------------------------


def _cases(analysis: Analysis, rank: dict[int, int], views: AttemptViews) -> tuple[Case, ...]:
    groups: list[list[int]] = []
    seen: set[int] = set()
    for incident in analysis.incidents:
        members = sorted(set(incident.attempts) - seen, key=rank.__getitem__)
        seen.update(members)
        groups += [members] if members else []
    lone: dict[tuple[object, ...], list[int]] = {}
    for index in rank:
        if index not in seen:
            diagnosis = analysis.diagnoses[index]
            fold = (diagnosis.verdict, who(diagnosis.attempt)) if diagnosis.outcome is Outcome.OK else (index,)
            lone.setdefault(fold, []).append(index)
    groups += lone.values()
    cases = [_case(analysis.diagnoses[group[0]], views.of(rank[index] for index in group)) for group in groups]
    severity = (Outcome.PROBLEM, Outcome.INCONCLUSIVE, Outcome.OK)
    return tuple(sorted(cases, key=lambda case: (severity.index(case.outcome), case.first_at, case.verdict)))


def _case(diagnosis: Diagnosis, members: AttemptViews) -> Case:
    first = members[0]
    told = story.steps(diagnosis.attempt)
    broke = None
    if first.outcome is Outcome.PROBLEM and first.finding is not None:
        broke = story.broke(told, (each.packet for each in first.finding.evidence))
    return Case(first.verdict, first.outcome, members, told, broke)


def _by_time(incidents: Sequence[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda incident: (incident.first_at, incident.verdict, incident.attempts))


def _incident(incident: Incident, rank: dict[int, int]) -> IncidentView:
    return IncidentView(
        verdict=incident.verdict,
        initiator=printable(incident.initiator),
        acceptor=printable(incident.acceptor),
        attempts=tuple(f"A{position + 1}" for position in sorted(rank[index] for index in incident.attempts)),
        first_at=incident.first_at,
        last_at=incident.last_at,
    )


def _finding(finding: Finding) -> FindingView:
    return FindingView(
        rule=finding.rule,
        name=finding.name,
        outcome=finding.outcome,
        severity=finding.severity.value,
        certainty=finding.certainty.value,
        says=sentence(finding.says),
        why=sentence(finding.why),
        evidence=tuple(EvidenceView(each.packet, printable(each.says)) for each in finding.evidence),
        fix=tuple(map(printable, finding.fix)),
        references=tuple(map(printable, finding.references)),
        docs=own_page(finding.rule, finding.name),
        alternatives=tuple(map(printable, finding.alternatives)),
    )


def _acceptor(attempt: Attempt) -> str:
    party = attempt.acceptor
    address = party.address or "an unknown address"
    if attempt.kind is not Kind.CONNECT:
        return address
    if party.node or attempt.called:
        return party.node or attempt.called or ""
    return f"{attempt.called_name} at {address}" if attempt.called_name else address


def _party(party: Party) -> PartyView:
    return PartyView(_shown(party.node), _shown(party.address), party.port)


def _shown(text: str | None) -> str | None:
    return None if text is None else printable(text)


def _capture(capture: CaptureSummary) -> CaptureSummary:
    return CaptureSummary(
        path=printable(capture.path),
        format=printable(capture.format),
        link_types=tuple(map(printable, capture.link_types)),
        packets=capture.packets,
        packets_used=capture.packets_used,
        bytes=capture.bytes,
        first_packet_at=capture.first_packet_at,
        last_packet_at=capture.last_packet_at,
        flags=capture.flags,
        notes=tuple(map(printable, capture.notes)),
        sha256=capture.sha256,
    )


def _node(node: NodeSummary) -> NodeView:
    return NodeView(
        name=printable(node.name),
        addresses=tuple(map(printable, node.addresses)),
        release=node.release,
        flags=node.flags,
        flag_names=flags.names(node.flags) if node.flags is not None else (),
        hidden=node.hidden,
        implementation=node.implementation,
        creations=node.creations,
        registered_port=node.registered_port,
    )
