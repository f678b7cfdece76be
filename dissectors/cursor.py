"""Bytes to numbers and text, and back: a reader that cannot run off the end, a writer, and the two ways to fail.

All integers are big-endian.  Text never loses a byte: Latin-1 maps every byte, UTF-8 keeps bad bytes as surrogates.
"""

from __future__ import annotations

from enum import Enum


class WireError(Exception):
    """Bytes do not fit a declaration.  Used inside :mod:`dissectors` only; dialogues never let it out."""

    def __init__(self, field: str, offset: int, wanted: int | str, had: int | str) -> None:
        super().__init__(field, offset, wanted, had)
        self.field = field
        self.offset = offset
        """Where the field begins, counted from the tag."""
        self.wanted = wanted
        self.had = had


class Truncated(WireError):
    """The bytes ran out inside ``field``; ``wanted`` and ``had`` are numbers of bytes."""

    def __str__(self) -> str:
        return f"{self.field} at byte {self.offset}: {self.wanted} bytes wanted, {self.had} there"


class Malformed(WireError):
    """All bytes are there and do not fit; ``wanted`` and ``had`` are words for people."""

    def __str__(self) -> str:
        return f"{self.field} at byte {self.offset}: {self.wanted} wanted, {self.had} found"


class Reader:
    """A cursor that cannot run off the end of its bytes."""

    __slots__ = ("_data", "at")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self.at

    def take(self, size: int, field: str) -> bytes:
        """The next ``size`` bytes; raises :class:`Truncated` if there are fewer."""
        if size > self.left:
            raise Truncated(field, self.at, size, self.left)
        self.at += size
        return self._data[self.at - size : self.at]

    def uint(self, size: int, field: str) -> int:
        return int.from_bytes(self.take(size, field), "big")


class Writer:
    """Collects the bytes of one message."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def put(self, data: bytes) -> None:
        self._data += data

    def uint(self, size: int, value: int) -> None:
        """Raises :class:`OverflowError` for a value that ``size`` bytes cannot hold."""
        self._data += value.to_bytes(size, "big")

    def getvalue(self) -> bytes:
        return bytes(self._data)


class Charset(Enum):
    """How text is kept on the wire; both read any bytes and write them back unchanged."""

    LATIN1 = ("latin-1", "strict")
    UTF8 = ("utf-8", "surrogateescape")

    def decode(self, data: bytes) -> str:
        return data.decode(*self.value)

    def encode(self, text: str) -> bytes:
        return text.encode(*self.value)
