"""Paths that were typed → files to send: whole, under a name that is harmless everywhere, with their digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from analyzer.errors import DistscopeError, UnusableInput
from dissectors.dataclass import dataclass, field

MOST_BYTES = 256 << 20
"""Of one file: no tracker takes more, and whoever attaches more has taken the wrong file."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


class NotAFile(UnusableInput):
    """There is nothing of that name to send, or no way to read it."""


class TwoOfOneName(DistscopeError):
    """On the ticket nobody could tell them apart."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send."""

    name: str
    """Letters, digits and ``._+-`` only: it stands in comments, headers and addresses."""
    path: str
    content: bytes = field(repr=False)
    sha256: str

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix.lower()


def read(paths: Iterable[str]) -> tuple[Upload, ...]:
    """Each read once, so that what is sent is what the digest says.  Raises DistscopeError."""
    found: dict[str, Upload] = {}
    for path in paths:
        upload = _read(path)
        if upload.name in found:
            raise TwoOfOneName(
                f"it would have the same name on the ticket as {found[upload.name].path}: {upload.name}",
                path=path,
                next_step="rename one of them",
            )
        found[upload.name] = upload
    return tuple(found.values())


def _read(path: str) -> Upload:
    try:
        size = Path(path).stat().st_size
        if size > MOST_BYTES:
            raise NotAFile(
                f"{size:,} bytes are too many for a ticket",
                path=path,
                next_step="attach the report and the evidence (-o evidence.pcapng), not the capture",
            )
        content = Path(path).read_bytes()
    except OSError as error:
        raise NotAFile(
            f"it can't be read: {error.strerror or error}",
            path=path,
            next_step="name a file that analyze -o has written",
        ) from error
    if not content:
        raise NotAFile("it is empty", path=path, next_step="write it again with analyze -o")
    return Upload(safe_name(path), path, content, hashlib.sha256(content).hexdigest())


def safe_name(path: str) -> str:
    """The name of the file without what a comment, a header or a shell could take for something else."""
    return _UNSAFE.sub("_", Path(path).name).lstrip(".-") or "file"
