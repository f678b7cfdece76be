"""Streams → attempts: joins each EPMD lookup with the connection that follows it, and finds Erlang traffic on any port.

Incremental.  What is open is held; what is not Erlang traffic is forgotten as soon as its first bytes say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.archive import Shelf
from analyzer.sessions.attempt import Attempt, Kind, Party, Quality, qualities_of
from analyzer.sessions.conversation import Conversation, Dissected
from analyzer.sessions.endpoints import Endpoints, Ports
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.half_open import HalfOpen
from analyzer.sessions.identify import Expectation, Speech
from analyzer.sessions.lookups import Lookups
from analyzer.sessions.naming import learn_names
from analyzer.streams.stream import Forgotten, Stream, StreamEvent
from analyzer.streams.syn_cache import Opening
from dissectors import epmd
from dissectors.dataclass import dataclass, field, replace


@dataclass(slots=True, eq=False)
class _Open:
    """A connection under observation."""

    conversation: Conversation
    attempt: Attempt | None = None
    early: list[Event] = field(default_factory=list)
    """Events from before the connection was known to be ours."""
    turned: bool = False
    """The sides of the early events were corrected."""

    def turn(self) -> None:
        """What is said shows that the stream took the wrong side for the opener."""
        self.early = [replace(event, side=event.side.other) for event in self.early]
        self.turned = True


MAX_EARLY = 64
"""Events held of a connection that is not identified yet; its first bytes decide long before."""


DROPPED_AT_ONCE = 512
"""Attempts that leave the list together: each time it is gone through."""


class Correlator:
    """Feed it stream events; ``attempts`` grows as attempts begin."""

    def __init__(
        self,
        ports: Ports | None = None,
        learned: Callable[[Endpoint], None] | None = None,
        *,
        joined: Callable[[Stream, Attempt], None] | None = None,
        dissected: Dissected | None = None,
        room: int | None = None,
        half_open: HalfOpen | None = None,
    ) -> None:
        """``learned`` hears of every endpoint that EPMD told of: it listens, whatever the capture shows of it.

        ``joined`` hears of which attempt each stream is a part, ``dissected`` of everything in it.  ``room``: attempts
        without an open connection that stay unpacked; ``half_open``: which of those that were never more than a dial
        are followed, and stay."""
        self._learned = learned or (lambda endpoint: None)
        self._joined = joined or (lambda stream, attempt: None)
        self._dissected = dissected
        self.attempts: list[Attempt] = []
        self.stray_qualities: set[tuple[int, Quality]] = set()
        """(capture, quality) of EPMD and distribution connections that no attempt could be made of."""
        self._open: dict[Stream, _Open] = {}
        self._growing: Counter[Attempt] = Counter()
        """Open connections of each attempt."""
        self._over = Shelf(room)
        self.half_open = half_open or HalfOpen()
        self._surplus: set[Attempt] = set()
        """Attempts that are only counted and still in the list."""
        self._ignored: set[Stream] = set()
        self._endpoints = Endpoints(ports or Ports())
        self._lookups = Lookups()

    def tell_ports(self, heard: Callable[[int], None]) -> None:
        """``heard`` hears of every port that is learned to be a distribution listener's."""
        self._endpoints.heard = heard

    # --- feeding -----------------------------------------------------------------------------------------------------

    def take(self, event: StreamEvent) -> list[tuple[Attempt, Event]]:
        """The events that ``event`` puts on timelines, each with its attempt."""
        stream = event.stream
        if stream in self._ignored:
            if isinstance(event, Forgotten):
                self._ignored.discard(stream)
            return []
        known = self._open.get(stream)
        if known is None:
            if isinstance(event, Forgotten):
                return []
            expected = self._expectation(stream)
            known = self._open[stream] = _Open(Conversation(stream, event.packet, expected, self._dissected))
            stream.matters = expected is not None
        elif (
            known.attempt is None
            and known.conversation.identity is None
            and known.conversation.expected is None
            and (expected := self._expectation(stream)) is not None
        ):
            known.conversation.expect(expected)
            stream.matters = True
        if isinstance(event, Forgotten):
            return self._end(stream, known, event.reason)
        return self._place(stream, known, known.conversation.take(event))

    def finish(self) -> list[tuple[Attempt, Event]]:
        """The end of the input."""
        placed: list[tuple[Attempt, Event]] = []
        for stream, known in list(self._open.items()):
            placed += self._end(stream, known, None)
        self.drop_surplus()
        return placed

    def _end(self, stream: Stream, known: _Open, reason: str | None) -> list[tuple[Attempt, Event]]:
        placed = self._place(stream, known, known.conversation.finish())
        if stream in self._open:
            known.conversation.connection.forgotten = reason
            self._open.pop(stream)
            if known.attempt is not None:
                self._growing[known.attempt] -= 1
                if not self._growing[known.attempt]:
                    del self._growing[known.attempt]
                    self._settle(known.attempt)
            elif known.conversation.expected is not None:
                self._stray(known)
        self._ignored.discard(stream)
        return placed

    def _settle(self, attempt: Attempt) -> None:
        """None of its connections is open any more."""
        if not self.half_open.is_surplus(attempt):
            self._over.put(attempt)
            return
        self._surplus.add(attempt)
        if len(self._surplus) >= DROPPED_AT_ONCE:
            self.drop_surplus()

    def drop_surplus(self) -> None:
        """Those that are only counted leave the list."""
        self.let_go(self._surplus)
        self._surplus = set()

    # --- whose is it -------------------------------------------------------------------------------------------------

    def _expectation(self, stream: Stream) -> Expectation | None:
        return self._endpoints.expectation(stream.vantage, stream.listener)

    def _place(self, stream: Stream, known: _Open, made: list[Event]) -> list[tuple[Attempt, Event]]:
        """Put events on the attempt that the connection belongs to; make or find it once the connection is ours."""
        conversation = known.conversation
        if known.attempt is None:
            if conversation.swapped and not known.turned:
                known.turn()
            known.early += made[: MAX_EARLY - len(known.early)]
            if conversation.identity is not None and conversation.identity.speech is Speech.NOT_OURS:
                stream.watched = False
                self._open.pop(stream, None)
                self._ignored.add(stream)
                return []
            if conversation.identity is None and conversation.expected is None:
                return []
            if not known.early or not self._worth_an_attempt(known):
                return []
            made, known.early = known.early, []
            known.attempt = self._attempt_for(conversation, made)
            self._growing[known.attempt] += 1
            self._joined(stream, known.attempt)
            stream.matters = True
        attempt = known.attempt
        # A connection on an unusual port is recognised as EPMD's only by its first bytes.  One that was expected to be
        # a link, and turns out to be EPMD's when the attempt is made already, stays what the attempt takes it for.
        leg = Leg.EPMD if attempt.epmd is conversation.connection else Leg.LINK
        made = [event if event.leg is leg else replace(event, leg=leg) for event in made]
        for event in made:
            attempt.add(event)
            self._learn(attempt, conversation, event)
        return [(attempt, event) for event in made]

    @staticmethod
    def _worth_an_attempt(known: _Open) -> bool:
        """The rest of a connection that began before the capture, of which nothing can be read, is no attempt of its
        own."""
        connection = known.conversation.connection
        return connection.opener_seen or any(
            not isinstance(event, (events.Closed, events.WasReset, events.Resent, events.BytesMissing))
            for event in known.early
        )

    def _attempt_for(self, conversation: Conversation, made: list[Event]) -> Attempt:
        connection = conversation.connection
        attempt = None
        if connection.leg is Leg.LINK:
            attempt = self._lookups.claim(connection)
        if attempt is not None:
            self._over.take(attempt)
        else:
            attempt = Attempt(Kind.CONNECT, Party(), Party())
            self.attempts.append(attempt)
        if connection.leg is Leg.EPMD:
            attempt.epmd = connection
            attempt.initiator = Party(None, connection.opener.address, connection.opener.port)
            attempt.acceptor = Party(None, connection.listener.address, None)
        else:
            attempt.link = connection
            attempt.initiator.address, attempt.initiator.port = connection.opener
            attempt.acceptor.address, attempt.acceptor.port = connection.listener
            self._endpoints.learn(
                connection.vantage, connection.listener, "an earlier connection to it spoke the distribution handshake"
            )
        identity = conversation.identity
        attempt.identified_by = identity.why if identity else conversation.expected.why if conversation.expected else ""
        return attempt

    # --- learning ----------------------------------------------------------------------------------------------------

    def _learn(self, attempt: Attempt, conversation: Conversation, event: Event) -> None:
        connection = conversation.connection
        match event:
            case events.EpmdAsked(message=epmd.Alive2Req() | epmd.AliveReq() as request):
                attempt.kind = Kind.REGISTER
                listener = Endpoint(connection.opener.address, request.port)
                self._endpoints.learn(connection.vantage, listener, f"{request.name!r} registered port {request.port}")
                attempt.acceptor.port = connection.listener.port
                attempt.called_name = request.name
            case events.EpmdAsked(message=epmd.Port2Req() | epmd.PortReq() as request):
                attempt.called_name = request.name
            case events.EpmdAsked():
                attempt.kind = Kind.QUERY
                attempt.acceptor.port = connection.listener.port
            case events.EpmdAnswered(message=epmd.Port2Resp() | epmd.PortResp() as response):
                attempt.acceptor.port = response.port
                target = Endpoint(connection.listener.address, response.port)
                self._endpoints.learn(connection.vantage, target, f"EPMD named port {response.port}")
                self._learned(target)
                self._lookups.wait(attempt, target)
            case _:
                pass
        learn_names(attempt, event)

    def can_wait(self, opening: Opening) -> bool:
        """Whether it is soon enough to look at a connection once it is more than an opening: nothing is expected of it,
        or many of its kind are followed already."""
        vantage, opener, listener = opening
        if self._endpoints.expectation(vantage, listener) is None:
            return not self.half_open.follows_all
        return not self._lookups.awaits(vantage, opener.address, listener) and self.half_open.can_wait(
            vantage, listener
        )

    def came_to_nothing(self, opening: Opening) -> None:
        """It is no more than an opening."""
        if self._endpoints.expectation(opening.vantage, opening.listener) is not None:
            self.half_open.came_to_nothing(opening.vantage, opening.listener)

    def _stray(self, known: _Open) -> None:
        connection = known.conversation.connection
        self.stray_qualities |= {(connection.first.capture, quality) for quality in qualities_of(connection)}

    def under_observation(self) -> set[Attempt]:
        """Attempts that may still grow: one of their connections is followed, or a dial may follow."""
        return {known.attempt for known in self._open.values() if known.attempt is not None} | self._lookups.attempts()

    def let_go(self, attempts: set[Attempt]) -> None:
        """Drop attempts that are over: whoever wanted to know of them knows."""
        self.attempts = [attempt for attempt in self.attempts if attempt not in attempts]

    @property
    def open_connections(self) -> int:
        """How many are under observation: what memory is bounded by."""
        return len(self._open)
