"""Turns a capture into batches in a process of its own, which reads ahead of whoever sifts them.

Reading, decompressing, finding the records and looking at their headers takes as long as all the rest, so with a second
core a large capture takes half the time, and captures of several hosts are read at the same time.  The process shares
its buffers with the one that began it and hands over columns, which are plain data, through memory that both share,
too; what it knows of the capture comes with them.  Whoever of the two has time looks at the headers.  What goes on is
decided in one place and in the order of time, so the report is the same.

It ends with the capture, or when nobody listens any more; Ctrl-C is not its affair.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn

from analyzer.capture.batch import BUFFER, Batch, Buffer, Load, Rows, parts_of, room

if TYPE_CHECKING:
    from analyzer.capture.state import CaptureState
    from analyzer.capture.supply import Supply

    Read = Callable[[Buffer, CaptureState], Iterator[Load]]

ROOMS = 2
"""Buffers: one is filled while the other is looked at."""
USUAL = 8 * 1024 * 1024
"""Bytes read at a time."""
MOST = 6
"""Processes at once, however many cores there are: each has buffers."""

_KNOWN = ("packets", "bytes", "consumed", "cut", "dropped", "notes")
"""What reading finds out about a capture, beside its packets."""
_ALIGNED = 64
"""Bytes that a column's place is a multiple of."""


class Preparing(NamedTuple):
    """See :class:`analyzer.capture.track.Sifter`."""

    prepare: Callable[[Batch], Any]
    advice: Callable[[], Any]
    """Asked here, with each load that is done with."""
    heed: Callable[[Any], None]
    """Hears of it over there."""


