"""One EPMD conversation to its request and its reply (docs/protocol.md 1).

Replies are not self-describing: which reply is read depends on the request that is outstanding.  Without a request
(half a capture) only the replies that begin with a tag are recognised, and only if every byte fits.
"""

from __future__ import annotations

from dissectors.dialogue import Item, Problem, Side
from dissectors.epmd_messages import (
    REPLIES,
    REQUESTS,
    Alive2Req,
    Alive2Resp,
    Alive2XResp,
    AliveReq,
    AliveResp,
    DumpEntry,
    DumpReq,
    DumpResp,
    KillReq,
    KillResp,
    NamesReq,
    NamesResp,
    Port2Refusal,
    Port2Req,
    Port2Resp,
    PortReq,
    PortResp,
    StopReq,
    StopResp,
)
from dissectors.lane import Lane
from dissectors.wire import Message, Reader, Truncated, WireError

__all__ = [
    "Alive2Req",
    "Alive2Resp",
    "Alive2XResp",
    "AliveReq",
    "AliveResp",
    "DumpEntry",
    "DumpReq",
    "DumpResp",
    "EpmdDialogue",
    "KillReq",
    "KillResp",
    "NamesReq",
    "NamesResp",
    "Port2Refusal",
    "Port2Req",
    "Port2Resp",
    "PortReq",
    "PortResp",
    "StopReq",
    "StopResp",
    "looks_like_request",
]

REQUEST_LIMIT = 3057
"""Longest request body that EPMD takes (docs/protocol.md 1.1)."""
REPLY_LIMIT = 4096
"""No other reply than text is longer: what a request has not registered cannot be returned."""
TEXT_LIMIT = 1 << 20
"""Longest text reply that is kept: far above what EPMD's limit of open files allows."""
NODE_TYPES = frozenset({72, 77, 104, 109, 110})

_TEXT_STARTS: dict[type[Message], tuple[bytes, ...]] = {
    NamesResp: (b"name ",),
    DumpResp: (b"active name ", b"old/unused name "),
}
_WORDS: dict[type[Message], tuple[str, ...]] = {KillResp: KillResp.ANSWERS, StopResp: StopResp.ANSWERS}
_TOLD_BY = 20
"""Bytes of a text reply that hold its port and the first words of its first line."""
_UNKNOWN_REQUEST = (Problem.OUT_OF_STEP, "a reply to an unknown request")
_UNASKED = (Port2Refusal, Port2Resp, Alive2Resp, Alive2XResp)


