"""Bytes of one node on a distribution connection to its handshake messages, and then to frames.

:mod:`dissectors.handshake` says how holes and starts in mid-stream are treated.
"""

from __future__ import annotations

from collections.abc import Callable

from dissectors.dataclass import dataclass
from dissectors.dialogue import Decoded, Item, Problem, Side
from dissectors.handshake_messages import (
    STATUS_TEXTS,
    Challenge,
    ChallengeAck,
    ChallengeOld,
    ChallengeReply,
    Complement,
    Partial,
    SendName,
    SendNameOld,
    Status,
    StatusNamed,
    is_node_name,
    message_type,
    partial,
)
from dissectors.lane import Lane
from dissectors.traffic import FrameReader, Pieces, Skim, Sought, looks_like_frames
from dissectors.wire import Message, WireError

LENGTH_LIMIT = 1500
"""Everything legal is far shorter; a greater length is some other protocol (docs/protocol.md 2.1)."""

_LENGTHS: dict[type[Message], int] = {Complement: 9, ChallengeReply: 21, ChallengeAck: 17}
_LAST_MESSAGES = (ChallengeReply, ChallengeAck)
_LAST_EXPECTED = ("challenge_reply", "challenge_ack")


def looks_like_handshake(side: Side, data: bytes, *, length_size: int = 2) -> bool | None:
    """Does ``data`` begin with a whole, sane handshake message of ``side``?  None: more bytes are needed to tell."""
    if len(data) < length_size:
        highest = LENGTH_LIMIT.to_bytes(length_size, "big")
        return None if data <= highest[: len(data)] else False
    length = int.from_bytes(data[:length_size], "big")
    if not 1 <= length <= LENGTH_LIMIT:
        return False
    body = data[length_size : length_size + length]
    if not body:
        return None
    declared = message_type(side, body)
    if declared is None or _LENGTHS.get(declared, length) != length:
        return False
    if len(body) < length:
        return None
    try:
        return _sane(side, declared.read(body))
    except WireError:
        return False


def _sane(side: Side, message: Message) -> bool:
    match message:
        case SendName() | SendNameOld() | Challenge() | ChallengeOld():
            return message.valid_name()
        case StatusNamed(name=name):
            return is_node_name(name)
        case Status(text=text):
            return text in STATUS_TEXTS[side]
    return True


@dataclass(frozen=True, slots=True)
class _Cut:
    """A message with a hole in it, and where it begins and ends."""

    start: int
    end: int
    message: Partial


