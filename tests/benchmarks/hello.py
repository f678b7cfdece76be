"""Extensions → a TLS ClientHello as it goes over the wire."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

from dissectors.tls_hello import ALPN, SERVER_NAME, SUPPORTED_VERSIONS, ClientHello, Extension

_TLS_12, _CIPHER_SUITES = 0x0303, (0x1301, 0x1302, 0xC02F)
_PADDING = 21
_NAME = b"api.example.org"
_OF_ANY = (Extension(SUPPORTED_VERSIONS, b"\x04\x03\x04\x03\x03"),)
BROWSER = (
    Extension(SERVER_NAME, struct.pack(">HBH", len(_NAME) + 3, 0, len(_NAME)) + _NAME),
    Extension(ALPN, b"\x00\x0c\x02h2\x08http/1.1"),
    Extension(_PADDING, bytes(300)),
)
"""What one offers that is no Erlang node (RFC 6066, RFC 7301)."""


def client_hello(dice: random.Random, extensions: Sequence[Extension] = ()) -> bytes:
    """A record with the message (RFC 8446 sections 4.1.2 and 5.1), of the same length for the same extensions."""
    session_id = dice.randbytes(32)
    hello = ClientHello(_TLS_12, dice.randbytes(32), session_id, _CIPHER_SUITES, extensions=(*_OF_ANY, *extensions))
    body = hello.write()
    message = bytes([hello.handshake_type]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message
