"""The bounded reader and the writer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cursor import Charset, Malformed, Reader, Truncated, Writer


def test_reader_stops_at_the_end() -> None:
    """Asking for more than is there tells field, place, want and have, and takes nothing."""
    reader = Reader(b"\x01\x02\x03")
    assert reader.uint(1, "first") == 1
    with pytest.raises(Truncated) as raised:
        reader.uint(4, "second")
    error = raised.value
    assert (error.field, error.offset, error.wanted, error.had) == ("second", 1, 4, 2)
    assert str(error) == "second at byte 1: 4 bytes wanted, 2 there"
    assert reader.left == 2
    assert str(Malformed("tag", 0, "'N'", "'Q'")) == "tag at byte 0: 'N' wanted, 'Q' found"


def test_writer_mirrors_reader() -> None:
    """Numbers are big-endian; one that does not fit is refused."""
    writer = Writer()
    writer.uint(2, 258)
    writer.put(b"x")
    assert writer.getvalue() == b"\x01\x02x"
    with pytest.raises(OverflowError):
        writer.uint(1, 256)


@given(st.binary())
def test_text_keeps_every_byte(data: bytes) -> None:
    """Decoding and encoding again gives the same bytes, whatever they are."""
    for charset in Charset:
        assert charset.encode(charset.decode(data)) == data
