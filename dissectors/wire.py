"""Declared messages to and from bytes: the kinds of field, and the ``@message`` decorator.

A message is declared once, field by field in the order of the wire; reading, writing, the byte span of every field and
the documentation table follow from that declaration::

    @message(tag=b"z")
    class Port2Req(Message):
        "Ask the mapper which port a node listens on."

        name: str = rest_text(UTF8, doc="the part of the node name left of the @")
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from dissectors.cursor import Charset, Malformed, Reader, Truncated, WireError, Writer
from dissectors.dataclass import MISSING, dataclass, fields_of
from dissectors.dataclass import field as declared

__all__ = [
    "LATIN1",
    "UTF8",
    "Charset",
    "Field",
    "Fixed",
    "Kind",
    "Malformed",
    "Message",
    "Reader",
    "Run",
    "Truncated",
    "UInt",
    "WireError",
    "Writer",
    "counted_bytes",
    "counted_text",
    "fixed",
    "message",
    "rest_bytes",
    "rest_text",
    "u8",
    "u16",
    "u32",
    "u64",
]


LATIN1 = Charset.LATIN1
UTF8 = Charset.UTF8


class Kind(ABC):
    """How one field is read and written."""

    __slots__ = ()

    @abstractmethod
    def read(self, reader: Reader, field: str) -> object: ...

    @abstractmethod
    def write(self, writer: Writer, value: Any) -> None: ...

    @abstractmethod
    def __str__(self) -> str:
        """For the documentation table: ``16 bits``, ``text, UTF-8, to the end`` …"""

    def read_cut(self, reader: Reader) -> object:
        """As much of the value as a cut-off field still shows, None if nothing."""
        return None


@dataclass(frozen=True, slots=True)
class UInt(Kind):
    size: int

    def read(self, reader: Reader, field: str) -> int:
        return reader.uint(self.size, field)

    def write(self, writer: Writer, value: int) -> None:
        writer.uint(self.size, value)

    def __str__(self) -> str:
        return f"{8 * self.size} bits"


@dataclass(frozen=True, slots=True)
class Fixed(Kind):
    size: int

    def read(self, reader: Reader, field: str) -> bytes:
        return reader.take(self.size, field)

    def write(self, writer: Writer, value: bytes) -> None:
        if len(value) != self.size:
            raise ValueError(f"{self.size} bytes wanted, {len(value)} given")
        writer.put(value)

    def __str__(self) -> str:
        return f"{self.size} bytes"


@dataclass(frozen=True, slots=True)
class Run(Kind):
    """Bytes, or text if there is a ``charset``; led by a 16-bit count, or running to the end of the frame."""

    charset: Charset | None
    counted: bool

    def read(self, reader: Reader, field: str) -> bytes | str:
        size = reader.uint(2, field) if self.counted else reader.left
        return self._value(reader.take(size, field))

    def write(self, writer: Writer, value: Any) -> None:
        data: bytes = value if self.charset is None else self.charset.encode(value)
        if self.counted:
            writer.uint(2, len(data))
        writer.put(data)

    def read_cut(self, reader: Reader) -> bytes | str | None:
        if self.counted and reader.left < 2:
            return None
        size = reader.uint(2, "") if self.counted else reader.left
        return self._value(reader.take(min(size, reader.left), ""))

    def _value(self, data: bytes) -> bytes | str:
        return data if self.charset is None else self.charset.decode(data)

    def __str__(self) -> str:
        what = "bytes" if self.charset is None else f"text, {self.charset.value[0].upper()}"
        return f"{what}, after a 16-bit count" if self.counted else f"{what}, to the end"


def _field(kind: Kind, doc: str, default: Any) -> Any:
    return declared(default=default, metadata={"kind": kind, "doc": doc})


def u8(*, doc: str = "", default: Any = MISSING) -> Any:
    return _field(UInt(1), doc, default)


def u16(*, doc: str = "", default: Any = MISSING) -> Any:
    return _field(UInt(2), doc, default)


def u32(*, doc: str = "", default: Any = MISSING) -> Any:
    return _field(UInt(4), doc, default)


def u64(*, doc: str = "", default: Any = MISSING) -> Any:
    return _field(UInt(8), doc, default)


def fixed(size: int, *, doc: str = "", default: Any = MISSING) -> Any:
    """Exactly ``size`` bytes."""
    return _field(Fixed(size), doc, default)


def counted_text(charset: Charset, *, doc: str = "", default: Any = MISSING) -> Any:
    """Text after its length in bytes (16 bits)."""
    return _field(Run(charset, counted=True), doc, default)


def counted_bytes(*, doc: str = "", default: Any = MISSING) -> Any:
    return _field(Run(None, counted=True), doc, default)


def rest_text(charset: Charset, *, doc: str = "", default: Any = MISSING) -> Any:
    """Text that runs to the end of the frame."""
    return _field(Run(charset, counted=False), doc, default)


def rest_bytes(*, doc: str = "", default: Any = MISSING) -> Any:
    return _field(Run(None, counted=False), doc, default)


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field: a row of the documentation table."""

    name: str
    kind: Kind
    doc: str