class EpmdDialogue:
    """A :class:`~dissectors.dialogue.Dialogue` of a client (the initiator) with its port mapper.

    Each side says one thing: bytes after the request, or after the reply, are :class:`~dissectors.dialogue.Undecoded`.
    Replies that are text end with the acceptor's close, and are given by ``close(Side.ACCEPTOR)``.  ``midstream``: the
    first bytes fed need not be the first ones of the connection.
    """

    def __init__(self, *, midstream: bool = False) -> None:
        self.request: Message | None = None
        """The request, once it is complete."""
        self._lanes = {side: Lane(side) for side in Side}
        self._replies: tuple[type[Message], ...] = ()
        self._unreadable = Problem.OUT_OF_STEP if midstream else Problem.MALFORMED
        self._spent: dict[Side, tuple[Problem, str]] = {}

    def feed(self, side: Side, data: bytes) -> list[Item]:
        """See :meth:`dissectors.dialogue.Dialogue.feed`."""
        if not data:
            return []
        items = self._lanes[side.other].flush()
        lane = self._lanes[side]
        if side not in self._spent:
            lane.held += data
            items += self._read_request(lane) if side is Side.INITIATOR else self._read_reply(lane)
            data = b""
        if side in self._spent:
            items += lane.spoil(*self._spent[side], data)
        return items

    def gap(self, side: Side, length: int) -> list[Item]:
        """See :meth:`dissectors.dialogue.Dialogue.gap`."""
        if length <= 0:
            return []
        lane = self._lanes[side]
        items = self._lanes[side.other].flush() + (self._beginning(lane) or self._cut(lane, "a hole")) + lane.flush()
        self._spent[side] = (Problem.OUT_OF_STEP, "after a hole")
        return [*items, lane.hole(length)]

    def close(self, side: Side) -> list[Item]:
        """See :meth:`dissectors.dialogue.Dialogue.close`."""
        lane = self._lanes[side]
        items = self._lanes[side.other].flush()
        if side is Side.ACCEPTOR and side not in self._spent:
            items += self._read_text(lane)
        return items + self._cut(lane, "the end of the stream") + lane.flush()

    def _read_request(self, lane: Lane) -> list[Item]:
        held = bytes(lane.held)
        size = int.from_bytes(held[:2], "big")
        if len(held) >= 2 and not 1 <= size <= REQUEST_LIMIT:
            return self._refuse(lane, f"a request of {size} bytes (1 to {REQUEST_LIMIT} are possible)")
        if len(held) < 3:
            return []
        request_type = REQUESTS.get(held[2:3])
        if request_type is None:
            return self._refuse(lane, f"no request has the tag {held[2:3]!r}")
        self._replies = REPLIES[request_type]
        if len(held) < 2 + size:
            return []
        self._spend(lane, "after the request")
        try:
            self.request = request_type.read(held[2 : 2 + size])
        except WireError as error:
            return [lane.undecoded(2 + size, Problem.MALFORMED, f"{request_type.__name__}: {error}")]
        return [lane.decoded(2 + size, self.request)]

    def _read_reply(self, lane: Lane) -> list[Item]:
        held = bytes(lane.held[:REPLY_LIMIT])
        for reply_type in self._replies or _UNASKED:
            if reply_type in _TEXT_STARTS or reply_type in _WORDS:
                if len(lane.held) > TEXT_LIMIT:
                    return self._refuse(lane, f"a reply of more than {TEXT_LIMIT} bytes")
                if _text_possible(reply_type, held):
                    return []
                continue
            reader = Reader(held)
            try:
                reply = reply_type.read_from(reader)
            except Truncated:
                if _tag_possible(reply_type, held) and len(held) < REPLY_LIMIT:
                    return []
                continue
            except WireError:
                continue
            if _fits(reply) and (self._replies or _plausible(reply)):
                self._spend(lane, "after the reply")
                return [lane.decoded(reader.at, reply)]
        begins = not self._replies and _begins_like_a_reply(held)
        if begins is None:
            return []
        if begins:
            self._spent[lane.side] = _UNKNOWN_REQUEST
            return []
        wanted = " or ".join(reply.__name__ for reply in self._replies) or "any reply"
        return self._refuse(lane, f"no EPMD reply ({wanted} was due)")

    def _read_text(self, lane: Lane) -> list[Item]:
        """The reply that only the close completes."""
        held = bytes(lane.held)
        for reply_type in self._replies if held else ():
            words = _WORDS.get(reply_type)
            if (words and held.decode("latin-1") in words) or (reply_type in _TEXT_STARTS and len(held) >= 4):
                self._spend(lane, "after the reply")
                return [lane.decoded(len(held), reply_type.read(held))]
        return []

    def _spend(self, lane: Lane, reason: str) -> None:
        self._spent[lane.side] = (Problem.MALFORMED, reason)

    def _refuse(self, lane: Lane, reason: str) -> list[Item]:
        """Nothing that this side has said, or will say, can be read."""
        self._spent[lane.side] = (self._unreadable, reason)
        return []

    def _beginning(self, lane: Lane) -> list[Item]:
        """A good PORT2_RESP of which a hole took the end: all that an initiator acts on stands before the name."""
        held = bytes(lane.held)
        if lane.side is Side.INITIATOR or Port2Resp not in (self._replies or _UNASKED) or held[1:2] != b"\0":
            return []
        known = Port2Resp.read_prefix(held)
        if "lowest" not in known:
            return []
        reply = Port2Resp(**({"name": "", "extra": b""} | known))  # type: ignore[arg-type]
        return [lane.decoded(len(held), reply)] if self._replies or _plausible(reply) else []

    def _cut(self, lane: Lane, by: str) -> list[Item]:
        """What waits for more bytes will not get them."""
        if not lane.held:
            return []
        if lane.side is Side.ACCEPTOR and not self._replies and _begins_like_a_reply(bytes(lane.held)) is None:
            return lane.spoil(*_UNKNOWN_REQUEST)
        names = [reply.__name__ for reply in self._replies]
        if lane.side is Side.INITIATOR:
            request_type = REQUESTS.get(bytes(lane.held[2:3]))
            names = [request_type.__name__] if request_type else []
        reason = f"{' or '.join(names) or 'a message'}, cut off after {len(lane.held)} bytes by {by}"
        return [lane.undecoded(len(lane.held), Problem.TRUNCATED, reason)]


