"""Names of files → files that are open already: who gives up root may not make them later."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from analyzer.live.privileges import Account
from analyzer.report.output import NotWritable, check_writable

_OPEN = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PRIVATE = 0o600
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Report:
    """A file that a report will be written to, at the end."""

    def __init__(self, path: str, owner: Account | None, *, private: bool = False) -> None:
        """A ``private`` file is its owner's alone to read.  Raises :class:`NotWritable`."""
        check_writable(path)
        self._path = path
        self._file = opened(Path(path), owner, private=private)

    def write(self, text: str) -> None:
        """In place of what was in it; nothing rather than half of it.  Raises :class:`NotWritable`."""
        data = memoryview(text.encode())
        try:
            if os.fstat(self._file).st_size:
                os.ftruncate(self._file, 0)
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            with suppress(OSError):  # a device
                os.ftruncate(self._file, 0)
            raise _refused(Path(self._path), error) from None
        finally:
            os.close(self._file)


def opened(path: Path, owner: Account | None, *, private: bool) -> int:
    """A new file, ``owner``'s own, or one that is there, as it is.  Raises :class:`NotWritable`.

    This may be root, in a folder where others can put what they like under any name: there, no link leads elsewhere."""
    file = None
    try:
        follow = 0 if _only_ours(path.parent, owner) else os.O_NOFOLLOW
        mode = _PRIVATE if private else 0o666
        try:
            file = os.open(path, _OPEN | os.O_EXCL, mode)
            created = True
        except FileExistsError:
            file = os.open(path, _OPEN | follow, mode)
            created = False
        found = os.fstat(file)
        if follow and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            raise OSError(errno.ELOOP, "it has another name, too, in a folder that others may write to")
        if private and stat.S_ISREG(found.st_mode):
            os.fchmod(file, _PRIVATE)
        if owner is not None and (created or private):
            os.fchown(file, owner.user, owner.group)
    except OSError as error:
        if file is not None:
            os.close(file)
        raise _refused(path, error) from None
    return file


def _only_ours(folder: Path, owner: Account | None) -> bool:
    """Nobody else can put a link into it."""
    found = folder.stat()
    ours = {0, os.geteuid(), *(() if owner is None else (owner.user,))}
    return found.st_uid in ours and not found.st_mode & _WRITABLE_BY_OTHERS


def _refused(path: Path, error: OSError) -> NotWritable:
    why = error.strerror or str(error)
    if error.errno == errno.ELOOP and path.is_symlink():
        why = "it is a symbolic link, in a folder that others may write to"
    step = "name a file in a folder that is yours to write to"
    if error.errno in _NO_ROOM:
        step = "make room there, or name a file on another disk"
    return NotWritable(f"it can't be written: {why}", path=path, next_step=step)
