"""Declarations of messages to hypothesis strategies; conversations to the same conversations cut otherwise."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from dissectors.dialogue import Decoded, Dialogue, Item, Missing, Side, Undecoded
from dissectors.wire import LATIN1, Fixed, Kind, Message, Run, UInt

Event = tuple[Side, bytes | int | None]
"""What happens to a dialogue: bytes, a hole of so many bytes, or (None) the close of a side."""

I, A = Side.INITIATOR, Side.ACCEPTOR  # noqa: E741  # read as in docs/protocol.md: initiator and acceptor


def values(kind: Kind) -> st.SearchStrategy[object]:
    """What a field of this kind can hold, and gives back unchanged when written and read."""
    match kind:
        case UInt(size=size):
            return st.integers(0, 256**size - 1)
        case Fixed(size=size):
            return st.binary(min_size=size, max_size=size)
        case Run(charset=None):
            return st.binary(max_size=40)
        case Run(charset=charset):
            assert charset is not None
            readable = st.text(st.characters(max_codepoint=255 if charset is LATIN1 else 0xD7FF), max_size=40)
            return readable | st.binary(max_size=40).map(charset.decode)
    raise AssertionError(f"no strategy for {kind}")


def messages(declared: type[Message]) -> st.SearchStrategy[Message]:
    """Any message of one declaration."""
    return st.builds(declared, **{field.name: values(field.kind) for field in declared.FIELDS})


def framed(body: bytes, length_size: int = 2) -> bytes:
    """A body behind its length."""
    return len(body).to_bytes(length_size, "big") + body


def telling(atom: str) -> bytes:
    """A frame with one atom that is new to the link."""
    control = b"\x68\x02\x61\x02\x61\x00"
    return framed(b"\x83\x44\x01\x08\x00" + framed(atom.encode(), 1) + control, 4)


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """``data`` in pieces that end at these places."""
    ends = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


class Lying(NamedTuple):
    """See :class:`dissectors.traffic.Pieces`."""

    memory: bytes
    ends: list[int]
    shifts: list[int]


def lying(data: bytes, places: Iterable[int] = ()) -> Lying:
    """``data`` in pieces that end at these places, with something else between them in memory."""
    pieces = cut_at(data, places)
    memory = b"".join(b"headers" + piece for piece in pieces)
    ends = list(itertools.accumulate(map(len, pieces)))
    return Lying(memory, ends, [(index + 1) * len(b"headers") for index in range(len(pieces))])


def bytewise(events: Iterable[Event]) -> Iterator[Event]:
    """The same conversation, one byte at a time."""
    for side, what in events:
        if isinstance(what, bytes):
            yield from ((side, bytes([byte])) for byte in what)
        else:
            yield side, what


@st.composite
def recut(draw: st.DrawFn, events: Sequence[Event]) -> list[Event]:
    """The same conversation, each piece of data in any cut."""
    cut: list[Event] = []
    for side, what in events:
        if isinstance(what, bytes):
            places = draw(st.lists(st.integers(0, len(what)), max_size=6))
            cut += [(side, piece) for piece in cut_at(what, places)]
        else:
            cut.append((side, what))
    return cut


def events(data: st.SearchStrategy[bytes] | None = None, *, most: int = 12) -> st.SearchStrategy[list[Event]]:
    """Any conversation at all, as hostile as it likes."""
    what = (st.binary(max_size=80) if data is None else data) | st.integers(-1, 60) | st.none()
    return st.lists(st.tuples(st.sampled_from(Side), what), max_size=most)


def talk(dialogue: Dialogue, conversation: Iterable[Event]) -> list[Item]:
    """All items that a conversation makes."""
    items: list[Item] = []
    for side, what in conversation:
        if isinstance(what, bytes):
            items += dialogue.feed(side, what)
        elif isinstance(what, int):
            items += dialogue.gap(side, what)
        else:
            items += dialogue.close(side)
    return items


def said(items: Iterable[Item]) -> list[object]:
    """The messages; for what is none the problem's name, for a hole its length."""
    words: list[object] = []
    for item in items:
        match item:
            case Decoded(message=message):
                words.append(message)
            case Undecoded(problem=problem):
                words.append(problem.value)
            case Missing(start=start, end=end):
                words.append(end - start)
    return words


def assert_accounted(items: Iterable[Item], conversation: Sequence[Event]) -> None:
    """After both sides closed, each byte is in one item; a hole may be inside an item too."""
    for side in Side:
        mine = [item for item in items if item.side is side]
        total = sum(len(w) if isinstance(w, bytes) else max(0, w or 0) for s, w in conversation if s is side)
        covered = bytearray(total)
        for item in mine:
            assert 0 <= item.start < item.end <= total
            if not isinstance(item, Missing):
                assert not any(covered[item.start : item.end]), f"{item} overlaps another"
                covered[item.start : item.end] = b"\1" * (item.end - item.start)
        for item in mine:
            if isinstance(item, Missing):
                covered[item.start : item.end] = b"\1" * (item.end - item.start)
        assert all(covered), f"bytes of the {side.value} are in no item"
