"""What TLS shows in the clear, or by the size of its records, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from analyzer.sessions.events.event import Event, Fields, describe
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from dissectors import tls


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
