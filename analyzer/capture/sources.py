"""Turns what the user named (files, folders, patterns, ``-``) into the inputs to read, in the order of the report."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from analyzer.errors import CaptureForbidden, CaptureMissing, UnusableInput, printable
from dissectors.dataclass import dataclass, field

# Files are opened without pathlib: on one small capture, whatever has to be loaded takes longer than what it does.

STANDARD_INPUT = "-"
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to read."""

    path: str
    """``-`` is standard input."""
    size: int | None
    """Bytes of a regular file; None for what can be read only once: standard input, a pipe, a device."""
    folder: str | None = None
    """The folder among the arguments in which it was found: there it need not be a capture."""

    def open(self, stdin: BinaryIO) -> BinaryIO:
        """Opens it unbuffered; the caller closes it.  Raises :class:`UnusableInput`."""
        if self.path == STANDARD_INPUT:
            if stdin.isatty():
                raise UnusableInput(
                    "standard input is a terminal", path="-", next_step="pipe a capture into it: tcpdump -U -w - | …"
                )
            return stdin
        try:
            return open(self.path, "rb", buffering=0)  # noqa: PTH123 (as above)
        except OSError as error:
            raise unusable(self.path, error) from error


@dataclass(slots=True)
class Inputs:
    """All that the arguments name, and what was wrong with some of them."""

    inputs: list[Input] = field(default_factory=list)
    errors: list[UnusableInput] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Those among the arguments."""
    _seen: set[tuple[int, int] | None] = field(default_factory=set)
    """Device and inode; None is standard input."""

    def add(self, path: str, folder: str | None = None) -> None:
        """Adds a file, or what a folder holds."""
        identity: tuple[int, int] | None = None
        size: int | None = None
        if path != STANDARD_INPUT:
            try:
                status = os.stat(path)  # noqa: PTH116 (as above)
            except (OSError, ValueError) as error:
                self.errors.append(unusable(path, error))
                return
            if stat.S_ISDIR(status.st_mode):
                self._add_folder(path)
                return
            if stat.S_ISREG(status.st_mode):
                size = status.st_size
            elif folder is not None:
                return  # opening a pipe that nobody writes to would wait for ever
            identity = (status.st_dev, status.st_ino)
        if identity in self._seen:
            self.notes.append(f"{printable(path)} was named more than once; it is read once")
            return
        self._seen.add(identity)
        self.inputs.append(Input(path, size, folder))

    def _add_folder(self, folder: str) -> None:
        from pathlib import Path

        def failed(error: OSError) -> None:
            self.errors.append(unusable(os.fspath(error.filename or folder), error))

        self.folders.append(folder)
        for place, folders, files in os.walk(folder, onerror=failed):
            folders.sort(key=natural)
            for name in sorted(files, key=natural):
                self.add(str(Path(place, name)), folder)


def expand(arguments: Sequence[str]) -> Inputs:
    """The inputs that the arguments name: sorted within a folder or pattern (``2`` before ``10``), each one once."""
    inputs = Inputs()
    for argument in arguments:
        for path in _matches(argument):
            inputs.add(path)
    return inputs


def _matches(argument: str) -> Iterator[str]:
    """A pattern that the shell left alone is expanded, unless a file has that very name."""
    if argument != STANDARD_INPUT and is_pattern(argument) and not os.path.lexists(argument):
        import glob  # as few captures are named by a pattern

        matches = sorted(glob.glob(argument, recursive=True), key=natural)  # noqa: PTH207 (pathlib refuses absolute ones)
        if matches:
            yield from matches
            return
    yield argument


def is_pattern(argument: str) -> bool:
    """Whether it has a character that stands for others (:mod:`glob`)."""
    return not _WILD.isdisjoint(argument)


def natural(name: str) -> list[tuple[str, int]]:
    """Sort key under which ``trace2`` comes before ``trace10``."""
    import re

    return [(text, int(number or -1)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", name)]


def unusable(path: str, error: OSError | ValueError) -> UnusableInput:
    """What the operating system said, as an error for people."""
    if not isinstance(error, OSError) or isinstance(error, FileNotFoundError | NotADirectoryError):
        pattern = is_pattern(path)
        return CaptureMissing(
            "no file matches this pattern" if pattern else "there is no such file",
            path=path,
            next_step="check the spelling, and in which folder you are",
        )
    if isinstance(error, PermissionError):
        return CaptureForbidden(
            "you have no permission to read it",
            path=path,
            next_step="run as the user who captured it, or 'sudo chmod a+r' the file (tcpdump often writes as root)",
        )
    return UnusableInput(
        f"it can't be read: {error.strerror or error}", path=path, next_step="check the disk or the network share"
    )
