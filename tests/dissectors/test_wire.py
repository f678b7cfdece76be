"""What follows from a declaration: reading, writing, spans, prefixes, the table."""

from __future__ import annotations

import pytest

from dissectors.dataclass import FrozenInstanceError, replace
from dissectors.wire import (
    LATIN1,
    UTF8,
    Malformed,
    Message,
    Truncated,
    counted_bytes,
    counted_text,
    fixed,
    message,
    rest_bytes,
    rest_text,
    u8,
    u16,
    u32,
    u64,
)


@message(tag=b"T")
class Sample(Message):
    """One field of every kind."""

    small: int = u8(doc="a byte")
    wide: int = u64()
    key: bytes = fixed(3)
    name: str = counted_text(UTF8)
    blob: bytes = counted_bytes()
    rest: str = rest_text(LATIN1, default="")


@message()
class Bare(Message):
    """Without a tag."""

    first: int = u16()
    second: int = u32()


@message()
class Tail(Message):
    """Nothing but a rest."""

    blob: bytes = rest_bytes()


SAMPLE = Sample(7, 2**63, b"key", "né", b"\x00", "ÿ")
BODY = (
    b"T"  # tag
    b"\x07"  # small
    b"\x80\x00\x00\x00\x00\x00\x00\x00"  # wide
    b"key"
    b"\x00\x03n\xc3\xa9"  # name
    b"\x00\x01\x00"  # blob
    b"\xff"  # rest
)


def test_reads_and_writes() -> None:
    """The declared order is the order on the wire, in both directions."""
    assert SAMPLE.write() == BODY
    assert Sample.read(BODY) == SAMPLE
    assert Bare.read(b"\0\1\0\0\0\2") == Bare(1, 2)
    assert Tail.read(b"\0\1x") == Tail(b"\0\1x")
    assert Tail(b"x").write() == b"x"


def test_is_a_frozen_value() -> None:
    """Messages compare by value, take defaults, have no dictionary and cannot be changed."""
    assert Sample(7, 0, b"key", "", b"").rest == ""
    assert not hasattr(SAMPLE, "__dict__")
    with pytest.raises(FrozenInstanceError):
        SAMPLE.small = 1  # type: ignore[misc]  # that is what is tested


def test_spans_cover_the_body() -> None:
    """Every byte behind the tag belongs to one field; a count belongs to its field."""
    assert Sample.spans(BODY) == {
        "small": (1, 2),
        "wide": (2, 10),
        "key": (10, 13),
        "name": (13, 18),
        "blob": (18, 21),
        "rest": (21, 22),
    }


def test_table() -> None:
    """The rows of the documentation."""
    assert [(field.name, str(field.kind)) for field in Sample.FIELDS] == [
        ("small", "8 bits"),
        ("wide", "64 bits"),
        ("key", "3 bytes"),
        ("name", "text, UTF-8, after a 16-bit count"),
        ("blob", "bytes, after a 16-bit count"),
        ("rest", "text, LATIN-1, to the end"),
    ]
    assert Sample.FIELDS[0].doc == "a byte"


@pytest.mark.parametrize("end", range(21))
def test_cut_at_every_index(end: int) -> None:
    """A body that ends too early is Truncated, and its prefix gives what is there."""
    with pytest.raises(Truncated):
        Sample.read(BODY[:end])
    prefix = Sample.read_prefix(BODY[:end])
    whole = {"small": (2, 7), "wide": (10, 2**63), "key": (13, b"key"), "blob": (21, b"\0")}
    assert {name: prefix.get(name) for name in whole} == {
        name: value if end >= needed else None for name, (needed, value) in whole.items()
    }
    assert prefix.get("name") == (None if end < 16 else {16: "n", 17: "n\udcc3"}.get(end, "né"))


def test_trailing_and_wrong_tag() -> None:
    """Bytes too many and another tag are Malformed."""
    with pytest.raises(Malformed, match="end at byte 6: no more bytes wanted, 1 bytes found"):
        Bare.read(b"\0\1\0\0\0\2\3")
    with pytest.raises(Malformed, match="tag at byte 0: 'T' wanted, 'U' found"):
        Sample.read(b"U" + BODY[1:])
    assert Sample.read_prefix(b"U") == {}


def test_values_that_do_not_fit() -> None:
    """Writing refuses what the field cannot hold."""
    with pytest.raises(OverflowError):
        Bare(1 << 16, 0).write()
    with pytest.raises(ValueError, match="3 bytes wanted, 2 given"):
        replace(SAMPLE, key=b"ke").write()
    with pytest.raises(UnicodeEncodeError):
        replace(SAMPLE, rest="€").write()