def most_readers() -> int:
    """How many processes may read at the same time; 0 where there is but one core, or processes can't share memory."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return 0
    cores = len(os.sched_getaffinity(0))
    return min(cores, MOST) if cores > 1 else 0


def read_ahead(
    read: Read,
    supply: Supply,
    state: CaptureState,
    preparing: Preparing,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[tuple[Batch, Any]]:
    """The batches that ``read`` makes of the buffers that ``supply`` fills, and what is prepared of each;
    ``state`` is that of the capture by then.  ``since`` and ``until``: see :func:`analyzer.capture.batch.batches_of`.

    Valid until the next load: the memory is used again."""
    desks = [_Desk() for _ in range(ROOMS)]
    hears, tells = os.pipe()
    released, releases = os.pipe()
    process = os.fork()
    if not process:
        os.close(hears)
        os.close(releases)
        reader = _Reader(desks, os.fdopen(tells, "wb"), released, preparing.heed)
        prepare = preparing.prepare
        reader.live(read, supply, state, lambda load: [prepare(part) for part in parts_of(load, since, until)])
    os.close(tells)
    os.close(released)
    try:
        with os.fdopen(hears, "rb") as told:
            while True:
                try:
                    index, places = pickle.load(told)  # noqa: S301 (of our own fork)
                    message = pickle.load(told, buffers=desks[index].columns(places))  # noqa: S301 (likewise)
                except (EOFError, pickle.UnpicklingError):
                    state.breaks_off("the process that read it was stopped: what follows was not read")
                    return
                rows, is_last, prepared, (packets, *others), failure = message
                # Counted over there only where packets have no part in it; here with every load.
                state.packets = max(state.packets, packets)
                for name, value in zip(_KNOWN[1:], others, strict=True):
                    setattr(state, name, value)
                if failure is not None:
                    raise RuntimeError(failure)
                if rows is None:
                    return
                parts = parts_of(Load(desks[index].room, rows, is_last), since, until)
                if prepared is None:
                    yield from ((part, preparing.prepare(part)) for part in parts)
                else:
                    yield from zip(parts, prepared, strict=True)
                desks[index].leave(preparing.advice())
                with suppress(OSError):  # it has said all, and ended
                    os.write(releases, bytes([index]))
    finally:
        os.close(releases)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


class _Desk:
    """Memory for a buffer of the capture, and for the columns that are made of it; two processes share both."""

    def __init__(self) -> None:
        self.room = room(BUFFER)
        self._columns = memoryview(room(BUFFER))

    def put(self, index: int, message: Any, pipe: BinaryIO) -> None:
        """Leaves the columns of a message here; where they lie, and all that has no room, goes through the pipe."""
        places: list[tuple[int, int]] = []

        def keep(column: pickle.PickleBuffer) -> bool:
            data = column.raw()
            begin = -(-places[-1][1] // _ALIGNED) * _ALIGNED if places else 0
            end = begin + len(data)
            if end > len(self._columns):
                return True
            self._columns[begin:end] = data
            places.append((begin, end))
            return False

        said = pickle.dumps(message, pickle.HIGHEST_PROTOCOL, buffer_callback=keep)
        pipe.write(pickle.dumps((index, places), pickle.HIGHEST_PROTOCOL))
        pipe.write(said)
        pipe.flush()

    def leave(self, note: Any) -> None:
        """In the place of the columns, which are not needed any more."""
        said = pickle.dumps(note, pickle.HIGHEST_PROTOCOL)
        self._columns[: len(said)] = said

    def note(self) -> Any:
        """What was left."""
        return pickle.loads(self._columns)  # noqa: S301 (of the process that forked this one)

    def columns(self, places: list[tuple[int, int]]) -> list[memoryview]:
        """What lies there."""
        return [self._columns[begin:end] for begin, end in places]


class _Reader:
    """The life of the process."""

    def __init__(self, desks: list[_Desk], told: BinaryIO, released: int, heed: Callable[[Any], None]) -> None:
        self._desks = desks
        self._told = told
        self._released = released
        self._heed = heed
        self._lent: set[int] = set()

    def live(self, read: Read, supply: Supply, state: CaptureState, prepare: Callable[[Load], list[Any]]) -> NoReturn:
        """Hands over every load; does not return."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            failure = None
            try:
                self._hand_over(read, supply, state, prepare)
            except BaseException:
                failure = traceback.format_exc()
            with suppress(OSError):  # nobody listens any more
                self._say(0, None, True, None, state, failure)
        finally:
            # Nothing that the other process holds is to be tidied up here: buffers of files, temporary folders.
            os._exit(0)

    def _hand_over(self, read: Read, supply: Supply, state: CaptureState, prepare: Callable[[Load], list[Any]]) -> None:
        rooms = [desk.room for desk in self._desks]
        for load in read(Buffer(supply, rooms=rooms, usual=USUAL, wait=self._wait), state):
            index = next(number for number, each in enumerate(rooms) if each is load.data)
            self._hear()
            # Whoever has nothing to look at may as well do it: the two share the work that either can do.
            prepared = prepare(load) if self._lent else None
            self._wait(index)
            self._lent.add(index)
            self._say(index, load.rows, load.is_last, prepared, state)

    def _wait(self, turn: int) -> None:
        """Until nobody looks at that desk.  Raises :class:`EOFError` if nobody ever will again."""
        while turn in self._lent:
            self._hear(waits=True)

    def _hear(self, *, waits: bool = False) -> None:
        """Which desks were given back, if any; ``waits`` for one.  Raises :class:`EOFError` as :meth:`_wait` does."""
        if waits or select.select([self._released], [], [], 0)[0]:
            given_back = os.read(self._released, ROOMS)
            if not given_back:
                raise EOFError
            self._lent.difference_update(given_back)
            self._heed(self._desks[given_back[-1]].note())

    def _say(
        self,
        index: int,
        rows: Rows | None,
        is_last: bool,
        prepared: list[Any] | None,
        state: CaptureState,
        failure: str | None = None,
    ) -> None:
        known = [getattr(state, name) for name in _KNOWN]
        self._desks[index].put(index, (rows, is_last, prepared, known, failure), self._told)
