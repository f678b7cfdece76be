"""TLS hellos: what is offered and what is chosen, from bytes and back (RFC 8446 section 4.1, RFC 5246 section 7.4.1).

``read`` takes the body behind the 4-byte handshake header and ``write`` gives it.  Extensions are kept as they came,
known or not, so that reading and writing lose nothing.
"""

from __future__ import annotations

from typing import ClassVar

from dissectors.cursor import Reader, WireError
from dissectors.dataclass import dataclass
from dissectors.tls_codec import (
    exactly,
    pull_opaque,
    pull_opaques,
    pull_uints,
    pull_vector,
    push_opaque,
    push_uint,
    push_uints,
    push_vector,
)

SERVER_NAME = 0
ALPN = 16
SUPPORTED_VERSIONS = 43

HELLO_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446 section 4.1.3): SHA-256 of these words."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One hello extension, its content unread."""

    type: int
    data: bytes

    @classmethod
    def pull(cls, reader: Reader) -> Extension:
        return cls(reader.uint(2, "extension type"), pull_opaque(reader, 2, "extension data"))

    def push(self) -> bytes:
        return push_uint(self.type, 2) + push_opaque(self.data, 2)


Extensions = tuple[Extension, ...]


def _pull_extensions(reader: Reader) -> Extensions | None:
    return pull_vector(reader, 2, "extensions", Extension.pull) if reader.left else None


def _push_extensions(extensions: Extensions | None) -> bytes:
    return b"" if extensions is None else push_vector((each.push() for each in extensions), 2)


def _find(extensions: Extensions | None, type_: int) -> Reader | None:
    for each in extensions or ():
        if each.type == type_:
            return Reader(each.data)
    return None


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the initiator offers (RFC 8446 section 4.1.2)."""

    handshake_type: ClassVar[int] = 1

    legacy_version: int
    """0x0303 for TLS 1.2 and for 1.3; what is really offered is in :attr:`versions`."""
    random: bytes
    """32 bytes."""
    session_id: bytes
    cipher_suites: tuple[int, ...]
    compression_methods: bytes = b"\x00"
    extensions: Extensions | None = None
    """None where the hello ends before them; unknown ones are kept."""

    @classmethod
    def read(cls, body: bytes) -> ClientHello:
        """Raises: WireError: the body does not have this shape."""
        with exactly(body) as reader:
            return cls(
                legacy_version=reader.uint(2, "legacy_version"),
                random=reader.take(32, "random"),
                session_id=pull_opaque(reader, 1, "session_id"),
                cipher_suites=pull_uints(reader, 2, "cipher_suites", 2),
                compression_methods=pull_opaque(reader, 1, "compression_methods"),
                extensions=_pull_extensions(reader),
            )

    def write(self) -> bytes:
        return (
            push_uint(self.legacy_version, 2)
            + self.random
            + push_opaque(self.session_id, 1)
            + push_uints(self.cipher_suites, 2, 2)
            + push_opaque(self.compression_methods, 1)
            + _push_extensions(self.extensions)
        )

    @property
    def versions(self) -> tuple[int, ...]:
        """Versions offered, best first: those of the supported_versions extension, else the legacy version alone."""
        reader = _find(self.extensions, SUPPORTED_VERSIONS)
        try:
            return pull_uints(reader, 1, "versions", 2) if reader else (self.legacy_version,)
        except WireError:
            return (self.legacy_version,)

    @property
    def server_name(self) -> str | None:
        """The host name that the initiator wants to reach (RFC 6066 section 3); None without one."""
        reader = _find(self.extensions, SERVER_NAME)
        try:
            names = pull_vector(reader, 2, "server_name", _server_name) if reader else ()
        except WireError:
            return None
        return next((name.decode("latin-1") for kind, name in names if kind == 0), None)

    @property
    def alpn(self) -> tuple[str, ...]:
        """Application protocols offered (RFC 7301): Erlang distribution offers none, a browser ``h2``."""
        reader = _find(self.extensions, ALPN)
        try:
            names = pull_opaques(reader, 2, "protocols", 1) if reader else ()
        except WireError:
            return ()
        return tuple(name.decode("latin-1") for name in names)


def _server_name(reader: Reader) -> tuple[int, bytes]:
    return reader.uint(1, "name_type"), pull_opaque(reader, 2, "host_name")


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the acceptor chose (RFC 8446 section 4.1.3), or its wish for another ClientHello (4.1.4)."""

    handshake_type: ClassVar[int] = 2

    legacy_version: int
    random: bytes
    """32 bytes."""
    session_id: bytes
    cipher_suite: int
    compression_method: int = 0
    extensions: Extensions | None = None

    @classmethod
    def read(cls, body: bytes) -> ServerHello:
        """Raises: WireError: the body does not have this shape."""
        with exactly(body) as reader:
            return cls(
                legacy_version=reader.uint(2, "legacy_version"),
                random=reader.take(32, "random"),
                session_id=pull_opaque(reader, 1, "session_id"),
                cipher_suite=reader.uint(2, "cipher_suite"),
                compression_method=reader.uint(1, "compression_method"),
                extensions=_pull_extensions(reader),
            )

    def write(self) -> bytes:
        return (
            push_uint(self.legacy_version, 2)
            + self.random
            + push_opaque(self.session_id, 1)
            + push_uint(self.cipher_suite, 2)
            + push_uint(self.compression_method, 1)
            + _push_extensions(self.extensions)
        )

    @property
    def version(self) -> int:
        """The negotiated version: 0x0304 is told by the supported_versions extension alone."""
        reader = _find(self.extensions, SUPPORTED_VERSIONS)
        try:
            return reader.uint(2, "selected_version") if reader else self.legacy_version
        except WireError:
            return self.legacy_version

    @property
    def is_hello_retry(self) -> bool:
        return self.random == HELLO_RETRY_RANDOM
