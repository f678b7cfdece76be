"""Turns a capture into loads of packets in a process of its own, which reads ahead of whoever sifts them.

Reading, decompressing and finding the records takes about as long as all the rest, so with a second core a large
capture takes half the time, and captures of several hosts are read at the same time.  The process shares its buffers
with the one that began it and hands over columns, which are plain data; what it knows of the capture comes with them.
What goes on is decided in one place and in the order of time, so the report is the same.

It ends with the capture, or when nobody listens any more; Ctrl-C is not its affair.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING

from analyzer.capture.batch import BUFFER, Buffer, Load, room

if TYPE_CHECKING:
    import mmap

    from analyzer.capture.state import CaptureState
    from analyzer.capture.supply import Supply

ROOMS = 2
"""Buffers: one is filled while the other is looked at."""
USUAL = 8 * 1024 * 1024
"""Bytes read at a time."""
MOST = 6
"""Processes at once, however many cores there are: each has buffers."""

_KNOWN = ("packets", "bytes", "consumed", "cut", "dropped", "notes")
"""What reading finds out about a capture, beside its packets."""


def most_readers() -> int:
    """How many processes may read at the same time; 0 where there is but one core, or processes can't share memory."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return 0
    cores = len(os.sched_getaffinity(0))
    return min(cores, MOST) if cores > 1 else 0


def read_ahead(
    read: Callable[[Buffer, CaptureState], Iterator[Load]], supply: Supply, state: CaptureState
) -> Iterator[Load]:
    """What ``read`` makes of the buffers that ``supply`` fills; ``state`` is that of the capture at each load."""
    rooms = [room(BUFFER) for _ in range(ROOMS)]
    here, there = Pipe()
    process = os.fork()
    if not process:
        here.close()
        _serve(read, supply, state, rooms, there)
    there.close()
    try:
        while True:
            try:
                index, rows, is_last, known = here.recv()
            except (EOFError, OSError):
                state.breaks_off("the process that read it was stopped: what follows was not read")
                return
            packets, *others = known
            # Counted over there only where packets have no part in it; here with every load.
            state.packets = max(state.packets, packets)
            for name, value in zip(_KNOWN[1:], others, strict=True):
                setattr(state, name, value)
            if index is None:
                if rows is not None:
                    raise RuntimeError(rows)
                return
            yield Load(rooms[index], rows, is_last)
            try:
                here.send(index)
            except OSError:
                continue  # it has said all, and ended
    finally:
        here.close()
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _serve(
    read: Callable[[Buffer, CaptureState], Iterator[Load]],
    supply: Supply,
    state: CaptureState,
    rooms: list[mmap.mmap],
    there: Connection,
) -> None:
    """The life of the process; does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lent: set[int] = set()

    def wait(turn: int) -> None:
        while turn in lent:
            lent.remove(there.recv())

    try:
        failure = None
        try:
            for load in read(Buffer(supply, rooms=rooms, usual=USUAL, wait=wait), state):
                index = next(number for number, each in enumerate(rooms) if each is load.data)
                lent.add(index)
                there.send((index, load.rows, load.is_last, [getattr(state, name) for name in _KNOWN]))
        except (EOFError, OSError):
            return
        except BaseException:
            failure = traceback.format_exc()
        there.send((None, failure, True, [getattr(state, name) for name in _KNOWN]))
    finally:
        # Nothing that the other process holds is to be tidied up here: buffers of files, temporary folders.
        os._exit(0)
