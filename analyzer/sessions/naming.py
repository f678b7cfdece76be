"""What an event tells of the names of both sides: from the handshake, EPMD and registrations."""

from __future__ import annotations

from functools import lru_cache

from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Kind
from analyzer.sessions.events import Event
from dissectors import epmd, handshake


def learn_names(attempt: Attempt, event: Event) -> None:
    """Fill in what ``event`` says of node names.  A node's own word in the handshake wins over EPMD's."""
    match event:
        case events.NameSent(message=handshake.SendName() | handshake.SendNameOld() as message):
            attempt.initiator.node = message.name
        case events.StatusSent(message=handshake.StatusNamed() as message):
            attempt.initiator.node = message.name
        case events.ChallengeSent(message=handshake.Challenge() | handshake.ChallengeOld() as message):
            attempt.acceptor.node = message.name
        case events.EpmdAsked(message=epmd.Alive2Req() as message):
            # EPMD holds only the part before the @; the host part is nowhere on this wire.
            attempt.initiator.node = attempt.initiator.node or message.name
        case events.EpmdAsked() | events.ReplySent():
            pass
        case _:
            return
    attempt.called = called_name(attempt)


def called_name(attempt: Attempt) -> str | None:
    """The full name that the initiator called, as far as the packets tell.

    EPMD's request has the part before the ``@``.  A handshake that went past the challenge proves that the whole name
    in the challenge was the one called (docs/protocol.md 4.2 row 25).  Else an initiator whose own host part is an IP
    address calls peers by address."""
    if attempt.kind is not Kind.CONNECT:
        return None
    if attempt.first(events.ReplySent) is not None and attempt.acceptor.node is not None:
        return attempt.acceptor.node
    return None if attempt.called_name is None else guessed_call(attempt)


def guessed_call(attempt: Attempt) -> str | None:
    """``name@address`` where the initiator's own name shows that it names nodes by address."""
    own, address = attempt.initiator.node, attempt.acceptor.address
    if own is not None and attempt.initiator.address is not None and own.endswith(f"@{attempt.initiator.address}"):
        return f"{attempt.called_name}@{address}"
    return None


def is_address(host: str) -> bool:
    """Whether the host part of a node name is an IP address."""
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_long(host: str) -> bool:
    """Whether the host part is that of a node with long names (``-name``): it has a dot or a colon."""
    return "." in host or ":" in host


_PRIVATE = ("10.", "192.168.", "127.", "fe80:")
"""Where most clusters are: what they begin with is enough to tell them, and ipaddress is not loaded for it."""


@lru_cache(maxsize=1024)  # the same few hosts, again and again
def is_public(address: str | None) -> bool:
    """Whether an IP address belongs to the internet at large (RFC 6890)."""
    if address is None or address.startswith(_PRIVATE):
        return False
    import ipaddress

    return is_address(address) and ipaddress.ip_address(address).is_global
