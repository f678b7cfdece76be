"""The timeline of an attempt to the few lines that a person reads: openings told as one step, repetitions counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from analyzer.capture.packet import PacketRef
from analyzer.errors import printable
from analyzer.report import times
from analyzer.report.phrases import says
from analyzer.report.wording import silence
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Party
from analyzer.sessions.events import Event, Leg
from dissectors.dataclass import dataclass
from dissectors.dialogue import Side

SHORT_NAME = 15
"""Characters of a name beside an arrow: an IPv4 address fits."""

_REPEATING = (events.Dialled, events.DialAnswered, events.Resent, events.BytesMissing, events.Closed, events.WasReset)
_OPENING = (events.Dialled, events.DialAnswered, events.Opened)

PAUSE = 250_000_000
"""Nanoseconds between two steps from which on time itself is part of the story: a good network never takes so long."""


class Sign(Enum):
    """What a step does to the connection: how a diagram draws it."""

    OPENS = "opens"
    HALF_OPENS = "half-opens"
    """SYN and SYN-ACK, and no ACK."""
    DIALS = "dials"
    """A SYN, and no connection comes of it."""
    TELLS = "tells"
    REPEATS = "repeats"
    LACKS = "lacks"
    """Bytes that are not in the capture."""
    CLOSES = "closes"
    RESETS = "resets"
    REFUSES = "refuses"
    """An answer, and it is no."""
    PROHIBITS = "prohibits"
    """The same, from somebody on the way."""

    @property
    def ends(self) -> bool:
        """After it there is not much more to say."""
        return self in (Sign.CLOSES, Sign.RESETS, Sign.REFUSES, Sign.PROHIBITS)


_SIGNS: dict[type[Event], Sign] = {
    events.Opened: Sign.OPENS,
    events.Dialled: Sign.DIALS,
    events.DialAnswered: Sign.HALF_OPENS,
    events.Resent: Sign.REPEATS,
    events.BytesMissing: Sign.LACKS,
    events.Closed: Sign.CLOSES,
    events.WasReset: Sign.RESETS,
    events.DialRefused: Sign.REFUSES,
    events.DialProhibited: Sign.PROHIBITS,
    events.TlsAlert: Sign.REFUSES,
    events.TlsNoCertificate: Sign.REFUSES,
}
_REFUSALS = frozenset({"not_allowed", "alive", "nok"})
"""Statuses that are no yes."""
_LINK_UP = (events.AckSent, events.DataStarted, events.Ticked)
"""From then on the timeline does not hold every message."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story."""

    packets: tuple[PacketRef, ...]
    """At least one; those of a repetition or an opening in order."""
    since_start: int
    """Nanoseconds since the attempt started."""
    left: str
    """The initiator, in short."""
    right: str
    """EPMD or the acceptor, in short."""
    forth: bool
    """From left to right."""
    says: str
    sign: Sign
    leg: Leg
    waited: int
    """Nanoseconds since the step before; 0 for the first one."""
    link_up: bool
    """Of a link that is up the timeline holds only the first data and ticks."""

    @property
    def pause(self) -> str:
        """The time since the step before in words; empty where it needs none."""
        return silence(self.waited, link_up=self.link_up) if self.waited >= PAUSE else ""


def steps(attempt: Attempt) -> tuple[Step, ...]:
    """The attempt's timeline in steps."""
    left, right = short_names(attempt)
    start = attempt.started_at
    told: list[Step] = []
    up = False
    for group in _groups(in_time(attempt.timeline)):
        first = group[0]
        waited = max(first.packet.at - told[-1].packets[-1].at, 0) if told else 0
        told.append(
            Step(
                packets=tuple(dict.fromkeys(event.packet for event in group)),
                since_start=first.packet.at - start,
                left=left,
                right="EPMD" if first.leg is Leg.EPMD else right,
                forth=first.side is Side.INITIATOR,
                says=_tell(attempt, group, start),
                sign=_sign(group),
                leg=first.leg,
                waited=waited,
                link_up=up,
            )
        )
        if first.leg is Leg.LINK:
            up = (up or isinstance(first, _LINK_UP)) and not told[-1].sign.ends
    return tuple(told)


def broke(told: Sequence[Step], evidence: Iterable[PacketRef]) -> PacketRef | None:
    """The packet of the evidence at which the attempt broke: the first one that ends something, else the last one."""
    ends = {packet for step in told if step.sign.ends for packet in step.packets}
    shown = sorted(evidence, key=lambda packet: packet.at)
    return next((packet for packet in shown if packet in ends), shown[-1] if shown else None)


