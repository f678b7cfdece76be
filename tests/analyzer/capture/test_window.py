"""The window holds what a reader asks for, wherever the chunks end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.window import Window


def test_it_reads_no_more_than_it_is_asked_for() -> None:
    """A chunk that is not needed yet is not taken from the stream."""
    chunks = iter([b"ab", b"cd", b"ef"])
    window = Window(chunks)
    assert window.slide(0, 3)
    assert window.data == b"abcd"
    assert next(chunks) == b"ef"


def test_the_end_is_told() -> None:
    """What is there stays there, even if it is less than needed."""
    window = Window(iter([b"abc"]))
    assert not window.slide(0, 4)
    assert window.data == b"abc"
    assert not window.slide(3, 1)
    assert (window.data, window.base) == (b"", 3)


def test_the_rest_is_what_was_not_dropped() -> None:
    """Looking at the first bytes loses nothing."""
    window = Window(iter([b"ab", b"cd", b"ef"]))
    window.slide(0, 1)
    assert b"".join(window.rest()) == b"abcdef"
    assert list(Window(iter(())).rest()) == []


@given(st.lists(st.binary(max_size=5)), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9))))
def test_any_chunking_gives_the_same_bytes(chunks: list[bytes], steps: list[tuple[int, int]]) -> None:
    """``data`` is always ``stream[base:base + len(data)]``, and long enough unless the stream has ended."""
    stream = b"".join(chunks)
    window = Window(iter(chunks))
    for step, needed in steps:
        position = min(step, len(window.data))
        base = window.base + position
        assert window.slide(position, needed) == (len(stream) - base >= needed)
        assert window.base == base
        assert window.data == stream[base : base + len(window.data)]
        assert len(window.data) >= min(needed, len(stream) - base)
