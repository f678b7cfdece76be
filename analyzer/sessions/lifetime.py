"""How a link that was up came down: by ticks that stopped, by a newer link of the same node, by global, or in order
(docs/protocol.md 4.4)."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.connection import Closing, Connection
from analyzer.sessions.ending import MILLISECOND, SECOND, ending_of
from analyzer.sessions.states import Stage
from analyzer.sessions.surroundings import Surroundings
from dissectors import flags
from dissectors.dataclass import dataclass
from dissectors.dialogue import Side

TICKS_PER_TICKTIME = 4
"""kernel's ``net_tickintensity``: a tick is sent every ``net_ticktime`` / 4."""
SHORTEST_SILENCE = 0.7
"""Detection comes 0.75 to 1.25 net_ticktime after the last byte; a little less is allowed for the capture's clock."""
UNKNOWN_TICKTIME_SILENCE = 20 * SECOND
"""Where no ticks tell the interval, only a silence as long as with a third of the default net_ticktime counts."""
AT_ONCE = 300 * MILLISECOND
"""After the ack: a later close is one of a link that was up."""
ENOUGH_COPIES = 3
"""Times that a segment was sent again: loss takes one or two."""
DEAD = 3 * SECOND
"""Silence through which at least four copies of a segment (0.2, 0.6, 1.4, 3.0 s) go unanswered."""
TOGETHER = 300 * MILLISECOND
"""Links that come down within this time of one another do so for one reason."""
PREVENTS_OVERLAPPING_PARTITIONS = 25
"""OTP release in which ``prevent_overlapping_partitions`` became the default."""
SUPERSEDES = 25
"""OTP release in which an acceptor began to let a newer connection take the place of an older one."""
STEPS = (events.NameSent, events.StatusSent, events.ChallengeSent, events.ReplySent, events.AckSent)


@dataclass(frozen=True, slots=True)
class Silence:
    """One side stopped sending, and the other closed in the end."""

    side: Side
    """Who was silent."""
    length: int
    """Nanoseconds from its last data to the other side's close."""
    sent: int
    """Ticks and messages that the other side sent meanwhile, as far as they were counted."""
    ticktime: int | None
    """net_ticktime in seconds, estimated from the spacing of ticks."""


def tick_timeout_of(attempt: Attempt) -> Silence | None:
    """The silence that made the other side close; None where the link came down otherwise."""
    link = attempt.link
    if link is None or attempt.stage is not Stage.ENDED or link.end is None:
        return None
    quiet = link.end.side.other
    heard = link.flows[quiet].last_sent_at
    speaker = link.flows[link.end.side]
    if heard is None or speaker.last_sent_at is None:
        return None
    length = link.end.packet.at - heard
    interval = _tick_interval(link)
    spoke = speaker.last_sent_at - heard
    if interval is not None:
        enough = length >= SHORTEST_SILENCE * TICKS_PER_TICKTIME * interval and spoke >= interval // 2
    else:
        enough = length >= UNKNOWN_TICKTIME_SILENCE and spoke > 0
    if not enough or length < 2 * SECOND:
        return None
    estimated = None if interval is None else round(interval * TICKS_PER_TICKTIME / SECOND)
    sent = max(1, round(spoke / interval)) if interval else 1
    return Silence(quiet, length, sent, estimated)


