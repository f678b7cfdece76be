"""Lookups that EPMD answered and that still wait for their dial: which of them a new connection follows."""

from __future__ import annotations

from collections import defaultdict, deque

from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.connection import Connection
from dissectors.dialogue import Side

CLAIM_WINDOW = 10 * 10**9
"""Nanoseconds after the lookup's last packet in which a dial belongs to it: the initiator dials within a millisecond of
EPMD's FIN (docs/protocol.md 1.5), on a slow path within its timer of 7 s."""
TOGETHER = 20 * 10**6
"""Lookups that closed within this time of one another are served in their order."""

_Key = tuple[int, str, Endpoint]
"""(vantage, initiator's address, endpoint that EPMD told)"""


class Lookups:
    """Bounded by :data:`CLAIM_WINDOW`: what nobody dialled after in that time is forgotten here."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, list[Attempt]] = defaultdict(list)
        self._ages: deque[tuple[int, _Key, Attempt]] = deque()

    def __len__(self) -> int:
        return len(self._ages)

    def attempts(self) -> set[Attempt]:
        """Those that wait."""
        return {attempt for _, _, attempt in self._ages}

    def awaits(self, vantage: int, initiator: str, target: Endpoint) -> bool:
        """Whether a dial of ``target`` from that address may belong to a lookup."""
        return (vantage, initiator, target) in self._waiting

    def wait(self, attempt: Attempt, target: Endpoint) -> None:
        """EPMD told ``attempt``'s initiator that ``target`` listens."""
        lookup = attempt.epmd
        if lookup is None:
            return
        self._expire(lookup.last.at)
        key = (lookup.vantage, lookup.opener.address, target)
        self._waiting[key].append(attempt)
        self._ages.append((lookup.last.at, key, attempt))

    def claim(self, link: Connection) -> Attempt | None:
        """The lookup that the dial of ``link`` follows, once.

        Several nodes of one host may ask for one name at a time; each dials when EPMD closes its own connection.  So
        the latest that was closed is meant, and of those that closed together the first."""
        waiting = self._waiting.get((link.vantage, link.opener.address, link.listener), [])
        dialled = link.first.at
        fresh = [
            attempt
            for attempt in waiting
            if attempt.epmd is not None and _answered_at(attempt) <= dialled <= attempt.epmd.last.at + CLAIM_WINDOW
        ]
        if not fresh:
            return None
        latest = max(_closed_at(attempt, dialled) for attempt in fresh)
        best = min(
            (attempt for attempt in fresh if latest - _closed_at(attempt, dialled) <= TOGETHER),
            key=lambda attempt: (_closed_at(attempt, dialled), attempt.started_at),
        )
        waiting.remove(best)
        return best

    def _expire(self, now: int) -> None:
        # Twice the window: the lookup's connection may go on for a while after the answer.
        while self._ages and self._ages[0][0] < now - 2 * CLAIM_WINDOW:
            _, key, attempt = self._ages.popleft()
            waiting = self._waiting.get(key, [])
            if attempt in waiting:
                waiting.remove(attempt)
            if not waiting:
                self._waiting.pop(key, None)


def _answered_at(attempt: Attempt) -> int:
    """When EPMD told the port: what was dialled before that has nothing to do with this lookup."""
    answered = attempt.first(events.EpmdAnswered)
    return answered.packet.at if answered is not None else attempt.started_at


def _closed_at(attempt: Attempt, before: int) -> int:
    """When EPMD closed this lookup's connection: the dial follows that at once (docs/protocol.md 1.5)."""
    closing = attempt.epmd.closing_of(Side.ACCEPTOR) if attempt.epmd else None
    return closing.packet.at if closing is not None and closing.packet.at <= before else 0
