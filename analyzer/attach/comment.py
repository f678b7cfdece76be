"""A parcel → the text of a comment in a tracker's markup, with the mark by which a later run finds it again.

A mark counts only on a line of its own: one that somebody quotes is none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from analyzer.attach.files import Upload
from analyzer.attach.markup import Markup, file_line, hidden
from analyzer.attach.parcel import Parcel
from analyzer.attach.tracker import Held, Tracker
from dissectors.dataclass import dataclass, replace

_MARK = re.compile(r"^(?:<!-- )?distscope-report-([0-9a-f]{12})-([0-9a-f]{16})(?: -->)?\s*$", re.MULTILINE)
_ROOM = 400
"""Characters that a line of the list of files, and the lines around the report, take at the most."""


_ATTACHED = "Files:"
_NOT_ATTACHED = "Files of this report, which its sender has (this tracker takes none through its API):"
_NO_ROOM = "A report of distscope: see the files."


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells that a comment is of distscope, about which captures, and whether it says the same."""

    identity: str
    fingerprint: str

    @property
    def prefix(self) -> str:
        """The same for all comments about the same captures."""
        return f"distscope-report-{self.identity}-"

    def __str__(self) -> str:
        return f"{self.prefix}{self.fingerprint}"


def mark_in(text: str) -> Mark | None:
    """The mark of a comment; the last one, for ours is at the end."""
    found = _MARK.findall(text.replace("\r", ""))
    return Mark(*found[-1]) if found else None


@dataclass(frozen=True, slots=True)
class Composed:
    """A comment, and the files that go with it."""

    markup: Markup
    body: str
    mark: Mark
    files: tuple[Upload, ...]
    """Still to be sent."""
    held: Mapping[str, Held]
    """On the ticket already, by name."""
    all_files: tuple[Upload, ...]
    takes_files: bool
    supersedes: str | None = None
    """The earlier comment, where it can't be edited."""

    def text(self, links: Mapping[str, str] | None = None) -> str:
        """The whole comment; ``links``: address by name of file, where the tracker needs one."""
        known = {name: held.link for name, held in self.held.items()} | dict(links or {})
        parts = [self.body.rstrip("\n")]
        if self.supersedes is not None:
            parts.insert(0, f"This supersedes the report in comment #{self.supersedes}.")
        if self.all_files:
            parts.append(_ATTACHED if self.takes_files else _NOT_ATTACHED)
            lines = [file_line(file, self.markup, known.get(file.name), self.takes_files) for file in self.all_files]
            parts.append("\n".join(lines))
        parts.append(hidden(str(self.mark), self.markup))
        return "\n\n".join(parts) + "\n"

    def superseding(self, comment: str) -> Composed:
        """The same as a comment of its own that takes the place of ``comment``."""
        return replace(self, supersedes=comment)


def compose(parcel: Parcel, tracker: Tracker, held: Mapping[str, Held]) -> Composed:
    """The best text that is not too long for the tracker, and the files that are not held."""
    room = tracker.most_characters - _ROOM * (len(parcel.files) + 2)
    body = next((text for text in parcel.says(tracker.markup, room) if len(text) <= room), _NO_ROOM)
    return Composed(
        markup=tracker.markup,
        body=body,
        mark=Mark(parcel.identity, _fingerprint(body, parcel.files)),
        files=tuple(file for file in parcel.files if file.name not in held) if tracker.takes_files else (),
        held=held,
        all_files=parcel.files,
        takes_files=tracker.takes_files,
    )


def _fingerprint(body: str, files: tuple[Upload, ...]) -> str:
    digest = hashlib.sha256(body.encode("utf-8", "surrogatepass"))
    for file in sorted(files, key=lambda file: file.name):
        digest.update(f"\0{file.name}\0{file.sha256}".encode())
    return digest.hexdigest()[:16]
