"""Bytes of one side of a conversation to items: what waits, where in the stream it is, and runs of undecodable bytes.

Bytes that are no message may go on for gigabytes and come in any cut.  They are gathered into one run, of which only
the first bytes are kept, and given as one :class:`~dissectors.dialogue.Undecoded` as soon as something else happens: a
message, a hole, a close, or anything of the other side (:meth:`Lane.flush`).  So the items do not depend on how a
side's bytes were cut.
"""

from __future__ import annotations

from dissectors.dialogue import Decoded, Item, Missing, Problem, Side, Undecoded

SHOWN = 64
"""Bytes of an undecodable range that are kept for people."""
RUN_LIMIT = 65536
"""A run of undecodable bytes is given in pieces of this size, so that it appears while it goes on."""


class Lane:
    """The bytes of one side that are not yet an item."""

    __slots__ = ("_run", "_run_start", "_why", "held", "side", "start")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.start = 0
        """Place in the stream of the first held byte (of the next byte to come, if none is held)."""
        self.held = bytearray()
        self._run = b""
        self._run_start: int | None = None
        self._why = (Problem.MALFORMED, "")

    @property
    def end(self) -> int:
        return self.start + len(self.held)

    def decoded(self, size: int, message: object) -> Decoded:
        """The first ``size`` held bytes are ``message``."""
        item = Decoded(self.side, self.start, self.start + size, message)
        self.drop(size)
        return item

    def undecoded(self, size: int, problem: Problem, reason: str) -> Undecoded:
        """The first ``size`` held bytes are no message."""
        item = Undecoded(
            self.side, self.start, self.start + size, problem, reason, bytes(self.held[: min(size, SHOWN)])
        )
        self.drop(size)
        return item

    def spoil(self, problem: Problem, reason: str, data: bytes = b"") -> list[Item]:
        """All held bytes, and ``data`` after them, join the run of undecodable bytes (whose first reason stands)."""
        if self.held:
            data = bytes(self.held) + data
            self.held.clear()
        items: list[Item] = []
        while data:
            if self._run_start is None:
                self._run_start, self._why = self.start, (problem, reason)
            room = self._run_start + RUN_LIMIT - self.start
            piece, data = data[:room], data[room:]
            self._run += piece[: max(0, SHOWN - len(self._run))]
            self.start += len(piece)
            if len(piece) == room:
                items += self.flush()
        return items

    def flush(self) -> list[Item]:
        """Give the run of undecodable bytes, if there is one."""
        if self._run_start is None:
            return []
        item = Undecoded(self.side, self._run_start, self.start, *self._why, self._run)
        self._run_start, self._run = None, b""
        return [item]

    def hole(self, length: int) -> Missing:
        """``length`` bytes are missing behind what is held; nothing may be held any more."""
        item = Missing(self.side, self.start, self.start + length)
        self.start += length
        return item

    def drop(self, size: int) -> None:
        """The first ``size`` held bytes are accounted for."""
        del self.held[:size]
        self.start += size
