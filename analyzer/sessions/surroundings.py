"""What surrounds an attempt: the other attempts, how far the captures reach, and cookies the user knows.

A rule looks here for everything that is not in the attempt itself; plain look-ups, no judgement.
"""

from __future__ import annotations

from collections import defaultdict

from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.archive import opened
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.overlaps import Overlaps
from dissectors import epmd, flags
from dissectors.cookie import CookieJar
from dissectors.dataclass import dataclass
from dissectors.dialogue import Side


@dataclass(slots=True)
class Extent:
    """What one point of observation covers."""

    first_at: int
    last_at: int
    others: int = 0
    """TCP connections in it that are not EPMD's."""
    cut: bool = False
    """The file ends in the middle of a packet, so more was there."""

    def widen(self, first_at: int | None, last_at: int | None) -> None:
        """More than the packets show was watched, as something else tells."""
        self.first_at = self.first_at if first_at is None else min(self.first_at, first_at)
        self.last_at = self.last_at if last_at is None else max(self.last_at, last_at)


@dataclass(frozen=True, slots=True)
class Listener:
    """What one address and port said in all attempts together."""

    answered_last_at: int | None
    """Time of its latest status."""
    acknowledged: frozenset[str]
    """Nodes whose cookie it took."""
    cookie: int | None
    """Index of the known cookie that it proved to have."""
    flags: int | None
    """Of the first challenge that it sent."""
    silent: tuple[Attempt, ...]
    """Attempts whose connection it took without ever saying anything."""


class Surroundings:
    def __init__(self, attempts: list[Attempt], extents: dict[int, Extent], cookies: CookieJar | None = None) -> None:
        self.attempts = attempts
        self.extents = extents
        self.cookies = cookies or CookieJar()
        self.failures: list[str] = []
        """Rules that crashed, for the report's notes."""
        self._by_node: dict[str, list[Attempt]] = defaultdict(list)
        self._overlaps: dict[str, Overlaps] = {}
        self._own_flags: dict[str, int | None] = {}
        self._registered: dict[Endpoint, list[str]] = {}
        self._by_listener: dict[tuple[str | None, int | None], list[Attempt]] = defaultdict(list)
        self._listeners: dict[tuple[str | None, int | None], Listener] = {}
        self._by_epmd: dict[Endpoint | None, list[Attempt]] = defaultdict(list)
        for attempt in opened(attempts):
            self._by_epmd[attempt.epmd.listener if attempt.epmd else None].append(attempt)
            self._by_listener[attempt.acceptor.address, attempt.acceptor.port].append(attempt)
            for node in {attempt.initiator.node, attempt.acceptor.node} - {None}:
                self._by_node[str(node)].append(attempt)

    def capture_ends(self, attempt: Attempt) -> int:
        """Nanosecond time of the last packet at the attempt's point of observation."""
        connection = attempt.link or attempt.epmd
        extent = self.extents.get(connection.vantage) if connection else None
        return extent.last_at if extent else attempt.ended_at

    def extent(self, attempt: Attempt) -> Extent | None:
        connection = attempt.link or attempt.epmd
        return self.extents.get(connection.vantage) if connection else None

    def of_node(self, node: str | None, first: int, last: int) -> list[Attempt]:
        """Attempts in which ``node`` is either side, under way between these times (nanoseconds)."""
        if node is None or node not in self._by_node:
            return []
        known = self._overlaps.get(node)
        if known is None:
            known = self._overlaps[node] = Overlaps(self._by_node[node])
        return known.at(first, last)

    def registered_at(self, epmd_at: Endpoint) -> list[str]:
        """Names that an EPMD told when it was asked for all it has, the last time that the captures show; none if it
        never was."""
        known = self._registered.get(epmd_at)
        if known is None:
            answers = (attempt.first(events.EpmdAnswered) for attempt in opened(self._by_epmd[epmd_at]))
            lists = [each.message for each in answers if each and isinstance(each.message, epmd.NamesResp)]
            known = self._registered[epmd_at] = [name for name, _port in lists[-1].nodes] if lists else []
        return known

    def listener(self, attempt: Attempt) -> Listener:
        """What the acceptor's port said to all who called it."""
        key = attempt.acceptor.address, attempt.acceptor.port
        known = self._listeners.get(key)
        if known is None:
            known = self._listeners[key] = self._listener(self._by_listener[key])
        return known

    def _listener(self, callers: list[Attempt]) -> Listener:
        answered_last_at: int | None = None
        acknowledged: set[str] = set()
        cookie: int | None = None
        own_flags: int | None = None
        silent: list[Attempt] = []
        for caller in opened(callers):
            for status in caller.all(events.StatusSent):
                answered_last_at = max(answered_last_at or 0, status.packet.at)
            if caller.first(events.AckSent) is not None:
                acknowledged.add(str(caller.initiator.node))
                cookie = self.cookie_of_ack(caller) if cookie is None else cookie
            if own_flags is None and caller.challenge is not None:
                own_flags = caller.challenge.flags
            if caller.link and caller.link.is_open and not caller.link.flows[Side.ACCEPTOR].sent:
                silent.append(caller)
        return Listener(answered_last_at, frozenset(acknowledged), cookie, own_flags, tuple(silent))

    def acceptor_flags(self, attempt: Attempt) -> int | None:
        """The acceptor's own flags, from this attempt or any other that shows them in full (docs/protocol.md 3.1)."""
        challenge = attempt.challenge
        if challenge is not None:
            return challenge.flags
        told = self.listener(attempt).flags
        if told is not None:
            return told
        return None if attempt.acceptor.node is None else self._flags_as_initiator(attempt.acceptor.node)

    def _flags_as_initiator(self, node: str) -> int | None:
        if node not in self._own_flags:
            told = (each.initiator_flags for each in opened(self._by_node[node]) if each.initiator.node == node)
            self._own_flags[node] = next((each for each in told if each is not None), None)
        return self._own_flags[node]

    def acceptor_release(self, attempt: Attempt) -> flags.Estimate | None:
        """Which OTP releases the acceptor may be: by its flags, else by what EPMD says of its versions."""
        own = self.acceptor_flags(attempt)
        if own is not None:
            return flags.estimate(own)
        response = attempt.port2_resp
        if isinstance(response, epmd.Port2Resp):
            return flags.Estimate(None, 0, 22) if response.highest < 6 else flags.Estimate(None, 23, None)
        return None

    def cookie_of_reply(self, attempt: Attempt) -> int | None:
        """Index of the known cookie that the initiator's digest was made with; None: none of them, or not readable."""
        return self._match(attempt, Side.INITIATOR)

    def cookie_of_ack(self, attempt: Attempt) -> int | None:
        return self._match(attempt, Side.ACCEPTOR)

    def _match(self, attempt: Attempt, side: Side) -> int | None:
        challenge, digest = digest_of(attempt, side)
        return None if challenge is None or digest is None else self.cookies.match(challenge, digest)


def digest_of(attempt: Attempt, side: Side) -> tuple[int | None, bytes | None]:
    """The challenge that was put to ``side`` and the digest that it answered with (docs/protocol.md 2.5)."""
    reply = attempt.first(events.ReplySent)
    if side is Side.INITIATOR:
        challenge = attempt.challenge
        return (
            challenge.challenge if challenge is not None else None,
            reply.message.digest if reply is not None and reply.message is not None else None,
        )
    ack = attempt.first(events.AckSent)
    return (
        reply.message.challenge if reply is not None and reply.message is not None else None,
        ack.message.digest if ack is not None and ack.message is not None else None,
    )
