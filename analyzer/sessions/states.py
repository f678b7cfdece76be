"""How an attempt moves from event to event: stages, states and the transition table.

An observer meets everything: captures that start late, miss packets or show one direction.  So a pair that the table
does not list leaves the state as it is, unless the event itself proves a later state (``PROVES``): an ack proves that
name, status, challenge and reply were, whether or not the capture shows them.  Nothing is ever raised.
"""

from __future__ import annotations

from enum import Enum

from analyzer.sessions import events
from analyzer.sessions.events import Event, Leg


class Stage(Enum):
    """How far an attempt got (JSON report)."""

    LOOKUP = "lookup"
    TCP = "tcp"
    TLS = "tls"
    NAME = "name"
    STATUS = "status"
    CHALLENGE = "challenge"
    REPLY = "reply"
    ACK = "ack"
    CONNECTED = "connected"
    ENDED = "ended"

    __hash__ = object.__hash__  # members are singletons, and Enum's own is a Python call


class State(Enum):
    """What has happened so far, furthest first seen."""

    START = "start"
    EPMD_DIALLING = "dialling EPMD"
    EPMD_OPEN = "connected to EPMD"
    EPMD_ASKED = "waiting for EPMD's answer"
    EPMD_ANSWERED = "EPMD answered"
    DIALLING = "dialling the distribution port"
    OPEN = "TCP connection open"
    TLS = "TLS handshake"
    NAMED = "name sent"
    STATUS = "status sent"
    CHALLENGED = "challenge sent"
    REPLIED = "challenge reply sent"
    ACKNOWLEDGED = "challenge ack sent"
    CONNECTED = "connected"
    ENDED = "connection ended"
    """Of a connection that was up."""

    __hash__ = object.__hash__  # members are singletons, and Enum's own is a Python call


_ORDER = {state: index for index, state in enumerate(State)}

_STAGES: dict[State, Stage] = {
    State.START: Stage.LOOKUP,
    State.EPMD_DIALLING: Stage.LOOKUP,
    State.EPMD_OPEN: Stage.LOOKUP,
    State.EPMD_ASKED: Stage.LOOKUP,
    State.EPMD_ANSWERED: Stage.LOOKUP,
    State.DIALLING: Stage.TCP,
    State.OPEN: Stage.TCP,
    State.TLS: Stage.TLS,
    State.NAMED: Stage.NAME,
    State.STATUS: Stage.STATUS,
    State.CHALLENGED: Stage.CHALLENGE,
    State.REPLIED: Stage.REPLY,
    State.ACKNOWLEDGED: Stage.ACK,
    State.CONNECTED: Stage.CONNECTED,
    State.ENDED: Stage.ENDED,
}

PROVES: dict[type[Event], tuple[State | None, State | None]] = {
    # event: (the least state that it proves on the EPMD connection, … on the distribution connection)
    events.Dialled: (State.EPMD_DIALLING, State.DIALLING),
    events.DialAnswered: (State.EPMD_DIALLING, State.DIALLING),
    events.DialRefused: (State.EPMD_DIALLING, State.DIALLING),
    events.DialProhibited: (State.EPMD_DIALLING, State.DIALLING),
    events.Opened: (State.EPMD_OPEN, State.OPEN),
    events.EpmdAsked: (State.EPMD_ASKED, None),
    events.EpmdAnswered: (State.EPMD_ANSWERED, None),
    events.TlsClientHello: (None, State.TLS),
    events.TlsServerHello: (None, State.TLS),
    events.TlsCertificate: (None, State.TLS),
    events.TlsNoCertificate: (None, State.TLS),
    events.TlsAlert: (None, State.OPEN),
    events.TlsEncryptedAlert: (None, State.TLS),
    events.TlsSaid: (None, State.TLS),
    events.NameSent: (None, State.NAMED),
    events.StatusSent: (None, State.STATUS),
    events.StatusAnswered: (None, State.STATUS),
    events.ChallengeSent: (None, State.CHALLENGED),
    events.ComplementSent: (None, State.CHALLENGED),
    events.ReplySent: (None, State.REPLIED),
    events.AckSent: (None, State.ACKNOWLEDGED),
    events.DataStarted: (None, State.CONNECTED),
    events.GlobalSaid: (None, State.CONNECTED),
    events.Ticked: (None, State.CONNECTED),
}

TABLE: dict[State, dict[type[Event], State]] = {
    # The acceptor sends data right after its ack; the initiator's silence after the ack is the only proof of failure.
    State.CONNECTED: {events.Closed: State.ENDED, events.WasReset: State.ENDED},
}


def step(state: State, event: Event) -> State:
    """The state after ``event``; never an earlier one."""
    if event.leg is Leg.LINK:
        listed = TABLE.get(state, {}).get(type(event))
        if listed is not None:
            return listed
    proven = PROVES.get(type(event), (None, None))[0 if event.leg is Leg.EPMD else 1]
    if proven is None or _ORDER[proven] <= _ORDER[state]:
        return state
    return proven


def stage_of(state: State) -> Stage:
    return _STAGES[state]
