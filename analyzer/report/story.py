"""The timeline of an attempt to the few lines that a person reads: openings told as one step, repetitions counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.capture.packet import PacketRef
from analyzer.errors import printable
from analyzer.report import times
from analyzer.report.phrases import says
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Party
from analyzer.sessions.events import Event, Leg
from dissectors.dialogue import Side

SHORT_NAME = 15
"""Characters of a name beside an arrow: an IPv4 address fits."""

_REPEATING = (events.Dialled, events.DialAnswered, events.Resent, events.BytesMissing, events.Closed, events.WasReset)
_OPENING = (events.Dialled, events.DialAnswered, events.Opened)


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


def steps(attempt: Attempt) -> tuple[Step, ...]:
    """The attempt's timeline in steps."""
    left, right = short_names(attempt)
    start = attempt.started_at
    told = []
    for group in _groups(in_time(attempt.timeline)):
        first = group[0]
        told.append(
            Step(
                packets=tuple(dict.fromkeys(event.packet for event in group)),
                since_start=first.packet.at - start,
                left=left,
                right="EPMD" if first.leg is Leg.EPMD else right,
                forth=first.side is Side.INITIATOR,
                says=_tell(attempt, group, start),
            )
        )
    return tuple(told)


def in_time(timeline: Sequence[Event]) -> list[Event]:
    """By time: what became known late (a hole, for one) stands where it happened."""
    return sorted(timeline, key=lambda event: event.packet.at)


def short_names(attempt: Attempt) -> tuple[str, str]:
    """What to call initiator and acceptor beside an arrow: never the same for both."""
    nodes = tuple((name or "").partition("@")[0] for name in (attempt.initiator.node, _callee(attempt)))
    addresses = tuple(party.address or "" for party in (attempt.initiator, attempt.acceptor))
    for left, right in (nodes, (nodes[0] or addresses[0], nodes[1] or addresses[1]), addresses):
        left, right = _shortened(left), _shortened(right)
        if left and right and left != right:
            return left, right
    return "initiator", "acceptor"


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