class Message:
    """What every declared message can do.  A *body* is a frame without its length prefix: the tag, then the fields."""

    __slots__ = ()

    TAG: ClassVar[bytes] = b""
    FIELDS: ClassVar[tuple[Field, ...]] = ()

    def write(self) -> bytes:
        """The body.  Raises :class:`ValueError` or :class:`OverflowError` if a value does not fit its field."""
        writer = Writer()
        writer.put(self.TAG)
        for field in self.FIELDS:
            field.kind.write(writer, getattr(self, field.name))
        return writer.getvalue()

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The message that is exactly ``body``; raises :class:`Truncated` or :class:`Malformed`."""
        reader = Reader(body)
        message = cls.read_from(reader)
        if reader.left:
            raise Malformed("end", reader.at, "no more bytes", f"{reader.left} bytes")
        return message

    @classmethod
    def read_from(cls, reader: Reader) -> Self:
        """The message at the reader; bytes after it are left there (a field that runs to the end leaves none)."""
        return cls(**{name: value for name, value, _, _ in cls._walk(reader)})

    @classmethod
    def spans(cls, body: bytes) -> dict[str, tuple[int, int]]:
        """Which bytes of the body each field is, half-open; a count belongs to the field that it counts."""
        return {name: (start, end) for name, _, start, end in cls._walk(Reader(body))}

    @classmethod
    def read_prefix(cls, body: bytes) -> dict[str, object]:
        """The fields of which a cut-off body still shows something; text and bytes of variable length may be cut."""
        values: dict[str, object] = {}
        if not body.startswith(cls.TAG):
            return values
        reader = Reader(body)
        reader.take(len(cls.TAG), "tag")
        for field in cls.FIELDS:
            start = reader.at
            try:
                values[field.name] = field.kind.read(reader, field.name)
            except Truncated:
                reader.at = start
                cut = field.kind.read_cut(reader)
                if cut:
                    values[field.name] = cut
                break
        return values

    @classmethod
    def _walk(cls, reader: Reader) -> Iterator[tuple[str, object, int, int]]:
        start = reader.at
        tag = reader.take(len(cls.TAG), "tag")
        if tag != cls.TAG:
            raise Malformed("tag", start, repr(cls.TAG)[1:], repr(tag)[1:])
        for field in cls.FIELDS:
            start = reader.at
            value = field.kind.read(reader, field.name)
            yield field.name, value, start, reader.at


M = TypeVar("M", bound=Message)


@dataclass_transform(
    frozen_default=True,
    field_specifiers=(u8, u16, u32, u64, fixed, counted_text, counted_bytes, rest_text, rest_bytes),
)
def message(*, tag: bytes = b"") -> Callable[[type[M]], type[M]]:
    """Make a class of declared fields a frozen, slotted dataclass that reads and writes itself after ``tag``."""

    def declare(cls: type[M]) -> type[M]:
        made = dataclass(frozen=True, slots=True)(cls)
        made.TAG = tag
        made.FIELDS = tuple(
            Field(field.name, field.metadata["kind"], field.metadata["doc"]) for field in fields_of(made)
        )
        return made

    return declare
