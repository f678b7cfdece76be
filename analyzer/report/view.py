"""Analysis → neutral document: every sentence, name and order of a report is decided here, no layout."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import overload

from analyzer import __version__
from analyzer.errors import printable
from analyzer.findings import Analysis, CaptureSummary, Diagnosis, Finding, Incident, NodeSummary, Outcome
from analyzer.report import story
from analyzer.report.document import (
    AdviceView,
    AttemptView,
    Case,
    Document,
    EventView,
    EvidenceView,
    FindingView,
    IncidentView,
    Late,
    NodeView,
    PartyView,
)
from analyzer.report.handbook import own_page
from analyzer.report.phrases import says
from analyzer.report.wording import facts, plain, sentence, summarise
from analyzer.sessions.archive import opened
from analyzer.sessions.attempt import Attempt, Kind, Party
from dissectors import flags


def build(analysis: Analysis, *, keep_digests: bool = False) -> Document:
    """The document of an analysis.  Digests are scrubbed unless ``keep_digests``."""
    diagnoses = analysis.diagnoses
    order = array("L", sorted(range(len(diagnoses)), key=lambda index: diagnoses[index].attempt.started_at))
    rank = array("L", bytes(order.itemsize * len(order)))
    for position, index in enumerate(order):
        rank[index] = position
    views = AttemptViews(diagnoses, order, keep_digests=keep_digests)
    counts = Counter(diagnosis.outcome for diagnosis in diagnoses)
    outcomes = {outcome: counts[outcome] for outcome in Outcome}
    cases = _cases(analysis, order, rank, views)
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
        advice=_advice(diagnoses, order),
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
        timeline=Late(partial(_timeline, attempt, keep_digests=keep_digests)),
        omitted=attempt.omitted,
    )


def _timeline(attempt: Attempt, *, keep_digests: bool) -> Iterator[EventView]:
    for event in story.in_time(attempt.timeline):
        fields = facts(event, keep_digests=keep_digests)
        yield EventView(event.packet, event.side.value, event.name, fields, partial(says, event))


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


def _cases(analysis: Analysis, order: Sequence[int], rank: Sequence[int], views: AttemptViews) -> tuple[Case, ...]:
    groups: list[Sequence[int]] = []
    seen = bytearray(len(rank))
    for incident in analysis.incidents:
        members = array("L", (index for index in sorted(incident.attempts, key=rank.__getitem__) if not seen[index]))
        for index in members:
            seen[index] = True
        groups += [members] if members else []
    lone: dict[tuple[object, ...], list[int]] = {}
    for index in order:
        if not seen[index]:
            diagnosis = analysis.diagnoses[index]
            fold = (diagnosis.verdict, who(diagnosis.attempt)) if diagnosis.outcome is Outcome.OK else (index,)
            lone.setdefault(fold, []).append(index)
    groups += lone.values()
    cases = [
        Case(
            verdict=(first := analysis.diagnoses[group[0]]).verdict,
            outcome=first.outcome,
            attempts=views.of(rank[index] for index in group),
            steps=Late(partial(story.steps, first.attempt)),
            first_at=first.attempt.started_at,
            last_at=analysis.diagnoses[group[-1]].attempt.started_at,
        )
        for group in groups
    ]
    severity = (Outcome.PROBLEM, Outcome.INCONCLUSIVE, Outcome.OK)
    return tuple(sorted(cases, key=lambda case: (severity.index(case.outcome), case.first_at, case.verdict)))


def _advice(diagnoses: Sequence[Diagnosis], order: Sequence[int]) -> tuple[AdviceView, ...]:
    """Each advice once, in the order in which attempts gave rise to it."""
    told: dict[tuple[str, str], tuple[int, FindingView]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for position, diagnosis in enumerate(opened(diagnoses[index] for index in order)):
        for finding in diagnosis.findings:
            if finding.outcome is None:
                key = (finding.rule, sentence(finding.says))
                counts[key] += 1
                if key not in told:
                    told[key] = (position, _finding(finding))
    return tuple(AdviceView(finding, f"A{position + 1}", counts[key]) for key, (position, finding) in told.items())


def _by_time(incidents: Sequence[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda incident: (incident.first_at, incident.verdict, incident.attempts))


def _incident(incident: Incident, rank: Sequence[int]) -> IncidentView:
    return IncidentView(
        verdict=incident.verdict,
        initiator=printable(incident.initiator),
        acceptor=printable(incident.acceptor),
        attempts=Late(partial(_ids, incident, rank)),
        first_at=incident.first_at,
        last_at=incident.last_at,
    )


def _ids(incident: Incident, rank: Sequence[int]) -> Iterator[str]:
    return (f"A{position + 1}" for position in sorted(rank[index] for index in incident.attempts))


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
