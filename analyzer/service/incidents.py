"""Failures and successes of pairs of nodes → few notices: at once, then not more often than anybody wants to read.

An incident is what it is in a report: one pair with one verdict.  Its first failure is due at once; the others are
counted and told together, once in ``every`` seconds; and that the pair connects again is told once.  Beyond a number in
an hour everything waits, and what waits is told as it stands when its turn comes.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Generic, TypeVar

from analyzer.findings import Diagnosis
from analyzer.sessions.attempt import Attempt
from dissectors.dataclass import dataclass
from dissectors.dialogue import Side

EVERY = 15 * 60
"""Seconds."""
PER_HOUR = 60
KEPT = 1000
"""Incidents; then the one that was quiet for the longest time is forgotten."""
HOUR = 3600
_COUNTED = re.compile(r"(?:(?<=-)\d+(?=-)|\d{3,})(?=.*@)")
"""Tools give themselves another number each time they run: rabbitmqcli-47-rabbit@host, c8123@host."""

F = TypeVar("F")
Key = tuple[str, str, str]


class Change(Enum):
    """What a notice tells."""

    FAILS = "fails"
    STILL_FAILS = "still fails"
    FAILED_MEANWHILE = "failed meanwhile"
    """And connects again."""
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Notice(Generic[F]):
    """Something to be told now."""

    change: Change
    facts: F
    """As the first failure gave them."""
    failures: int
    """That no notice has told yet."""
    in_all: int
    last_at: int
    """Of the latest failure: nanoseconds since 1970 UTC."""
    last_of_hour: bool
    """No more will come for a while."""


@dataclass(slots=True, eq=False)
class _Incident(Generic[F]):
    key: Key
    facts: F
    initiator: tuple[str | None, str | None]
    """Node, address."""
    acceptor: tuple[str | None, str | None, str | None]
    """Node, left part of its name, address."""
    in_all: int = 0
    untold: int = 0
    told_at: float | None = None
    told_failing: bool = False
    failing: bool = True
    last_at: int = 0

    def change(self, now: float, every: float) -> Change | None:
        """What is due, if anything is."""
        if self.told_failing and not self.failing:
            return Change.RECOVERED
        if not self.untold:
            return None
        if self.told_at is None:
            return Change.FAILS
        if now - self.told_at < every:
            return None
        return Change.STILL_FAILS if self.failing else Change.FAILED_MEANWHILE


class Incidents(Generic[F]):
    """Bounded, whatever is dialled."""

    def __init__(
        self,
        *,
        every: float = EVERY,
        per_hour: int = PER_HOUR,
        kept: int = KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``every``: seconds."""
        self._every = every
        self._per_hour = per_hour
        self._kept = kept
        self._clock = clock
        self._known: OrderedDict[Key, _Incident[F]] = OrderedDict()
        self._failing: defaultdict[str, set[_Incident[F]]] = defaultdict(set)
        """Names and address of the acceptor → those of them that fail."""
        self._sent: deque[float] = deque()
        """Within the last hour."""

    def failed(self, diagnosis: Diagnosis, facts: Callable[[], F]) -> Notice[F] | None:
        """An attempt failed; ``facts`` is called for the first one of an incident."""
        attempt = diagnosis.attempt
        key = (diagnosis.verdict, _COUNTED.sub("#", attempt.label(Side.INITIATOR)), attempt.label(Side.ACCEPTOR))
        incident = self._known.get(key)
        if incident is None:
            incident = self._known[key] = _Incident(key, facts(), _initiator(attempt), _acceptor(attempt))
        self._known.move_to_end(key)
        incident.in_all += 1
        incident.untold += 1
        incident.failing = True
        incident.last_at = max(incident.last_at, attempt.started_at)
        for name in filter(None, incident.acceptor):
            self._failing[name].add(incident)
        if len(self._known) > self._kept:
            self._forget(next(iter(self._known.values())))
        return self._notice(incident) if incident.told_at is None else None

    def worked(self, attempt: Attempt) -> Iterator[Notice[F]]:
        """An attempt got through: whatever failed between the two is over."""
        initiator, acceptor = _initiator(attempt), _acceptor(attempt)
        found = {each for name in filter(None, acceptor) for each in self._failing.get(name, ())}
        for incident in sorted(found, key=lambda each: each.key):
            same = _same(incident.initiator, initiator) and _same(incident.acceptor, acceptor)
            if same and attempt.started_at > incident.last_at:
                incident.failing = False
                self._over(incident)
                notice = self._notice(incident)
                if notice is not None:
                    yield notice

    def due(self) -> Iterator[Notice[F]]:
        """What has waited long enough.  Call it now and then."""
        now = self._clock()
        for incident in list(self._known.values()):
            notice = self._notice(incident)
            if notice is not None:
                yield notice
            elif not (incident.failing or incident.untold) and now - (incident.told_at or 0) >= self._every:
                self._forget(incident)

    def _notice(self, incident: _Incident[F]) -> Notice[F] | None:
        now = self._clock()
        change = incident.change(now, self._every)
        while self._sent and now - self._sent[0] >= HOUR:
            self._sent.popleft()
        if change is None or len(self._sent) >= self._per_hour:
            return None
        self._sent.append(now)
        failures, incident.untold = incident.untold, 0
        incident.told_at, incident.told_failing = now, incident.failing
        last_of_hour = len(self._sent) == self._per_hour
        return Notice(change, incident.facts, failures, incident.in_all, incident.last_at, last_of_hour)

    def _over(self, incident: _Incident[F]) -> None:
        for name in filter(None, incident.acceptor):
            self._failing[name].discard(incident)
            if not self._failing[name]:
                del self._failing[name]

    def _forget(self, incident: _Incident[F]) -> None:
        del self._known[incident.key]
        if incident.failing:
            self._over(incident)


def _initiator(attempt: Attempt) -> tuple[str | None, str | None]:
    node = attempt.initiator.node
    return node and _COUNTED.sub("#", node), attempt.initiator.address


def _acceptor(attempt: Attempt) -> tuple[str | None, str | None, str | None]:
    party = attempt.acceptor
    node = party.node or attempt.called
    return node, attempt.called_name or (node and node.partition("@")[0]), party.address


def _same(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> bool:
    """What tells most of them decides: the node's name, else the left part of it; an address in any case if there is
    no whole name."""
    *names, address = zip(one, other, strict=True)
    for index, (mine, others) in enumerate(names):
        if mine and others:
            if mine != others:
                return False
            if index == 0:
                return True
    return address[0] == address[1]