def _sign(group: Sequence[Event]) -> Sign:
    first, last = group[0], group[-1]
    if isinstance(first, events.StatusSent) and first.text in _REFUSALS:
        return Sign.REFUSES
    if isinstance(first, events.TlsEncryptedAlert) and first.rejection:
        return Sign.REFUSES
    if isinstance(first, events.EpmdAnswered) and first.fields().get("result"):
        return Sign.REFUSES
    return _SIGNS.get(type(last if isinstance(first, events.Dialled) else first), Sign.TELLS)


def in_time(timeline: Sequence[Event]) -> list[Event]:
    """By time: what became known late (a hole, for one) stands where it happened."""
    return sorted(timeline, key=lambda event: event.packet.at)


def short_names(attempt: Attempt) -> tuple[str, str]:
    """What to call initiator and acceptor beside an arrow: never the same for both."""
    nodes = tuple((name or "").partition("@")[0] for name in (attempt.initiator.node, _callee(attempt)))
    addresses = tuple(party.address or "" for party in (attempt.initiator, attempt.acceptor))
    hosts = tuple(_with_host(name or "") for name in (attempt.initiator.node, _callee(attempt)))
    for left, right in (nodes, hosts, (nodes[0] or addresses[0], nodes[1] or addresses[1]), addresses):
        left, right = _shortened(left), _shortened(right)
        if left and right and left != right:
            return left, right
    return "initiator", "acceptor"


def _with_host(name: str) -> str:
    """``rabbit@mq1`` of ``rabbit@mq1.example.net``; nothing where that is not short, or the host is an address."""
    node, _, host = name.partition("@")
    short = f"{node}@{host.partition('.')[0]}"
    return short if host[:1].isalpha() and len(short) <= SHORT_NAME else ""


def _shortened(name: str) -> str:
    name = printable(name)
    return name if len(name) <= SHORT_NAME else f"{name[: SHORT_NAME - 1]}…"


def _callee(attempt: Attempt) -> str | None:
    return attempt.acceptor.node or attempt.called or attempt.called_name


def _groups(timeline: Sequence[Event]) -> list[list[Event]]:
    """Events that are told as one, in order."""
    groups: list[list[Event]] = []
    for event in timeline:
        if groups and _belongs(groups[-1], event):
            groups[-1].append(event)
        else:
            groups.append([event])
    return groups


def _belongs(group: Sequence[Event], event: Event) -> bool:
    first, last = group[0], group[-1]
    if event.leg is not first.leg:
        return False
    if isinstance(first, events.Dialled) and isinstance(event, _OPENING) and not isinstance(last, events.Opened):
        # SYN, SYN-ACK, ACK in this order, each as often as it was sent.
        return _OPENING.index(type(event)) in (_OPENING.index(type(last)), _OPENING.index(type(last)) + 1)
    return isinstance(event, _REPEATING) and type(event) is type(first) and event.side is first.side


def _tell(attempt: Attempt, group: Sequence[Event], start: int) -> str:
    first, last = group[0], group[-1]
    if isinstance(first, events.Dialled):
        return _tell_dial(attempt, group, start)
    if len(group) == 1:
        return says(first)
    return f"{says(first)}, {len(group)} times until {times.offset(last.packet.at - start)}"


def _tell_dial(attempt: Attempt, group: Sequence[Event], start: int) -> str:
    """``group`` begins with a SYN."""
    connection = attempt.epmd if group[0].leg is Leg.EPMD else attempt.link
    target = f" to {printable(str(connection.listener))}" if connection is not None else ""
    dials = [event for event in group if isinstance(event, events.Dialled)]
    repeated = (
        f"SYN sent {len(dials)} times until {times.offset(dials[-1].packet.at - start)}" if len(dials) > 1 else ""
    )
    if isinstance(group[-1], events.Opened):
        return f"opens TCP{target}" + (f" ({repeated})" if repeated else "")
    answer = ", SYN-ACK comes, ACK does not" if isinstance(group[-1], events.DialAnswered) else ""
    return f"SYN{target}" + (f", {repeated.removeprefix('SYN ')}" if repeated else "") + answer


def party_label(party: Party) -> str:
    """The node's name, else its address; fit to be shown."""
    return printable(party.label)
