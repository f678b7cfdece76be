"""Diagnoses → what a report says beside them: incidents, nodes, and what was read from each capture."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from analyzer.capture import Source
from analyzer.capture.fingerprint import sha256_of
from analyzer.capture.linktypes import link_type_name
from analyzer.decode.segment import SkipReason
from analyzer.findings import Analysis, CaptureSummary, Diagnosis, Incident, NodeSummary
from analyzer.sessions import events
from analyzer.sessions.archive import opened
from analyzer.sessions.attempt import Attempt, Kind, Quality
from dissectors import epmd, flags, handshake
from dissectors.dataclass import dataclass, field, replace
from dissectors.dialogue import Side


def incidents_of(diagnoses: tuple[Diagnosis, ...]) -> tuple[Incident, ...]:
    """Fold attempts of one pair with one verdict."""
    folded: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, diagnosis in enumerate(diagnoses):
        attempt = diagnosis.attempt
        folded[diagnosis.verdict, attempt.label(Side.INITIATOR), attempt.label(Side.ACCEPTOR)].append(index)
    return tuple(
        Incident(
            verdict=verdict,
            outcome=diagnoses[indices[0]].outcome,
            initiator=initiator,
            acceptor=acceptor,
            attempts=tuple(indices),
            first_at=min(diagnoses[index].attempt.started_at for index in indices),
            last_at=max(diagnoses[index].attempt.ended_at for index in indices),
        )
        for (verdict, initiator, acceptor), indices in folded.items()
    )


@dataclass(slots=True)
class _Node:
    addresses: set[str] = field(default_factory=set)
    flags: int | None = None
    lower_bound: bool = False
    creations: list[int] = field(default_factory=list)
    port: int | None = None

    def tell(self, known: int, *, lower_bound: bool) -> None:
        """Flags as the node says them itself win over the intersection that an acceptor of OTP 21 and 22 sends."""
        if self.flags is None or (self.lower_bound and not lower_bound):
            self.flags, self.lower_bound = known, lower_bound


def nodes_of(attempts: Iterable[Attempt]) -> tuple[NodeSummary, ...]:
    """What the handshakes and registrations tell of each node, by name."""
    nodes: dict[str, _Node] = defaultdict(_Node)
    for attempt in opened(attempt for attempt in attempts if attempt.kind is Kind.CONNECT):
        _tell_initiator(nodes, attempt)
        _tell_acceptor(nodes, attempt)
    for attempt in opened(attempt for attempt in attempts if attempt.kind is Kind.REGISTER):
        request = attempt.first(events.EpmdAsked)
        if request is not None and isinstance(request.message, epmd.Alive2Req):
            for name, node in nodes.items():
                if name.partition("@")[0] == request.message.name and attempt.initiator.address in node.addresses:
                    node.port = request.message.port
    return tuple(_summary(name, node) for name, node in sorted(nodes.items()))


def _tell_initiator(nodes: dict[str, _Node], attempt: Attempt) -> None:
    name, own = attempt.initiator.node, attempt.initiator_flags
    if name is None:
        return
    node = nodes[name]
    if attempt.initiator.address is not None:
        node.addresses.add(attempt.initiator.address)
    if own is not None:
        node.tell(own, lower_bound=False)
    if isinstance(attempt.send_name, handshake.SendName) and attempt.send_name.creation not in node.creations:
        node.creations.append(attempt.send_name.creation)


def _tell_acceptor(nodes: dict[str, _Node], attempt: Attempt) -> None:
    challenge = attempt.challenge
    if challenge is None or attempt.acceptor.node is None:
        return
    node = nodes[attempt.acceptor.node]
    if attempt.acceptor.address is not None:
        node.addresses.add(attempt.acceptor.address)
    node.tell(challenge.flags, lower_bound=isinstance(challenge, handshake.ChallengeOld))
    if isinstance(challenge, handshake.Challenge) and challenge.creation not in node.creations:
        node.creations.append(challenge.creation)
    if attempt.port2_resp is not None:
        node.port = attempt.port2_resp.port


def _summary(name: str, node: _Node) -> NodeSummary:
    estimate = None if node.flags is None else flags.estimate(node.flags, lower_bound_only=node.lower_bound)
    return NodeSummary(
        name=name,
        addresses=tuple(sorted(node.addresses)),
        release=None if estimate is None else (estimate.lowest, estimate.highest),
        flags=node.flags,
        hidden=None if node.flags is None else not node.flags & flags.Flag.PUBLISHED,
        implementation=None if estimate is None else estimate.implementation,
        creations=tuple(node.creations),
        registered_port=node.port,
    )


def summaries_of(
    source: Source,
    attempts: Iterable[Attempt],
    strays: Iterable[tuple[int, Quality]],
    skipped: dict[tuple[int, SkipReason], int],
) -> tuple[CaptureSummary, ...]:
    """One per capture, in the order of the packets' capture indices."""
    found: dict[int, set[str]] = defaultdict(set)
    used: Counter[int] = Counter()
    for attempt in opened(attempts):
        for view in (attempt, *attempt.views):
            shown = {packet for event in view.timeline for packet in (event.packet, *event.packets)}
            used.update(packet.capture for packet in shown)
            for connection in (view.epmd, view.link):
                if connection is not None:
                    found[connection.first.capture] |= {quality.value for quality in view.qualities}
    for capture, quality in strays:
        found[capture].add(quality.value)
    return tuple(
        CaptureSummary(
            path=state.path,
            format=state.format,
            link_types=tuple(link_type_name(link_type) for link_type in state.link_types),
            packets=state.packets,
            packets_used=used[index],
            bytes=state.bytes,
            first_packet_at=state.first_at,
            last_packet_at=state.last_at,
            flags=tuple(sorted(found[index])),
            notes=(*state.notes, *_skip_notes(index, skipped)),
        )
        for index, state in enumerate(source.captures)
    )


def fingerprinted(analysis: Analysis) -> Analysis:
    """The same with the SHA-256 of each capture, which takes one more reading of it."""
    captures = tuple(replace(capture, sha256=sha256_of(capture.path)) for capture in analysis.captures)
    return replace(analysis, captures=captures)


_SAID = {
    SkipReason.LINK_TYPE: "{count} packets skipped: their link type is not supported",
    SkipReason.CUT: "{count} packets skipped: the snap length cut them before their TCP header ends",
    SkipReason.MALFORMED: "{count} packets skipped: their headers contradict themselves",
}
"""Reasons that a reader must know of; that a packet is no TCP is nothing to report."""


def _skip_notes(capture: int, skipped: dict[tuple[int, SkipReason], int]) -> Iterable[str]:
    for reason, text in _SAID.items():
        if count := skipped.get((capture, reason)):
            yield text.format(count=count)
