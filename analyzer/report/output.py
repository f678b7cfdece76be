"""Rendered text → standard output, for whatever terminal or pipe that is, and files, whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import IO, BinaryIO, cast

from analyzer.errors import DistscopeError
from analyzer.report.layout import Look

NARROWEST, WIDEST = 40, 100
"""Columns; longer lines tire the eye."""

_ASCII = str.maketrans({"→": "->", "←": "<-", "…": "...", "×": "x", "–": "-", "µ": "u"})


class NotWritable(DistscopeError):
    """A report can't be written where it was asked for."""


def look_of_terminal(*, color: bool = True, flavour: str = Look().flavour) -> Look:
    """How standard output can look: its width and colours if it is a terminal, else 80 columns without colour."""
    if not sys.stdout.isatty():
        return Look(flavour=flavour)
    import shutil

    width = shutil.get_terminal_size().columns
    colored = color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(min(max(width, NARROWEST), WIDEST), colored, flavour)


def emit(text: str, *, flush: bool = False) -> bool:
    """Write to standard output; False when its reader has gone (``| head``): nothing more need be written.

    Where the encoding has no arrows, ASCII stands for them.
    """
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        text = text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    try:
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        abandon()
        return False
    return True


def finish() -> None:
    """Write what is still buffered; call once, at the end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        abandon()


def abandon() -> None:
    """Nobody reads standard output any more: send the rest nowhere, so that no later write fails either."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_writable(path: str, inputs: tuple[str, ...] = ()) -> None:
    """Raises NotWritable before the work is done rather than after it, and rather than overwrite an input."""
    from pathlib import Path  # which a report that is only printed does without

    folder = Path(path).parent
    if not folder.is_dir():
        raise NotWritable("there is no such folder to write to", path=path, next_step=f"mkdir -p '{folder}'")
    if Path(path).is_dir():
        raise NotWritable("this is a folder", path=path, next_step="name a file in it")
    for other in inputs:
        with suppress(OSError):
            if Path(other).samefile(path):
                raise NotWritable("this is one of the captures", path=path, next_step="write to another file")


def write(path: str, content: str | Iterable[str] | Callable[[BinaryIO], None], *, private: bool = False) -> None:
    """Write a file whole or not at all: a reader never sees half a report.  Raises NotWritable.

    ``content`` is text, whole or in pieces, or writes by itself.  A ``private`` file is the user's alone to read."""
    import tempfile
    from pathlib import Path

    target = Path(path)
    temporary = None
    try:
        if target.exists() and not target.is_file():  # a pipe or a device: there is nothing to replace
            # Neither made nor emptied: what takes its place in the meantime is not harmed.
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC), "wb") as device:
                _put(content, device)
            return
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=".distscope-", delete=False) as file:
            temporary = Path(file.name)
            _put(content, file)
        temporary.chmod(0o600 if private else 0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise NotWritable(
            f"it can't be written: {error.strerror or error}",
            path=path,
            next_step="check its folder and your permissions",
        ) from error


def _put(content: str | Iterable[str] | Callable[[BinaryIO], None], file: IO[bytes]) -> None:
    if callable(content):
        content(cast("BinaryIO", file))
    else:
        file.writelines(piece.encode() for piece in ([content] if isinstance(content, str) else content))


def _umask() -> int:
    """There is no way to read it but to set it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
