"""Everything that can appear on the timeline of an attempt.

An event is what one packet shows of one attempt.  ``name`` and :meth:`Event.fields` are what the JSON report prints
(docs/report.md); the class is what the state table and the rules go by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from analyzer.capture.packet import PacketRef
from dissectors import epmd, handshake, tls, traffic
from dissectors.dialogue import Side

FieldValue = str | int | bool | None | list[str]
Fields = dict[str, FieldValue]


class Leg(Enum):
    """Which of an attempt's TCP connections an event belongs to."""

    EPMD = "epmd"
    LINK = "link"
    """The distribution connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    name: ClassVar[str]

    packet: PacketRef
    """The packet that completes it."""
    side: Side
    """Who sent that packet."""
    leg: Leg
    packets: tuple[PacketRef, ...] = ()
    """All packets that carry it, where it took more than one."""

    def fields(self) -> Fields:
        """JSON-serialisable facts of the event; cookies never, digests under the key ``digest`` alone."""
        return {}


# --- TCP -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled(Event):
    """A SYN."""

    name: ClassVar[str] = "syn"
    retry: int = 0

    def fields(self) -> Fields:
        return {"retry": self.retry}


@dataclass(frozen=True, slots=True, kw_only=True)
class DialAnswered(Event):
    """A SYN-ACK."""

    name: ClassVar[str] = "syn-ack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """The three-way handshake is complete."""

    name: ClassVar[str] = "established"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRefused(Event):
    """A RST answers the SYN."""

    name: ClassVar[str] = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialProhibited(Event):
    """An ICMP error answers the SYN, or a later packet."""

    name: ClassVar[str] = "icmp-error"
    reporter: str
    version: int
    type: int
    code: int
    answers_dial: bool
    """Whether the TCP connection was not open yet."""

    def fields(self) -> Fields:
        return {"reporter": self.reporter, "icmp": f"{self.type}/{self.code}", "ip_version": self.version}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Event):
    """TCP of ``side`` has received all that the peer had said: only where it is the last thing heard of that side."""

    name: ClassVar[str] = "acknowledged"
    offset: int

    def fields(self) -> Fields:
        return {"bytes": self.offset}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent(Event):
    """Bytes that were sent before."""

    name: ClassVar[str] = "retransmission"
    offset: int
    length: int
    retry: int
    """How often this place was sent before, at the least 1."""

    def fields(self) -> Fields:
        return {"offset": self.offset, "bytes": self.length, "retry": self.retry}


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesMissing(Event):
    """Bytes of ``side`` that are not in the capture."""

    name: ClassVar[str] = "missing"
    offset: int
    length: int
    delivered: bool
    """The peer acknowledged them: the capture lost them, the network did not."""
    snapped: bool = False

    def fields(self) -> Fields:
        return {"offset": self.offset, "bytes": self.length, "delivered": self.delivered}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Event):
    """A FIN: ``side`` sends no more."""

    name: ClassVar[str] = "fin"
    retry: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WasReset(Event):
    """A RST."""

    name: ClassVar[str] = "rst"
    fit: str
    """Name of :class:`analyzer.streams.stream.ResetFit`."""
    ttl: int
    usual_ttl: int | None
    ip_id: int | None
    usual_ip_id: int | None
    acknowledges: bool

    def fields(self) -> Fields:
        return {"fit": self.fit.lower().replace("_", "-"), "ttl": self.ttl, "usual_ttl": self.usual_ttl}


# --- EPMD ------------------------------------------------------------------------------------------------------------

EpmdRequestMessage = (
    epmd.Alive2Req
    | epmd.Port2Req
    | epmd.NamesReq
    | epmd.DumpReq
    | epmd.KillReq
    | epmd.StopReq
    | epmd.AliveReq
    | epmd.PortReq
)
EpmdResponseMessage = (
    epmd.Alive2Resp
    | epmd.Alive2XResp
    | epmd.Port2Resp
    | epmd.Port2Refusal
    | epmd.NamesResp
    | epmd.DumpResp
    | epmd.KillResp
    | epmd.StopResp
    | epmd.AliveResp
    | epmd.PortResp
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpmdAsked(Event):
    """A request to EPMD (docs/protocol.md 1.2)."""

    name: ClassVar[str] = "epmd-request"
    message: EpmdRequestMessage

    def fields(self) -> Fields:
        return describe(self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpmdAnswered(Event):
    """An answer of EPMD (docs/protocol.md 1.2)."""

    name: ClassVar[str] = "epmd-response"
    message: EpmdResponseMessage

    def fields(self) -> Fields:
        return describe(self.message)


# --- TLS -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSaid(Event):
    """A TLS message or record that is no hello, certificate or alert."""

    name: ClassVar[str] = "tls-record"
    message: object

    def fields(self) -> Fields:
        return describe(self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsClientHello(Event):
    name: ClassVar[str] = "tls-client-hello"
    message: tls.ClientHello

    def fields(self) -> Fields:
        return {
            "versions": [f"{version:#06x}" for version in self.message.versions],
            "server_name": self.message.server_name,
            "cipher_suites": [f"{suite:#06x}" for suite in self.message.cipher_suites],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsServerHello(Event):
    name: ClassVar[str] = "tls-server-hello"
    message: tls.ServerHello

    def fields(self) -> Fields:
        return {"version": f"{self.message.version:#06x}", "cipher_suite": f"{self.message.cipher_suite:#06x}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCertificate(Event):
    name: ClassVar[str] = "tls-certificate"
    message: tls.Certificate

    def fields(self) -> Fields:
        leaf = self.message.leaf
        return {"certificates": len(self.message.certificates)} | ({} if leaf is None else describe(leaf))


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsNoCertificate(Event):
    """The initiator was asked for a certificate and has none; told by the size of the record (TLS 1.3)."""

    name: ClassVar[str] = "tls-no-certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsAlert(Event):
    """An alert in the clear."""

    name: ClassVar[str] = "tls-alert"
    message: tls.Alert

    def fields(self) -> Fields:
        return {"alert": self.message.name, "fatal": self.message.level == 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsEncryptedAlert(Event):
    """A record that can only be an alert, but cannot be read (docs/protocol.md 4.3 row 36)."""

    name: ClassVar[str] = "tls-encrypted-alert"
    rejection: bool
    """It comes where a close_notify would make no sense: before the acceptor's status."""

    def fields(self) -> Fields:
        return {"rejection": self.rejection}


