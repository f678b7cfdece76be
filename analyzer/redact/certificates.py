"""X.509 certificates → certificates of the same shape that nobody can be found by.

Whatever is text becomes pseudonyms, addresses become theirs, and numbers, keys and signatures, by which a certificate
can be looked up, are blanked.  Times and algorithms stay: they are what a handshake fails for.
"""

from __future__ import annotations

from analyzer.redact.redactor import Redactor

BLANK = b"j"
DEEPEST = 24
"""Levels of nesting that are followed; a certificate has about ten."""

_TEXTS = frozenset({0x0C, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x1E, 0x81, 0x82, 0x86})
"""Kinds of string, and in alternative names: mail address, host, URI."""
_ADDRESS = 0x87
_OPAQUE = frozenset({0x03, 0x04, 0x80})
"""Bit and octet strings, key identifiers; some octet strings hold more of the same."""
_INTEGER = 0x02
_LARGE = 8
"""Bytes from which on a number is one of a kind."""
_CONSTRUCTED = 0x20


def redact_certificate(der: bytes, redactor: Redactor) -> bytes:
    """The same length; what is no DER becomes blank."""
    return _elements(der, redactor, DEEPEST) or BLANK * len(der)


def _elements(data: bytes, redactor: Redactor, levels: int) -> bytes | None:
    """Elements that fill ``data``; None if it is none."""
    made, at = b"", 0
    while at < len(data):
        header = _header(data, at)
        if header is None or not levels:
            return None
        start, end = header
        made += data[at:start] + _content(data[at], data[start:end], redactor, levels)
        at = end
    return made


def _header(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the content of the element at ``at`` starts and ends."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        return None
    length, start = data[at + 1], at + 2
    if length > 0x7F:
        size = length & 0x7F
        if not 1 <= size <= 4 or start + size > len(data):
            return None
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    return (start, start + length) if start + length <= len(data) else None


def _content(tag: int, content: bytes, redactor: Redactor, levels: int) -> bytes:
    if tag & _CONSTRUCTED:
        inner = _elements(content, redactor, levels - 1)
        return BLANK * len(content) if inner is None else inner
    if tag in _TEXTS:
        return redactor.node(content) if b"@" in content else redactor.host(content)
    if tag == _ADDRESS and len(content) in (4, 16):
        return redactor.address(content)
    if tag in _OPAQUE and content:
        inner = _elements(content, redactor, levels - 1)
        return inner if inner is not None and tag == 0x04 else content[:1] + BLANK * (len(content) - 1)
    if tag == _INTEGER and len(content) >= _LARGE:
        return BLANK * len(content)
    return content
