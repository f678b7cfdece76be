"""How a connection opened, closed and struggled: events that TCP and ICMP show."""

from __future__ import annotations

from typing import ClassVar

from analyzer.sessions.events.event import Event, Fields
from dissectors.dataclass import dataclass


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

    def fields(self) -> Fields:
        return {"reporter": self.reporter, "icmp": f"{self.type}/{self.code}", "ip_version": self.version}


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
    implied: bool = False
    """The FIN is not in the capture; ``packet`` is the other side's acknowledgment of it, so it came before that."""

    def fields(self) -> Fields:
        return {"implied": True} if self.implied else {}


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