def _tick_interval(link: Connection) -> int | None:
    intervals = [interval for flow in link.flows.values() for interval in flow.intervals if interval > SECOND // 10]
    if not intervals:
        return None
    intervals.sort()
    middle = len(intervals) // 2
    return (intervals[middle] + intervals[-1 - middle]) // 2


def silent_side(attempt: Attempt) -> Side | None:
    """The side that nothing reaches any more: what is sent to it is sent again and again without an acknowledgment, and
    the capture ends before either side closes."""
    link = attempt.link
    if link is None or link.closings or attempt.stage is not Stage.CONNECTED:
        return None
    for side, flow in link.flows.items():
        resent, sent_at = flow.last_resent, flow.last_sent_at
        if link.flows[side.other].last is None or not flow.unacknowledged or resent is None or sent_at is None:
            continue
        if resent.retry >= ENOUGH_COPIES and resent.packet.at - sent_at >= DEAD:
            return side.other
    return None


def broke_later(attempt: Attempt, around: Surroundings) -> bool:
    """The link was up, and did not end in order."""
    link = attempt.link
    if link is None or silent_side(attempt) is not None:
        return link is not None
    reset = attempt.stage is Stage.ENDED and isinstance(link.end, events.WasReset)
    return reset or tick_timeout_of(attempt) is not None or partition(attempt, around) is not None


def setup_failed(attempt: Attempt) -> Closing | None:
    """The close of a side that got through the whole handshake and then gave up before it sent any data of its own.

    Two visible OTP nodes send data to each other's ``global_name_server`` within a millisecond of the ack
    (docs/protocol.md 2.6), so the silence of the closing one is telling.  C nodes and hidden nodes may have nothing to
    say.  Where the initiator closes, data of the acceptor tell this from a wrong ack: a node that goes on has verified
    the cookie that its own ack is made with."""
    acked, link = attempt.first(events.AckSent), attempt.link
    ending = ending_of(attempt, link)
    if acked is None or ending is None or ending.closing.packet.at - acked.packet.at > AT_ONCE:
        return None
    if attempt.first(events.DataStarted, ending.side):
        return None
    spoke = attempt.first(events.DataStarted, ending.side.other) is not None
    if ending.side is Side.INITIATOR and not spoke:
        return None
    own = (attempt.initiator_flags, attempt.challenge.flags if attempt.challenge else None)
    if spoke and not all(known is not None and _is_visible_otp(known) for known in own):
        return None
    return ending.closing


def _is_visible_otp(known: int) -> bool:
    estimate = flags.estimate(known)
    return bool(known & flags.Flag.PUBLISHED) and estimate is not None and estimate.implementation == "OTP"


def shook_hands(attempt: Attempt) -> bool:
    """Every step of the handshake is in the capture: what came of it has no hidden beginning."""
    return all(attempt.first(step) is not None for step in STEPS)


def supersedes(attempt: Attempt) -> bool:
    """The acceptor may drop this link for a newer one of the same node (docs/protocol.md 4.2 row 26)."""
    release = flags.estimate(attempt.challenge.flags) if attempt.challenge else None
    return release is None or release.highest is None or release.highest >= SUPERSEDES


def superseding(attempt: Attempt, around: Surroundings) -> Attempt | None:
    """The newer attempt of the same initiator for which the acceptor dropped this link
    (docs/protocol.md 4.2 row 26)."""
    link = attempt.link
    if link is None or link.end is None or link.end.side is not Side.ACCEPTOR or attempt.stage is not Stage.ENDED:
        return None
    ended = link.end.packet.at
    for other in around.of_node(attempt.initiator.node, ended - TOGETHER, ended + TOGETHER):
        if (
            other is attempt
            or other.acceptor.address != attempt.acceptor.address
            or other.started_at < attempt.started_at
        ):
            continue
        alive = any(status.text == "alive" for status in other.all(events.StatusSent))
        replied = other.first(events.ReplySent)
        if alive and replied is not None and abs(replied.packet.at - link.end.packet.at) <= TOGETHER:
            return other
    return None


@dataclass(frozen=True, slots=True)
class PartitionDisconnect:
    """One node closed links to several peers at once, and it did not end."""

    node: str
    peers: frozenset[str]
    others: tuple[Attempt, ...]
    within: int
    proof: events.GlobalSaid | None
    """``global`` said so on this very link."""


def partition(attempt: Attempt, around: Surroundings) -> PartitionDisconnect | None:
    """Whether this link came down with others of one node, as ``global`` does to prevent overlapping partitions."""
    link = attempt.link
    if link is None or attempt.stage is not Stage.ENDED or not isinstance(link.end, events.Closed):
        return None
    said = [said for said in attempt.all(events.GlobalSaid) if link.end.packet.at - said.packet.at <= TOGETHER]
    for proof in said:
        if proof.message == "remove_connection":
            speaker = attempt.label(proof.side)
            others = tuple(_closed_with(attempt, speaker, around))
            closed = (attempt, *others)
            return PartitionDisconnect(speaker, _peers(speaker, closed), others, _span(closed), proof)
    for node in (attempt.initiator.node, attempt.acceptor.node):
        if node is None or not _prevents(attempt):
            continue
        others = tuple(_closed_with(attempt, node, around))
        peers = _peers(node, (attempt, *others))
        if len(peers) > 1 and _lives_on(node, (attempt, *others)):
            return PartitionDisconnect(node, peers, others, _span((attempt, *others)), said[0] if said else None)
    return None


def _peers(node: str, closed: tuple[Attempt, ...]) -> frozenset[str]:
    return frozenset(str(peer) for each in closed for peer in (each.initiator.node, each.acceptor.node)) - {node}


def _span(closed: tuple[Attempt, ...]) -> int:
    times = [each.link.end.packet.at for each in closed if each.link and each.link.end]
    return max(times) - min(times)


def _closed_with(attempt: Attempt, node: str, around: Surroundings) -> Iterable[Attempt]:
    at = attempt.link.end.packet.at if attempt.link and attempt.link.end else 0
    for other in around.of_node(node, at - TOGETHER, at + TOGETHER):
        end = other.link.end if other.link else None
        if other is attempt or not isinstance(end, events.Closed) or other.stage is not Stage.ENDED:
            continue
        if abs(end.packet.at - at) <= TOGETHER:
            yield other


def _lives_on(node: str, closed: tuple[Attempt, ...]) -> bool:
    """Some of the links were closed by the peers: the end of ``node`` does not explain them all."""
    closers = {
        each.initiator.node if each.link.end.side is Side.INITIATOR else each.acceptor.node
        for each in closed
        if each.link is not None and each.link.end is not None
    }
    return closers != {node}


def _prevents(attempt: Attempt) -> bool:
    own = attempt.initiator_flags
    release = None if own is None else flags.estimate(own)
    return release is None or release.highest is None or release.highest >= PREVENTS_OVERLAPPING_PARTITIONS
