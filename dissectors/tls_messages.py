"""TLS message bodies to messages, and back: what is said in the clear (docs/protocol.md 4.3; RFC 5246, RFC 8446).

Every handshake message carries its ``handshake_type``; ``read`` takes the body behind the 4-byte handshake header and
``write`` gives it.
"""

from __future__ import annotations

from typing import ClassVar

from dissectors.certificate import CertificateFacts, read_certificate
from dissectors.cursor import Malformed, WireError
from dissectors.dataclass import dataclass
from dissectors.tls_alerts import FATAL, alert_name
from dissectors.tls_codec import exactly, pull_opaques, pull_uints, push_opaque, push_opaques, push_uint, push_uints
from dissectors.tls_hello import ClientHello, ServerHello

TLS_1_2 = 0x0303
TLS_1_3 = 0x0304

HANDSHAKE_NAMES: dict[int, str] = {
    0: "hello_request",
    1: "client_hello",
    2: "server_hello",
    4: "new_session_ticket",
    5: "end_of_early_data",
    8: "encrypted_extensions",
    11: "certificate",
    12: "server_key_exchange",
    13: "certificate_request",
    14: "server_hello_done",
    15: "certificate_verify",
    16: "client_key_exchange",
    20: "finished",
    21: "certificate_url",
    22: "certificate_status",
    23: "supplemental_data",
    24: "key_update",
    67: "next_protocol",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate chain of one side, sender's own first; TLS 1.3 never sends it in the clear."""

    handshake_type: ClassVar[int] = 11

    certificates: tuple[bytes, ...]
    """DER; empty where an initiator was asked for a certificate and has none."""

    @classmethod
    def read(cls, body: bytes) -> Certificate:
        """Raises: WireError: the body does not have this shape."""
        with exactly(body) as reader:
            return cls(pull_opaques(reader, 3, "certificate_list", 3))

    def write(self) -> bytes:
        return push_opaques(self.certificates, 3, 3)

    @property
    def leaf(self) -> CertificateFacts | None:
        """What the sender's own certificate says; None without one, or where it can't be read."""
        try:
            return read_certificate(self.certificates[0]) if self.certificates else None
        except WireError:
            return None


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """The acceptor asks for the initiator's certificate (RFC 5246 section 7.4.4, RFC 4346 section 7.4.4)."""

    handshake_type: ClassVar[int] = 13

    certificate_types: tuple[int, ...]
    signature_algorithms: tuple[int, ...] | None
    """None before TLS 1.2, which brought the field."""
    authorities: tuple[bytes, ...]
    """DER names of the authorities that the acceptor trusts."""

    @classmethod
    def read(cls, body: bytes) -> CertificateRequest:
        """Raises: WireError: the body has neither shape.

        No body fits both: what TLS 1.2 has one vector more than its elders fills the rest exactly.
        """
        try:
            return cls._read(body, with_algorithms=True)
        except WireError:
            return cls._read(body, with_algorithms=False)

    @classmethod
    def _read(cls, body: bytes, *, with_algorithms: bool) -> CertificateRequest:
        with exactly(body) as reader:
            return cls(
                certificate_types=pull_uints(reader, 1, "certificate_types", 1),
                signature_algorithms=pull_uints(reader, 2, "algorithms", 2) if with_algorithms else None,
                authorities=pull_opaques(reader, 2, "certificate_authorities", 2),
            )

    def write(self) -> bytes:
        algorithms = b""
        if self.signature_algorithms is not None:
            algorithms = push_uints(self.signature_algorithms, 2, 2)
        return push_uints(self.certificate_types, 1, 1) + algorithms + push_opaques(self.authorities, 2, 2)


@dataclass(frozen=True, slots=True)
class OtherHandshake:
    """A handshake message in the clear whose content tells nothing about a failure."""

    type: int
    length: int
    """Of the body, in bytes."""

    @property
    def name(self) -> str:
        return HANDSHAKE_NAMES.get(self.type, f"handshake_{self.type}")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert in the clear: TLS up to 1.2 until its sender's ChangeCipherSpec, 1.3 until the ServerHello."""

    level: int
    """1 warning, 2 fatal."""
    description: int

    @classmethod
    def read(cls, body: bytes) -> Alert:
        """Raises: WireError: the body is not two bytes long."""
        with exactly(body) as reader:
            return cls(reader.uint(1, "level"), reader.uint(1, "description"))

    def write(self) -> bytes:
        return bytes((self.level, self.description))

    @property
    def name(self) -> str:
        """The RFC name, such as ``unknown_ca``; ``alert_N`` for a number without one."""
        return alert_name(self.description)

    @property
    def fatal(self) -> bool:
        return self.level == FATAL


@dataclass(frozen=True, slots=True)
class ChangeCipherSpec:
    """What the sender says next is encrypted (TLS up to 1.2); decoration in TLS 1.3."""

    @classmethod
    def read(cls, body: bytes) -> ChangeCipherSpec:
        """Raises: WireError: the body is not the single byte 1."""
        with exactly(body) as reader:
            kind = reader.uint(1, "type")
        if kind != 1:
            raise Malformed("type", 0, "1", str(kind))
        return cls()

    def write(self) -> bytes:
        return b"\x01"


@dataclass(frozen=True, slots=True)
class EncryptedHandshake:
    """A handshake record that can't be read: the Finished of TLS 1.2, or one after a hole that shows no boundary."""

    length: int
    """Of the record's payload, in bytes."""


@dataclass(frozen=True, slots=True)
class EncryptedAlert:
    """An alert record of TLS up to 1.2 that can't be read: mostly the close_notify."""

    length: int


@dataclass(frozen=True, slots=True)
class ApplicationData:
    """A record of type 23: user data, and in TLS 1.3 whatever is encrypted.  Its payload is never kept."""

    length: int
    """Of the record's payload, in bytes, told by its header."""


HandshakeMessage = ClientHello | ServerHello | Certificate | CertificateRequest | OtherHandshake
TlsMessage = HandshakeMessage | Alert | ChangeCipherSpec | EncryptedHandshake | EncryptedAlert | ApplicationData

_READERS = {cls.handshake_type: cls.read for cls in (ClientHello, ServerHello, Certificate, CertificateRequest)}


def read_handshake(type_: int, body: bytes) -> HandshakeMessage:
    """The handshake message of a type and the body behind the 4-byte header.  Raises: WireError."""
    read = _READERS.get(type_)
    return read(body) if read else OtherHandshake(type_, len(body))


def write_handshake(message: ClientHello | ServerHello | Certificate | CertificateRequest) -> bytes:
    """The handshake message with its 4-byte header, ready for one or more records."""
    return push_uint(message.handshake_type, 1) + push_opaque(message.write(), 3)
