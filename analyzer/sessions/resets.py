"""Which resets of a connection neither end sent (docs/protocol.md 4.2 row 31).

A firewall that ends a connection forges a RST in the name of an end.  It gets the numbers right; what it cannot copy is
the path: hop limits differ, and the capture at the end in whose name it speaks does not have the packet.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.connection import Connection
from dissectors.dialogue import Side


def foreign_resets(attempt: Attempt) -> Iterator[events.WasReset]:
    """Resets of the distribution connection that its alleged sender did not send."""
    link = attempt.link
    if link is None:
        return
    for reset in link.closings:
        if isinstance(reset, events.WasReset) and is_foreign(attempt, reset):
            yield reset


def has_foreign_reset(attempt: Attempt) -> bool:
    return next(foreign_resets(attempt), None) is not None


def is_foreign(attempt: Attempt, reset: events.WasReset) -> bool:
    link = attempt.link
    if link is None:
        return False
    peer_closed = any(closing.packet < reset.packet for closing in link.closings)
    if peer_closed:
        # Late resets answer segments to a socket that is gone; NAT boxes and hosts send them alike, and they change
        # nothing.
        return False
    if not_sent_by(attempt, reset):
        return True
    return reset.usual_ttl is not None and reset.ttl != reset.usual_ttl


def not_sent_by(attempt: Attempt, reset: events.WasReset) -> bool:
    """Another view of this connection, in which that side's own packets are, does not have the reset."""
    own = attempt.link
    for link in (view.link for view in attempt.views):
        if own is None or link is None:
            continue
        has = any(isinstance(closing, events.WasReset) and closing.side is reset.side for closing in link.closings)
        if not has and link.flows[reset.side].segments and _nearer(link, own, reset.side):
            return True
    return False


def _nearer(one: Connection, other: Connection, side: Side) -> bool:
    """``one`` was captured nearer to ``side`` than ``other``: it saw that side's packets with more hops left."""
    ours, theirs = one.flows[side].ttl, other.flows[side].ttl
    return ours is not None and theirs is not None and ours > theirs
