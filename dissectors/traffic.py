"""Bytes after the handshake to frames: ticks, headers of messages and fragments, opaque payload (docs/protocol.md 2.6).

A frame has a 4-byte length and any size: only its first bytes are looked at, the rest is counted and forgotten.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Protocol

from dissectors.control import ControlMessage, control_after_header, control_of_pass_through
from dissectors.dataclass import dataclass
from dissectors.dialogue import Decoded, Item, Missing, Problem, Side, Undecoded

if TYPE_CHECKING:
    from mmap import mmap

HEAD_LIMIT = 512
"""Bytes of a frame that are kept until it ends."""
_HEAD = 4 + HEAD_LIMIT
"""With the length before them."""
SHOWN = 16
"""Bytes of an :class:`OpaqueFrame` that are kept for people."""
BELIEVABLE = 1 << 28
"""A longer frame is not taken as proof that bytes are frames."""
SEARCHED = 2048
"""Bytes of small frames that are searched together; no fewer than a head has."""

_length_at = Struct(">I").unpack_from


@dataclass(frozen=True, slots=True)
class Tick:
    """Four zero bytes: I am alive."""


@dataclass(frozen=True, slots=True)
class DistributionHeader:
    """``83 44``: a message between nodes that share an atom cache."""

    length: int
    """Of the frame without its 4-byte length; so in all frames."""
    control: ControlMessage | None
    """None where it is not readable; so in all frames."""


@dataclass(frozen=True, slots=True)
class FirstFragment:
    """``83 45``: the first part of a message that is sent in parts."""

    length: int
    sequence: int
    """The same in all parts of one message."""
    fragment: int
    """How many parts are still to come, this one included."""
    control: ControlMessage | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """``83 46``: a further part."""

    length: int
    sequence: int
    fragment: int


@dataclass(frozen=True, slots=True)
class PassThrough:
    """``70 83``: a message without atom cache, as C nodes, Java nodes and others send it."""

    length: int
    control: ControlMessage | None


@dataclass(frozen=True, slots=True)
class OpaqueFrame:
    """A frame that begins like none of these, or that a hole cut off before it could be told."""

    length: int
    data: bytes
    """Its first bytes, at most 16."""


Frame = Tick | DistributionHeader | FirstFragment | Fragment | PassThrough | OpaqueFrame


def _distribution_header(length: int, head: bytes) -> Frame:
    return DistributionHeader(length, control_after_header(head[2:]))


def _first_fragment(length: int, head: bytes) -> Frame | None:
    if len(head) < 18:
        return None
    return FirstFragment(length, _number(head, 2), _number(head, 10), control_after_header(head[18:]))


def _fragment(length: int, head: bytes) -> Frame | None:
    return Fragment(length, _number(head, 2), _number(head, 10)) if len(head) >= 18 else None


def _pass_through(length: int, head: bytes) -> Frame:
    return PassThrough(length, control_of_pass_through(head[2:]))


def _number(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 8], "big")


_FRAMES: dict[bytes, Callable[[int, bytes], Frame | None]] = {
    b"\x83\x44": _distribution_header,
    b"\x83\x45": _first_fragment,
    b"\x83\x46": _fragment,
    b"\x70\x83": _pass_through,
}
_BEGINNINGS = frozenset(known[:size] for known in _FRAMES for size in range(3))
"""What may stand behind the length, as far as it is there."""


def read_frame(length: int, head: bytes) -> Frame:
    """The frame of ``length`` bytes that begins with ``head``."""
    if length == 0:
        return Tick()
    read = _FRAMES.get(head[:2])
    return (read(length, head) if read else None) or OpaqueFrame(length, head[:SHOWN])


def looks_like_frames(data: bytes) -> bool | None:
    """Is this, from its first byte on, traffic after a handshake?  None: more bytes are needed to tell.

    Every frame that begins in ``data`` must begin like one; ticks alone are believed only if nothing follows them.
    """
    at = 0
    proven = False
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        start = data[at + 4 : at + 6]
        if length:
            if length < 3 or length > BELIEVABLE or start not in _BEGINNINGS:
                return False
            proven = proven or len(start) == 2
        at += 4 + length
    return True if proven or (data and at == len(data)) else None


class Pieces(Protocol):
    """Data that lie somewhere in memory, piece by piece; none of them is empty."""

    @property
    def memory(self) -> bytes | mmap:
        """Where they lie."""

    @property
    def ends(self) -> Sequence[int]:
        """Bytes up to the end of each piece."""

    @property
    def shifts(self) -> Sequence[int]:
        """How far in memory a byte of each lies behind its place in the data."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Words, one of which may stand in a frame's head."""

    common: bytes
    """What all of them have."""
    words: tuple[bytes, ...]

    def is_in(self, head: bytes) -> bool:
        """Whether one stands there."""
        return self.common in head and any(word in head for word in self.words)