# --- Distribution handshake ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeEvent(Event):
    """A message of the distribution handshake.

    ``inferred`` where its bytes cannot be read and its place and size tell what it is: inside TLS (docs/protocol.md 2.7),
    in a hole of the capture, or beyond the snap length."""

    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSent(HandshakeEvent):
    name: ClassVar[str] = "send-name"
    message: handshake.SendName | handshake.SendNameOld | None = None
    name_length: int | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSent(HandshakeEvent):
    """From the acceptor; ``text`` is None where it cannot be read, ``named`` for a dynamic name."""

    name: ClassVar[str] = "status"
    text: str | None
    message: handshake.Status | handshake.StatusNamed | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message) | {"status": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswered(HandshakeEvent):
    """The initiator's ``true`` or ``false`` to ``alive``."""

    name: ClassVar[str] = "status-answer"
    text: str | None

    def fields(self) -> Fields:
        return {"status": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeSent(HandshakeEvent):
    name: ClassVar[str] = "challenge"
    message: handshake.Challenge | handshake.ChallengeOld | None = None
    name_length: int | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplementSent(HandshakeEvent):
    name: ClassVar[str] = "complement"
    message: handshake.Complement | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySent(HandshakeEvent):
    name: ClassVar[str] = "challenge-reply"
    message: handshake.ChallengeReply | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class AckSent(HandshakeEvent):
    name: ClassVar[str] = "challenge-ack"
    message: handshake.ChallengeAck | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


# --- The link --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStarted(Event):
    """The first frame after the handshake of ``side`` that is no tick."""

    name: ClassVar[str] = "first-data"
    message: traffic.Frame | None = None

    def fields(self) -> Fields:
        return {} if self.message is None else describe(self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked(Event):
    """The first tick of ``side``."""

    name: ClassVar[str] = "first-tick"


# --- Not understood --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSpoken(Event):
    """Bytes of another protocol."""

    name: ClassVar[str] = "foreign"
    protocol: str
    title: str
    why: str
    data: bytes
    """The first bytes."""

    def fields(self) -> Fields:
        return {"protocol": self.protocol, "why": self.why, "data": self.data[:32].hex()}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood(Event):
    """Bytes that are no message of the protocol that the connection speaks."""

    name: ClassVar[str] = "undecoded"
    problem: str
    """Value of :class:`dissectors.dialogue.Problem`."""
    reason: str
    data: bytes
    offset: int
    length: int

    def fields(self) -> Fields:
        return {
            "problem": self.problem,
            "reason": self.reason,
            "bytes": self.length,
            "data": self.data[:32].hex(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed(Event):
    """Nothing more is seen; ``packet`` is the last one."""

    name: ClassVar[str] = "silence"
    reason: str = field(default="the capture ends")

    def fields(self) -> Fields:
        return {"reason": self.reason}


def describe(message: object) -> Fields:
    """The fields of a declared message as JSON values: bytes as hexadecimal, flags by name."""
    described: Fields = {"message": type(message).__name__}
    for name in getattr(message, "__dataclass_fields__", {}):
        value = getattr(message, name)
        described[name] = _FORMATS.get(name, _plain)(value)
    return described


def inferred(event: HandshakeEvent, message: object | None) -> Fields:
    return {"inferred": True} if message is None else describe(message)


def _plain(value: object) -> FieldValue:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    if isinstance(value, (tuple, list)):
        return [item if isinstance(item, str) else str(_plain(item)) for item in value]
    return str(value)


def _hexadecimal(value: object) -> FieldValue:
    return f"{value:#x}" if isinstance(value, int) else _plain(value)


_FORMATS = {"flags": _hexadecimal, "flags_high": _hexadecimal}
