"""One event of each class, for tests that need to try them all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypedDict

from analyzer.capture.packet import PacketRef
from analyzer.sessions import events
from analyzer.sessions.events import Event, Leg
from dissectors import epmd, tls
from dissectors.dialogue import Side

AT = PacketRef(0, 1, 1_700_000_000_000_000_000)

_MAKERS: tuple[Callable[..., Event], ...] = (
    events.Dialled,
    events.DialAnswered,
    events.Opened,
    events.DialRefused,
    partial(events.DialProhibited, reporter="10.0.0.254", version=4, type=3, code=13),
    partial(events.Resent, offset=0, length=5, retry=1),
    partial(events.BytesMissing, offset=0, length=5, delivered=True),
    events.Closed,
    partial(events.WasReset, fit="EXACT", ttl=64, usual_ttl=64, ip_id=1, usual_ip_id=1, acknowledges=False),
    partial(events.EpmdAsked, message=epmd.Port2Req(name="bob")),
    partial(events.EpmdAnswered, message=epmd.Port2Refusal(result=1)),
    partial(events.TlsSaid, message=tls.ChangeCipherSpec()),
    partial(
        events.TlsClientHello,
        message=tls.ClientHello(
            legacy_version=0x0303, random=bytes(32), session_id=b"", cipher_suites=(0x1301,), extensions=None
        ),
    ),
    partial(
        events.TlsServerHello,
        message=tls.ServerHello(
            legacy_version=0x0303, random=bytes(32), session_id=b"", cipher_suite=0x1301, extensions=None
        ),
    ),
    partial(events.TlsCertificate, message=tls.Certificate(certificates=())),
    events.TlsNoCertificate,
    partial(events.TlsAlert, message=tls.Alert(level=2, description=40)),
    partial(events.TlsEncryptedAlert, rejection=True),
    events.NameSent,
    partial(events.StatusSent, text="ok"),
    partial(events.StatusAnswered, text="true"),
    events.ChallengeSent,
    events.ComplementSent,
    events.ReplySent,
    events.AckSent,
    events.DataStarted,
    events.Ticked,
    partial(events.GlobalSaid, message="lost_connection"),
    partial(events.ForeignSpoken, protocol="http", title="HTTP", why="it begins with GET", data=b"GET /"),
    partial(events.NotUnderstood, problem="malformed", reason="?", data=b"\xff", offset=0, length=1),
)


def event_classes() -> list[type[Event]]:
    """All that can be on a timeline."""
    found = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]
    return [kind for kind in found if kind not in (Event, events.HandshakeEvent)]


class Place(TypedDict):
    """What every event has."""

    packet: PacketRef
    side: Side
    leg: Leg


def place(leg: Leg = Leg.LINK, side: Side = Side.INITIATOR, packet: PacketRef = AT) -> Place:
    """Some packet of some side."""
    return {"packet": packet, "side": side, "leg": leg}


def every_event(leg: Leg = Leg.LINK, side: Side = Side.INITIATOR, packet: PacketRef = AT) -> list[Event]:
    """One of each class."""
    return [make(**place(leg, side, packet)) for make in _MAKERS]
