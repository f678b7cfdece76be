"""TLS presentation language: length-prefixed vectors from bytes, and back (RFC 5246 section 4).

A message body is read only when all of it is there, so bytes that run out inside it are the sender's fault as much as
bytes left over: both are a :class:`~dissectors.cursor.WireError`; :class:`dissectors.tls.TlsDialogue` makes it a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from dissectors.cursor import Malformed, Reader

T = TypeVar("T")


@contextmanager
def exactly(data: bytes) -> Iterator[Reader]:
    """A reader of ``data`` that must have consumed all of it at the end of the block.  Raises: WireError."""
    reader = Reader(data)
    yield reader
    if reader.left:
        raise Malformed("end", reader.at, "no more bytes", f"{reader.left} bytes")


def pull_opaque(reader: Reader, prefix: int, field: str) -> bytes:
    """Bytes behind their length, which takes ``prefix`` bytes.  Raises: WireError."""
    return reader.take(reader.uint(prefix, field), field)


def pull_vector(reader: Reader, prefix: int, field: str, element: Callable[[Reader], T]) -> tuple[T, ...]:
    """Elements behind their length in bytes, which they must fill exactly.  Raises: WireError."""
    inner = Reader(pull_opaque(reader, prefix, field))
    elements = []
    while inner.left:
        elements.append(element(inner))
    return tuple(elements)


def pull_uints(reader: Reader, prefix: int, field: str, size: int) -> tuple[int, ...]:
    """A vector of integers of ``size`` bytes.  Raises: WireError."""
    return pull_vector(reader, prefix, field, lambda inner: inner.uint(size, field))


def pull_opaques(reader: Reader, prefix: int, field: str, inner_prefix: int) -> tuple[bytes, ...]:
    """A vector of byte strings behind their lengths.  Raises: WireError."""
    return pull_vector(reader, prefix, field, lambda inner: pull_opaque(inner, inner_prefix, field))


def push_uint(value: int, size: int) -> bytes:
    """Raises: OverflowError: ``size`` bytes cannot hold the value."""
    return value.to_bytes(size, "big")


def push_opaque(data: bytes, prefix: int) -> bytes:
    return push_uint(len(data), prefix) + data


def push_vector(elements: Iterable[bytes], prefix: int) -> bytes:
    return push_opaque(b"".join(elements), prefix)


def push_uints(values: Iterable[int], prefix: int, size: int) -> bytes:
    return push_vector((push_uint(value, size) for value in values), prefix)


def push_opaques(values: Iterable[bytes], prefix: int, inner_prefix: int) -> bytes:
    return push_vector((push_opaque(value, inner_prefix) for value in values), prefix)