class Speaker:
    """One side.  What takes the next bytes is its state: messages, tail of a cut message, traffic, seeking, lost."""

    def __init__(self, side: Side, length_size: int, midstream: bool) -> None:
        self._lane = Lane(side)
        self._length_size = length_size
        self._first = not midstream
        self._handshaking = True
        self._frames = FrameReader(side, 0, trusted=False)
        self._cut: _Cut | None = None
        self._reason = "a start in mid-stream"
        self._take: Callable[[bytes, list[Item]], bytes] = self._seek if midstream else self._messages

    def feed(self, data: bytes) -> list[Item]:
        items: list[Item] = []
        while data:
            data = self._take(data, items)
        return items

    @property
    def in_traffic(self) -> bool:
        """It sends frames."""
        return self._take == self._traffic

    def skim(self, data: Pieces, sought: Sought) -> Skim | None:
        """See :meth:`~dissectors.traffic.FrameReader.skim`."""
        return self._frames.skim(data, sought) if self.in_traffic else None

    def skip(self, skim: Skim) -> None:
        """Take the data that were skimmed."""
        self._frames.skip(skim)
        self._lane.start = self._frames.position

    def flush(self) -> list[Item]:
        """The other side acts: give the undecodable bytes so far."""
        return self._lane.flush()

    def gap(self, length: int) -> list[Item]:
        lane = self._lane
        if self.in_traffic:
            items = self._frames.gap(length)
            lane.start = self._frames.position
            if not self._frames.in_step:
                self._lose_step("a hole")
            return items
        items = self._begin_cut() + lane.flush()
        hole = lane.hole(length)
        if self._cut and hole.end >= self._cut.end:
            beyond = hole.end > self._cut.end
            items.append(self._finish_cut(self._cut, self._cut.end))
            if beyond:
                self._lose_step("a hole")
        elif self._take in (self._messages, self._seek):
            self._lose_step("a hole")
        return [*items, hole]

    def close(self) -> list[Item]:
        lane = self._lane
        if self.in_traffic:
            return self._frames.close()
        if self._cut:
            return [self._finish_cut(self._cut, lane.start)]
        if self._take == self._messages and lane.held:
            return [lane.undecoded(len(lane.held), Problem.TRUNCATED, self._unfinished("the end of the stream"))]
        return self._spoil_held() + lane.flush()

    def _messages(self, data: bytes, items: list[Item]) -> bytes:
        """Handshake messages."""
        lane, size = self._lane, self._length_size
        lane.held += data
        while len(lane.held) >= size:
            length = int.from_bytes(lane.held[:size], "big")
            body = bytes(lane.held[size : size + length])
            declared = message_type(lane.side, body)
            if not 1 <= length <= LENGTH_LIMIT:
                return self._refuse(f"a handshake message of {length} bytes (1 to {LENGTH_LIMIT} are possible)", items)
            if body and declared is None:
                return self._refuse(f"no handshake message of the {lane.side.value} has the tag {body[:1]!r}", items)
            if declared is None or len(body) < length:
                break
            try:
                message = declared.read(body)
            except WireError as error:
                items.append(lane.undecoded(size + length, Problem.MALFORMED, f"{declared.__name__}: {error}"))
                self._reason, self._take = "a malformed message", self._lost
                return self._lost(b"", items)
            items.append(lane.decoded(size + length, message))
            self._first = False
            if isinstance(message, _LAST_MESSAGES):
                return self._start_traffic(trusted=True)
        return b""

    def _tail(self, data: bytes, items: list[Item]) -> bytes:
        """What comes behind the hole of a cut message."""
        assert self._cut is not None
        size = min(len(data), self._cut.end - self._lane.start)
        self._lane.start += size
        if self._lane.start == self._cut.end:
            items.append(self._finish_cut(self._cut, self._cut.end))
        return data[size:]

    def _traffic(self, data: bytes, items: list[Item]) -> bytes:
        """Frames."""
        frames, rest = self._frames.feed(data)
        items += frames
        self._lane.start = self._frames.position
        if not self._frames.in_step:
            self._lose_step("bytes that are no frame")
            items += self._lane.spoil(Problem.OUT_OF_STEP, f"after {self._reason}", rest)
        return b""

    def _seek(self, data: bytes, items: list[Item]) -> bytes:
        """Out of step: ``data`` may be the start of a segment."""
        lane = self._lane
        following = self._recognise(bytes(lane.held) + data)
        if following is None and lane.held:
            items += self._spoil_held()
            following = self._recognise(data)
        if following is None:
            items += lane.spoil(Problem.OUT_OF_STEP, f"after {self._reason}", data)
            return b""
        lane.held += data
        if following == self._seek:
            return b""
        items += lane.flush()
        if following == self._traffic:
            return self._start_traffic(trusted=False)
        self._take = following
        return self._release()

    def _lost(self, data: bytes, items: list[Item]) -> bytes:
        """Nothing of this side can be read any more."""
        items += self._lane.spoil(Problem.OUT_OF_STEP, f"after {self._reason}", data)
        return b""

    def _recognise(self, data: bytes) -> Callable[[bytes, list[Item]], bytes] | None:
        """What ``data`` is for: seeking if more bytes are needed to tell, None if it is nothing that is known."""
        side, size = self._lane.side, self._length_size
        message = looks_like_handshake(side, data, length_size=size) if self._handshaking else False
        frames = looks_like_frames(data)
        if message:
            return self._messages
        if message is None:
            return self._seek
        return {True: self._traffic, None: self._seek, False: None}[frames]

    def _start_traffic(self, *, trusted: bool) -> bytes:
        self._handshaking = False
        self._frames = FrameReader(self._lane.side, self._lane.start, trusted=trusted)
        self._take = self._traffic
        return self._release()

    def _release(self) -> bytes:
        held = bytes(self._lane.held)
        self._lane.held.clear()
        return held

    def _refuse(self, reason: str, items: list[Item]) -> bytes:
        self._reason, self._take = "bytes that are no handshake", self._lost
        items += self._lane.spoil(Problem.MALFORMED, reason)
        return b""

    def _lose_step(self, reason: str) -> None:
        self._first = False
        self._reason = reason
        self._take = self._seek

    def _spoil_held(self) -> list[Item]:
        return self._lane.spoil(Problem.OUT_OF_STEP, f"after {self._reason}")

    def _begin_cut(self) -> list[Item]:
        """A hole begins behind what is held."""
        lane, size = self._lane, self._length_size
        held = bytes(lane.held)
        if self._take == self._seek:
            tagged = len(held) > size and self._handshaking
            if not tagged or looks_like_handshake(lane.side, held, length_size=size) is not None:
                return self._spoil_held()
            items = lane.flush()
        elif len(held) < size:
            return [lane.undecoded(len(held), Problem.TRUNCATED, self._unfinished("a hole"))] if held else []
        else:
            items = []
        length = int.from_bytes(held[:size], "big")
        message = partial(lane.side, length, held[size:], first=self._first)
        self._cut = _Cut(lane.start, lane.start + size + length, message)
        self._take = self._tail
        lane.drop(len(held))
        return items

    def _finish_cut(self, cut: _Cut, end: int) -> Decoded:
        self._cut = None
        self._first = False
        self._take = self._messages
        if cut.message.expected in _LAST_EXPECTED:
            self._start_traffic(trusted=bool(cut.message.tag))
        return Decoded(self._lane.side, cut.start, end, cut.message)

    def _unfinished(self, by: str) -> str:
        lane, size = self._lane, self._length_size
        held = bytes(lane.held)
        what = "the length of a message"
        if len(held) >= size:
            length = int.from_bytes(held[:size], "big")
            known = partial(lane.side, length, held[size:], first=self._first)
            what = f"{known.expected} of {length} bytes"
        return f"{what}, cut off after {len(held)} bytes by {by}"