@dataclass(frozen=True, slots=True)
class Skim:
    """What much data, looked at only where frames begin, comes to."""

    size: int
    """Bytes of it; the other places are counted from its beginning too."""
    frames: int
    """Frames that end in it, ticks not counted."""
    ticks: tuple[int, ...]
    """Where ticks end."""
    begin: int
    """Where the unfinished frame begins: before the data, if none ends in them."""
    kept: bytes
    """Its first bytes."""


class FrameReader:
    """Cuts the bytes of one side into frames, from ``start`` on.

    ``trusted``: the handshake was seen to lead here, so whatever comes is a frame.  Otherwise a frame that begins like
    none ends the trust: :attr:`in_step` is False then, and :meth:`feed` gives back the bytes that are no frames.
    """

    __slots__ = ("_end", "_hole", "_kept", "in_step", "position", "side", "start", "trusted")

    def __init__(self, side: Side, start: int, *, trusted: bool) -> None:
        self.side = side
        self.start = start
        """Where the unfinished frame begins."""
        self.position = start
        """Where the next byte belongs."""
        self.trusted = trusted
        self.in_step = True
        self._kept = b""
        """The unfinished frame's length and head, as far as they are there without a hole."""
        self._hole = False
        self._end: int | None = None

    def feed(self, data: bytes) -> tuple[list[Item], bytes]:
        """The frames that ``data`` completes, and what of it is none (nothing while in step)."""
        items: list[Item] = []
        at = 0
        while at < len(data):
            if self._end is None:
                at += self._keep(data, at, 4)
                if len(self._kept) == 4:
                    self._end = self.start + 4 + int.from_bytes(self._kept, "big")
            if self._end is not None:
                at += self._keep(data, at, min(_HEAD, self._end - self.start))
                if not self.trusted and not _believable(self._kept):
                    self.in_step = False
                    rest = self._kept + data[at:]
                    self.position = self.start
                    return items, rest
                step = min(self._end - self.position, len(data) - at)
                at += step
                self.position += step
                items += self._finish()
        return items, b""

    def skim(self, data: Pieces, sought: Sought) -> Skim | None:
        """What :meth:`feed` would find in ``data``.

        None if they have to be fed: where something of what is ``sought`` stands in a frame's head (and perhaps in some
        bytes around it), or a frame begins like none."""
        if self._hole:
            return None
        begin, kept, trusted = self.start - self.position, self._kept, self.trusted
        memory, ends, shifts, common = data.memory, data.ends, data.shifts, sought.common
        size = ends[-1]
        frames = index = 0
        ticks: list[int] = []
        while begin < size:
            if not kept:
                index = bisect_right(ends, begin, index)
                shift, until = shifts[index], ends[index]
                searched = begin
                # Of small frames there are many in one piece: each costs no more than its length, and they are searched
                # together.
                while begin <= until - 4:
                    place = begin + shift
                    (length,) = _length_at(memory, place)
                    end = begin + 4 + length
                    head_end = end if length <= HEAD_LIMIT else begin + _HEAD
                    if end > size or (head_end > until and not trusted):
                        break
                    if head_end > until:
                        if sought.is_in(_joined(data, index, begin, head_end)):
                            return None
                    elif head_end > searched:
                        searched = min(until, begin + SEARCHED) if length <= HEAD_LIMIT else head_end
                        last = searched + shift
                        if memory.find(common, place, last) >= 0 and sought.is_in(memory[place:last]):
                            return None
                    if not (trusted or _believable(memory[place : place + 6])):
                        return None
                    if length:
                        frames += 1
                    else:
                        ticks.append(end)
                    begin = end
                if begin >= until:
                    continue
            # Of this one the length lies in several pieces, or the beginning is known from earlier data, or the end is
            # still to come.
            kept += _joined(data, index, begin + len(kept), begin + min(_HEAD, size - begin))
            if len(kept) < 4:
                break
            end = begin + 4 + int.from_bytes(kept[:4], "big")
            if sought.is_in(kept) or not (trusted or _believable(kept)):
                return None
            if end > size:
                break
            if end == begin + 4:
                ticks.append(end)
            else:
                frames += 1
            begin, kept = end, b""
        return Skim(size, frames, tuple(ticks), begin, kept)

    def skip(self, skim: Skim) -> None:
        """Take the data that were skimmed."""
        self.start = self.position + skim.begin
        self.position += skim.size
        self._kept = skim.kept
        self._end = self.start + 4 + int.from_bytes(skim.kept[:4], "big") if len(skim.kept) >= 4 else None

    def gap(self, length: int) -> list[Item]:
        """A hole; in step afterwards only if it ends inside a frame, or with one."""
        hole = Missing(self.side, self.position, self.position + length)
        if self._end is None or hole.end > self._end:
            items = self._cut("a hole")
            self._begin(hole.end)
            self.in_step = False
            return [*items, hole]
        self.position += length
        self._hole = True
        return [*self._finish(), hole]

    def close(self) -> list[Item]:
        return self._cut("the end of the stream")

    def _keep(self, data: bytes, at: int, wanted: int) -> int:
        """Take from ``data`` what is still missing of the first ``wanted`` bytes of the frame."""
        if self._hole:
            return 0
        piece = data[at : at + max(0, wanted - len(self._kept))]
        self._kept += piece
        self.position += len(piece)
        return len(piece)

    def _finish(self) -> list[Item]:
        if self._end is None or self.position < self._end:
            return []
        frame = read_frame(self._end - self.start - 4, self._kept[4:])
        item = Decoded(self.side, self.start, self._end, frame)
        self._begin(self._end)
        return [item]

    def _begin(self, start: int) -> None:
        self.start = self.position = start
        self._kept, self._hole, self._end = b"", False, None

    def _cut(self, by: str) -> list[Item]:
        if self.position == self.start:
            return []
        what = "the length of a frame" if self._end is None else f"a frame of {self._end - self.start - 4} bytes"
        reason = f"{what}, cut off after {self.position - self.start} bytes by {by}"
        item = Undecoded(self.side, self.start, self.position, Problem.TRUNCATED, reason, self._kept[:64])
        self._begin(self.position)
        return [item]


def _joined(data: Pieces, index: int, begin: int, end: int) -> bytes:
    """The bytes from one place, in that piece, to another."""
    joined = b""
    while begin < end:
        until, shift = min(data.ends[index], end), data.shifts[index]
        joined += data.memory[begin + shift : until + shift]
        begin, index = until, index + 1
    return joined


def _believable(head: bytes) -> bool:
    """Whether a frame may begin so, of which at least the length is there."""
    length = int.from_bytes(head[:4], "big")
    return length == 0 or (length <= BELIEVABLE and head[4:6] in _BEGINNINGS)
