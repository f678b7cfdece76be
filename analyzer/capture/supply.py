"""Turns an open capture, plain or compressed, into bytes in a buffer: as many as there are, without waiting for more.

A file fills the buffer.  From a pipe come the bytes that are there, and those that follow within moments: a batch of
them costs a few hundred times as much as one packet, and a verdict must not wait for a batch to be full.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from analyzer.capture.state import CaptureState

PAUSE = 0.005
"""Seconds: a pipe that is silent for so long is waited for no longer, if it has brought anything."""
PATIENCE = 0.05
"""Seconds for which packets of a pipe that is never silent are held back."""


class Supply(Protocol):
    """Where a buffer is filled from."""

    def fill(self, view: memoryview) -> tuple[int, bool]:
        """Bytes put into ``view``, which is not empty, and whether they are the last ones."""


class FileSupply:
    """A regular file, read where it is wanted."""

    def __init__(self, stream: BinaryIO, state: CaptureState) -> None:
        self._stream = stream
        self._state = state

    def fill(self, view: memoryview) -> tuple[int, bool]:
        """See :class:`Supply`."""
        state, held = self._state, 0
        while held < len(view):
            try:
                got: int = self._stream.readinto(view[held:])  # type: ignore[attr-defined]
            except OSError as error:
                state.breaks_off(f"reading failed after {state.consumed} bytes: {error.strerror or error}")
                got = 0
            if not got:
                return held, True
            held += got
            state.consumed += got
            state.bytes = max(state.bytes, state.consumed)
        return held, state.consumed == state.bytes and not self._grows()

    def _grows(self) -> bool:
        """Somebody may still be writing to it."""
        more = bool(self._stream.read(1))
        if more:
            self._stream.seek(-1, os.SEEK_CUR)
        return more


class ChunkSupply:
    """Chunks of any size: of a pipe, or of a decompressor."""

    def __init__(self, chunks: Iterator[bytes], waits: Callable[[float], bool] | None = None) -> None:
        """``waits`` says whether more is there within so many seconds; None: whoever asks for more gets it."""
        self._chunks = chunks
        self._waits = waits
        self._rest = memoryview(b"")

    def fill(self, view: memoryview) -> tuple[int, bool]:
        """See :class:`Supply`."""
        held = 0
        since = time.monotonic()
        while held < len(view):
            if not self._rest:
                if held and self._waits is not None and not self._in_time(since):
                    return held, False
                chunk = next(self._chunks, None)
                if chunk is None:
                    return held, True
                if not held:
                    since = time.monotonic()
                self._rest = memoryview(chunk)
            part = self._rest[: len(view) - held]
            view[held : held + len(part)] = part
            held += len(part)
            self._rest = self._rest[len(part) :]
        return held, False

    def _in_time(self, since: float) -> bool:
        assert self._waits is not None
        return time.monotonic() - since < PATIENCE and self._waits(PAUSE)


def readiness_of(stream: BinaryIO) -> Callable[[float], bool] | None:
    """What tells whether a pipe has more within so many seconds; None for what is no file of the system."""
    try:
        descriptor = stream.fileno()
        select.select([descriptor], [], [], 0)
    except (OSError, ValueError):
        return None
    return lambda seconds: bool(select.select([descriptor], [], [], seconds)[0])