def looks_like_request(data: bytes) -> bool | None:
    """Are the first bytes of a stream an EPMD request, and nothing more?  None: more bytes are needed to tell."""
    size = int.from_bytes(data[:2], "big")
    if len(data) < 2:
        return None if data[:1] <= (REQUEST_LIMIT >> 8).to_bytes() else False
    if not 1 <= size <= REQUEST_LIMIT or len(data) > 2 + size:
        return False
    if len(data) < 3:
        return None
    request_type = REQUESTS.get(data[2:3])
    if request_type is None:
        return False
    if len(data) < 2 + size:
        return None
    try:
        request = request_type.read(data[2:])
    except WireError:
        return False
    return _sane(request)


def _sane(request: Message) -> bool:
    match request:
        case Alive2Req(port=port, type=kind, highest=highest, lowest=lowest, name=name):
            return port > 0 and kind in NODE_TYPES and 1 <= lowest <= highest <= 99 and _is_name(name)
        case AliveReq(port=port, name=name):
            return port > 0 and _is_name(name)
        case Port2Req():
            return _is_name(request.node)
        case PortReq(name=name) | StopReq(name=name):
            return _is_name(name)
    return True


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= 255 and name.isprintable() and "@" not in name


def _tag_possible(reply_type: type[Message], held: bytes) -> bool:
    """May these bytes be the beginning of this reply?  The two forms of PORT2_RESP differ by their result."""
    start = b"w\0" if reply_type is Port2Resp else reply_type.TAG
    return start[: len(held)] == held[: len(start)]


def _text_possible(reply_type: type[Message], held: bytes) -> bool:
    """May these bytes be the beginning of a text reply?"""
    if words := _WORDS.get(reply_type):
        return any(word.encode().startswith(held) for word in words)
    text = held[4:]
    return held[:2] in (b"", b"\0", b"\0\0") and any(
        start[: len(text)] == text[: len(start)] for start in _TEXT_STARTS[reply_type]
    )


def _fits(reply: Message) -> bool:
    """The two forms of PORT2_RESP differ by their result."""
    match reply:
        case Port2Resp(result=result):
            return result == 0
        case Port2Refusal(result=result):
            return result != 0
    return True


def _plausible(reply: Message) -> bool:
    """Strict enough to believe in a reply whose request was not seen."""
    match reply:
        case Port2Resp(port=port, type=kind, highest=highest, lowest=lowest, name=name):
            return port > 0 and kind in NODE_TYPES and lowest <= highest and _is_name(name)
    return isinstance(reply, Port2Refusal | Alive2Resp | Alive2XResp) and reply.result in (0, 1)


def _begins_like_a_reply(held: bytes) -> bool | None:
    """Does a reply to *some* request begin so?  None: a text reply may, and more bytes are needed to tell."""
    if any(held[:1] == reply_type.TAG for reply_type in (*_UNASKED, AliveResp)):
        return True
    if not any(_text_possible(reply_type, held) for reply_type in (*_TEXT_STARTS, *_WORDS)):
        return False
    return True if len(held) >= _TOLD_BY else None
