"""Parts of objects that are over → compressed blocks of bytes, and back when somebody looks at them again.

An attempt takes ten kilobytes while it grows, and a few hundred bytes here.  What belongs together in time is in one
block, and whoever goes through all of them unpacks each block once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, ClassVar, TypeVar, cast

BLOCK = 16
"""Parts in one block: what is alike in them is compressed together."""
UNPACKED = 64
"""Blocks kept as objects, the latest ones that somebody looked at."""
IN_MEMORY = 2 * 1024 * 1024
"""Bytes of blocks; beyond it they go into a temporary file, which has no name and ends with the process."""
_QUICK = 1
"""Level of compression."""


class Archive:
    """Takes parts, and gives each back by its number.  An equal one comes back, not the same."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        """From the first full block on: most captures have fewer attempts than that, and are spared the imports."""
        self._places: list[int] = [0]
        """Where each block begins, and where the next one will."""
        self._growing: list[Any] = []
        """Of the block that is not full yet."""
        self._unpacked: dict[int, list[Any]] = {}
        """Block → its parts, the latest one last."""

    def put(self, part: Any) -> int:
        """Its number."""
        number = (len(self._places) - 1) * BLOCK + len(self._growing)
        self._growing.append(part)
        if len(self._growing) == BLOCK:
            self._write(self._growing)
            self._growing = []
        return number

    def _write(self, parts: list[Any]) -> None:
        import pickle
        import zlib
        from tempfile import SpooledTemporaryFile

        if self._file is None:
            self._file = cast("IO[bytes]", SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115  # as long as this lives
        block = zlib.compress(pickle.dumps(parts, pickle.HIGHEST_PROTOCOL), _QUICK)
        self._file.seek(self._places[-1])
        self._file.write(block)
        self._places.append(self._places[-1] + len(block))

    def _read(self, block: int) -> list[Any]:
        import pickle
        import zlib

        assert self._file is not None
        self._file.seek(self._places[block])
        packed = self._file.read(self._places[block + 1] - self._places[block])
        parts: list[Any] = pickle.loads(zlib.decompress(packed))  # noqa: S301 (of this process, in a file without a name)
        return parts

    def get(self, number: int) -> Any:
        """What was put there.  To be looked at, not to be changed: another look may bring another copy."""
        block, index = divmod(number, BLOCK)
        if block == len(self._places) - 1:
            return self._growing[index]
        parts = self._unpacked.pop(block, None)
        if parts is None:
            if len(self._unpacked) >= UNPACKED:
                del self._unpacked[next(iter(self._unpacked))]
            parts = self._read(block)
        self._unpacked[block] = parts
        return parts[index]


class Packable:
    """An object whose bulky parts can go into an archive: asked for by their names they are there all the same."""

    __slots__ = ("_archive", "_number")

    PARTS: ClassVar[tuple[str, ...]] = ()
    """Names of its bulky fields."""

    _archive: Archive
    _number: int

    @property
    def packed(self) -> bool:
        try:
            return self._archive is not None
        except AttributeError:
            return False

    def pack(self, archive: Archive) -> None:
        """Nothing of these parts will change from now on, and nobody else needs them as objects."""
        number = archive.put([getattr(self, name) for name in self.PARTS])
        object.__setattr__(self, "_archive", archive)
        object.__setattr__(self, "_number", number)
        self._shut()

    def unpack(self) -> None:
        """They may change again."""
        if self.packed:
            self._open()
            object.__delattr__(self, "_archive")

    def _open(self) -> None:
        for name, part in zip(self.PARTS, self._archive.get(self._number), strict=True):
            object.__setattr__(self, name, part)

    def _is_open(self) -> bool:
        """Its parts are in place: it is not packed, or somebody looks at it now."""
        try:
            object.__getattribute__(self, self.PARTS[0])
        except AttributeError:
            return False
        return True

    def _shut(self) -> None:
        for name in self.PARTS:
            object.__delattr__(self, name)

    if not TYPE_CHECKING:  # it would make every misspelt name an attribute

        def __getattr__(self, name: str) -> Any:
            """What is not there: a part that is packed, or nothing at all."""
            if name not in self.PARTS or not self.packed:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return self._archive.get(self._number)[self.PARTS.index(name)]


P = TypeVar("P", bound=Packable)


@contextmanager
def changed(item: Packable) -> Iterator[None]:
    """Its parts may be changed meanwhile; if it was packed it is so again afterwards."""
    archive = item._archive if item.packed else None
    item.unpack()
    yield
    if archive is not None:
        item.pack(archive)


def opened(objects: Iterable[P]) -> Iterator[P]:
    """Each with its parts in place for as long as it is the current one: quick for whoever looks at many of them.

    Whoever looks at one may look at many meanwhile, that one among them."""
    for each in objects:
        if each._is_open():
            yield each
            continue
        each._open()
        try:
            yield each
        finally:
            each._shut()


class Shelf:
    """What is over: the latest ones stay as they are, the earlier ones are packed."""

    def __init__(self, room: int | None) -> None:
        """``room``: how many stay; None: all."""
        self._room = room
        self._archive = Archive()
        self._latest: dict[int, Packable] = {}
        """By identity, the earliest first."""

    def put(self, item: Packable) -> None:
        """It is over."""
        if self._room is None:
            return
        self._latest[id(item)] = item
        if len(self._latest) > self._room:
            self._latest.pop(next(iter(self._latest))).pack(self._archive)

    def take(self, item: Packable) -> None:
        """It goes on, against expectation."""
        self._latest.pop(id(item), None)
        item.unpack()
