"""Diagnoses → what a report says beside them: incidents, nodes, and what was read from each capture."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain

from analyzer.capture import Source
from analyzer.capture.fingerprint import sha256_of
from analyzer.capture.linktypes import link_type_name
from analyzer.decode.segment import SkipReason
from analyzer.findings import Analysis, CaptureSummary, Diagnosis, Incident, NodeSummary, Outcome
from analyzer.sessions import events
from analyzer.sessions.archive import opened
from analyzer.sessions.attempt import Attempt, Kind, Quality
from dissectors import epmd, flags, handshake
from dissectors.dataclass import dataclass, field, replace
from dissectors.dialogue import Side


@dataclass(slots=True)
class _Folded:
    outcome: Outcome
    first_at: int
    last_at: int
    attempts: list[int] = field(default_factory=list)


class Incidents:
    """Folds attempts of one pair with one verdict."""

    def __init__(self) -> None:
        self._count = 0
        self._folded: dict[tuple[str, str, str], _Folded] = {}

    def add(self, diagnosis: Diagnosis) -> None:
        """The next one."""
        attempt = diagnosis.attempt
        key = diagnosis.verdict, attempt.label(Side.INITIATOR), attempt.label(Side.ACCEPTOR)
        folded = self._folded.get(key)
        if folded is None:
            folded = self._folded[key] = _Folded(diagnosis.outcome, attempt.started_at, attempt.ended_at)
        folded.first_at = min(folded.first_at, attempt.started_at)
        folded.last_at = max(folded.last_at, attempt.ended_at)
        folded.attempts.append(self._count)
        self._count += 1

    def all(self) -> tuple[Incident, ...]:
        """In the order of their first attempts."""
        return tuple(
            Incident(
                verdict=verdict,
                outcome=folded.outcome,
                initiator=initiator,
                acceptor=acceptor,
                attempts=tuple(folded.attempts),
                first_at=folded.first_at,
                last_at=folded.last_at,
            )
            for (verdict, initiator, acceptor), folded in self._folded.items()
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


class Nodes:
    """Learns what the handshakes and registrations tell of each node."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = defaultdict(_Node)
        self._registered: dict[tuple[str, str | None], int] = {}
        """(Name without host, address) → port, the latest one last."""

    def add(self, attempt: Attempt) -> None:
        """The next one."""
        if attempt.kind is Kind.CONNECT:
            _tell_initiator(self._nodes, attempt)
            _tell_acceptor(self._nodes, attempt)
        elif attempt.kind is Kind.REGISTER:
            request = attempt.first(events.EpmdAsked)
            if request is not None and isinstance(request.message, epmd.Alive2Req):
                place = request.message.name, attempt.initiator.address
                self._registered.pop(place, None)
                self._registered[place] = request.message.port

    def all(self) -> tuple[NodeSummary, ...]:
        """By name."""
        of_name: dict[str, list[_Node]] = defaultdict(list)
        for name, node in self._nodes.items():
            of_name[name.partition("@")[0]].append(node)
        for (name, address), port in self._registered.items():
            for node in of_name.get(name, ()):
                if address in node.addresses:
                    node.port = port
        return tuple(_summary(name, node) for name, node in sorted(self._nodes.items()))


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


class Shown:
    """Counts what attempts show of each capture."""

    def __init__(self) -> None:
        self._flags: dict[int, set[str]] = defaultdict(set)
        self._used: Counter[int] = Counter()

    def add(self, attempt: Attempt) -> None:
        """The next one."""
        for view in chain((attempt,), opened(attempt.views)):
            shown = {packet for event in view.timeline for packet in (event.packet, *event.packets)}
            self._used.update(packet.capture for packet in shown)
            flags = {quality.value for quality in view.qualities}
            for connection in (view.epmd, view.link):
                if connection is not None:
                    self._flags[connection.first.capture] |= flags

    def summaries(
        self, source: Source, strays: Iterable[tuple[int, Quality]], skipped: dict[tuple[int, SkipReason], int]
    ) -> tuple[CaptureSummary, ...]:
        """One per capture, in the order of the packets' capture indices."""
        for capture, quality in strays:
            self._flags[capture].add(quality.value)
        return tuple(
            CaptureSummary(
                path=state.path,
                format=state.format,
                link_types=tuple(link_type_name(link_type) for link_type in state.link_types),
                packets=state.packets,
                packets_used=self._used[index],
                bytes=state.bytes,
                first_packet_at=state.first_at,
                last_packet_at=state.last_at,
                flags=tuple(sorted(self._flags[index])),
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
