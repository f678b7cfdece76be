"""How a connection ended: who closed it first, and whether that was an answer or a timer.

An answer follows what the peer said within a round trip; a timer runs out a whole ``net_setuptime`` after the closing
side last started it (docs/protocol.md section 6).  Taking one for the other is how cookies get blamed for slow
networks.
"""

from __future__ import annotations

from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.connection import Closing, Connection
from dissectors.dataclass import dataclass, replace
from dissectors.dialogue import Side

SECOND = 10**9
MILLISECOND = 10**6

NET_SETUPTIME = 7 * SECOND
"""Default of kernel's ``net_setuptime``."""
REACTION = 800 * MILLISECOND
"""A node answers within milliseconds, a TLS listener that has to start first within half a second (docs/protocol.md 4.3
row 33)."""
OWN_TIMER = 6500 * MILLISECOND
"""A side that closes after so long did so by the default net_setuptime of 7 s, and not by the timeout of a proxy."""
PATIENCE = 5 * SECOND
"""Where no side gives up in the capture: silence of this length is judged, a shorter one may be the capture's end."""
DELAYED_ACK = 20 * MILLISECOND
"""A TCP that waits so long with an acknowledgment had nothing of its own to send (Linux: 40 ms)."""
SLOW_SHARE = 4
"""A path is slow when a round trip takes a quarter of the setup time: name, challenge and ack need three."""
JITTER = 60 * MILLISECOND
"""By which a BEAM timer may fire late on a loaded host."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The first FIN or RST of a connection."""

    closing: Closing
    waited: int
    """Nanoseconds since the other side last sent payload (a repeated segment counts), or since TCP was open."""
    timer: int
    """Nanoseconds since the closing side last started its own timer."""
    by_timer: bool

    @property
    def on_the_second(self) -> bool:
        """The timer ran for a whole number of seconds, as far as a loaded host can tell: ``net_setuptime`` mostly is
        one."""
        return abs(self.timer - round(self.timer / SECOND) * SECOND) <= JITTER

    @property
    def side(self) -> Side:
        return self.closing.side

    @property
    def prompt(self) -> bool:
        """It answers what the other side said last."""
        return not self.by_timer

    @property
    def is_reset(self) -> bool:
        return isinstance(self.closing, events.WasReset)


def ending_of(attempt: Attempt, connection: Connection | None) -> Ending | None:
    """How ``connection`` ended; None while it is open, as far as the capture shows."""
    closing = None if connection is None else connection.end
    if connection is None or closing is None:
        return None
    at = closing.packet.at
    waited = at - _last_heard(connection, closing.side.other, before=at)
    timer = at - _timer_started(attempt, connection, closing.side, before=at)
    round_trip = connection.round_trip or 0
    ending = Ending(closing, waited, timer, by_timer=waited > REACTION + 2 * round_trip)
    if not ending.by_timer and timer >= SECOND - JITTER and round_trip * 10 >= timer:
        # On a slow path the timer may fire just after something arrived: then it is a whole number of seconds that
        # tells, or that nothing was there yet to answer.
        return replace(ending, by_timer=ending.on_the_second or _only_named_itself(attempt, closing))
    return ending


def _only_named_itself(attempt: Attempt, closing: Closing) -> bool:
    """The initiator said its name, and closed before it could have read anything of the handshake."""
    said = {
        event.side
        for event in attempt.timeline
        if isinstance(event, events.HandshakeEvent) and event.packet.at <= closing.packet.at
    }
    return closing.side is Side.INITIATOR and said == {Side.INITIATOR}


def _last_heard(connection: Connection, side: Side, *, before: int) -> int:
    """When ``side`` last sent payload that the other side got, else when TCP opened.

    What the other TCP never acknowledged it did not hear, and can't have answered."""
    flow = connection.flows[side]
    heard = [connection.opened_at]
    if flow.unacknowledged and connection.flows[side.other].last is not None:
        heard += [] if flow.acknowledged_at is None else [flow.acknowledged_at]
    else:
        heard += [] if flow.last_sent_at is None else [flow.last_sent_at]
        heard += [] if flow.last_resent is None else [flow.last_resent.packet.at]
    return max((at for at in heard if at <= before), default=connection.first.at)


def _timer_started(attempt: Attempt, connection: Connection, side: Side, *, before: int) -> int:
    """When ``side`` last started its setup timer (docs/protocol.md section 6, "I's resets" and "A's resets")."""
    resets = (events.ReplySent,) if side is Side.INITIATOR else (events.StatusSent, events.ChallengeSent)
    start = connection.first.at if side is Side.INITIATOR else connection.opened_at
    for event in attempt.timeline:
        if event.side is side and isinstance(event, resets) and event.packet.at < before:
            start = max(start, event.packet.at)
    return start


def is_slow_path(attempt: Attempt, connection: Connection | None = None) -> bool:
    """A handshake needs three round trips: on this path they take a good part of the time that it was given.

    Of the distribution connection, unless another one is given."""
    connection = connection or attempt.link
    ending = ending_of(attempt, connection)
    if connection is None or ending is None or connection.round_trip is None:
        return False
    return connection.round_trip * SLOW_SHARE >= ending.timer


def name_never_came(attempt: Attempt, capture_ends: int) -> bool:
    """A node that looked the acceptor up opened the connection and was never heard of again.

    A probe does not ask EPMD for a name first, and closes what it opened; a node sends its name at once."""
    link, ending = attempt.link, ending_of(attempt, attempt.link)
    if link is None or ending is None or attempt.port2_resp is None or not link.is_open:
        return False
    silent = not any(flow.sent for flow in link.flows.values()) and link.closing_of(Side.INITIATOR) is None
    # A client that only waited answers the acceptor's FIN; one that is cut off can't.
    watched = capture_ends - ending.closing.packet.at >= REACTION
    return silent and watched and ending.side is Side.ACCEPTOR and ending.by_timer


def hangs(attempt: Attempt, capture_ends: int) -> bool:
    """The initiator gave up on a ClientHello that nothing answered, and the acceptor did not close.

    A plain distribution listener has a timer of its own, which runs out within milliseconds of the initiator's
    (docs/protocol.md 4.3 row 34); a listener that is stopped has none."""
    link = attempt.link
    if link is None or link.end is None or link.end.side is not Side.INITIATOR or link.flows[Side.ACCEPTOR].sent:
        return False
    if link.closing_of(Side.ACCEPTOR) is not None:
        return False
    given_up = link.end.packet.at
    last = link.flows[Side.ACCEPTOR].last
    # An emulator that runs answers the FIN at once; a kernel alone acknowledges it, after its delay of up to 40 ms.
    acknowledged_only = last is not None and last.at - given_up >= DELAYED_ACK
    return acknowledged_only or capture_ends - given_up >= SECOND


def seconds(nanoseconds: int) -> str:
    """A duration for people: ``7.0 s``, ``13 ms``, ``0.4 ms``."""
    if nanoseconds >= SECOND:
        return f"{nanoseconds / SECOND:.1f} s"
    if nanoseconds >= 10 * MILLISECOND:
        return f"{nanoseconds / MILLISECOND:.0f} ms"
    return f"{nanoseconds / MILLISECOND:.1f} ms"
