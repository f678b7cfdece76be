"""The same attempt seen from several captures → one attempt with its views.

Captures of both ends show every packet twice, and captures on both sides of a NAT show it under two addresses.  What
stays the same everywhere are the initial sequence numbers and the challenges, 32 random bits each.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise

from analyzer.sessions import events
from analyzer.sessions.archive import changed, opened
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.connection import Connection
from dissectors.dialogue import Side

SAME_PACKET = 10 * 10**6
"""Nanoseconds in which one host that captures on both sides of its own NAT sees a packet twice."""
MOST = 16
"""Attempts with one mark that are compared, the latest ones: numbers that more of them share tell nothing apart."""
SAME_TIME = 3600 * 10**9
"""Nanoseconds by which the clocks of two capturing hosts may differ; random numbers repeat by chance only after far
longer."""


def join_views(attempts: list[Attempt]) -> list[Attempt]:
    """One attempt per attempt: the first view that got furthest leads, the others are its ``views``."""
    leaders: list[Attempt] = []
    known: dict[_Mark, deque[Attempt]] = {}
    candidates = _candidates(attempts)
    for index, attempt in enumerate(attempts):
        if index not in candidates:
            leaders.append(attempt)
            continue
        leader = next(
            (
                found
                for mark in _marks(attempt)
                for found in known.get(mark, ())
                if _other_view(found, attempt, weak=mark[0] == WEAK)
            ),
            None,
        )
        if leader is None:
            leaders.append(attempt)
            leader = attempt
        else:
            leader.views += (attempt,)
        for mark in _marks(attempt):
            known.setdefault(mark, deque(maxlen=MOST)).append(leader)
    return [_led_by_initiator(leader) for leader in leaders]


def another_view(attempt: Attempt, others: Iterable[Attempt]) -> Attempt | None:
    """The first of ``others`` that is ``attempt`` as well, seen elsewhere: it may be told of before the end."""
    marks = set(_marks(attempt))
    for other in others:
        if other is not attempt:
            shared = marks.intersection(_marks(other))
            if any(_other_view(other, attempt, weak=mark[0] == WEAK) for mark in shared):
                return other
    return None


def _candidates(attempts: list[Attempt]) -> set[int]:
    """Indices of those that share a mark with another one, as far as a hash tells: few, where there is one capture."""
    hashes, owners = array("q"), array("L")
    for index, attempt in enumerate(opened(attempts)):
        for mark in set(_marks(attempt)):
            hashes.append(hash(mark))
            owners.append(index)
    repeated = {one for one, other in pairwise(sorted(hashes)) if one == other}
    return {owner for owner, found in zip(owners, hashes, strict=True) if found in repeated} if repeated else set()


_Mark = tuple[Hashable, ...]
WEAK = "opener"
"""The mark of one number only: two captures may share it, two connections of one capture too (scanners use fixed
ones)."""


def _marks(attempt: Attempt) -> Iterator[_Mark]:
    """What stays the same in every view, by kind."""
    for connection in (attempt.link, attempt.epmd):
        if connection is not None:
            opener, listener = connection.initial_sequence
            if opener is not None:
                yield WEAK, connection.leg, opener, connection.listener.port
                if listener is not None:
                    yield "both", connection.leg, opener, listener
    challenge, reply = attempt.first(events.ChallengeSent), attempt.first(events.ReplySent)
    if challenge is not None and challenge.message is not None:
        yield ("challenge", challenge.message.challenge, challenge.message.name)
    if reply is not None and reply.message is not None:
        yield ("reply", reply.message.challenge, reply.message.digest)


def _other_view(leader: Attempt, attempt: Attempt, *, weak: bool) -> bool:
    """Whether both can be views of one attempt: not two connections that one point of observation tells apart."""
    apart = abs(leader.started_at - attempt.started_at)
    if apart > SAME_TIME:
        # Told by the outline alone, without opening what is packed away: scanners give thousands one number.
        return False
    one_host = not _vantages(leader).isdisjoint(_vantages(attempt))
    if apart > (SAME_PACKET if one_host else SAME_TIME) or (one_host and weak and not _translated(leader, attempt)):
        return False
    mine = {_place(connection) for connection in (attempt.link, attempt.epmd) if connection is not None}
    return all(
        mine.isdisjoint(_place(connection) for connection in (view.link, view.epmd) if connection is not None)
        for view in (leader, *leader.views)
    )


def _translated(leader: Attempt, attempt: Attempt) -> bool:
    """A router that captures on both of its sides saw one dial: the same listener, the sender exchanged, a hop less."""
    one, other = (each.link or each.epmd for each in (leader, attempt))
    if one is None or other is None or one.leg is not other.leg or one.listener != other.listener:
        return False
    hops = [each.flows[Side.INITIATOR].ttl for each in (one, other)]
    return one.opener.address != other.opener.address and None not in hops and abs((hops[0] or 0) - (hops[1] or 0)) == 1


def _vantages(attempt: Attempt) -> set[int]:
    return {
        connection.vantage
        for view in (attempt, *attempt.views)
        for connection in (view.link, view.epmd)
        if connection is not None
    }


def _place(connection: Connection) -> Hashable:
    return connection.leg, connection.vantage, connection.opener, connection.listener


def _led_by_initiator(leader: Attempt) -> Attempt:
    """Let the view from the initiator's side lead: it names the real initiator behind a NAT, and the address that it
    dialled."""
    if not leader.views:
        return leader
    views = [leader, *leader.views]
    best = max(views, key=lambda view: (view.epmd is not None, _own_address(view), -view.started_at))
    called_name, called = _first(view.called_name for view in views), _first(view.called for view in views)
    initiator, acceptor = (_first(view.initiator.node for view in views), _first(view.acceptor.node for view in views))
    for view in views:
        view.views = tuple(other for other in views if other is not view)
        with changed(view):
            view.called_name = view.called_name or called_name
            view.called = view.called or called
            view.initiator.node = view.initiator.node or initiator
            view.acceptor.node = view.acceptor.node or acceptor
    return best


def _first(names: Iterable[str | None]) -> str | None:
    """What one capture missed of the names another one may have."""
    return next((name for name in names if name is not None), None)


def _own_address(attempt: Attempt) -> bool:
    """The initiator's name holds the very address that the packets show: no NAT in between."""
    node, address = attempt.initiator.node, attempt.initiator.address
    return node is not None and address is not None and node.endswith(f"@{address}")
