"""Turns what went wrong into words that a person can act on.

The tree::

    DistscopeError            something that the user can put right; exit status 2
    ├── UnusableRule          a rule of a third party that can't be loaded, or two rules of one name
    └── UnusableInput         an input that can't be analysed; exit status 3
        ├── CaptureMissing    no such file, no match for a pattern, a folder without captures
        ├── CaptureForbidden  no permission to read it
        ├── EmptyCapture      nothing in it, not even a whole file header
        ├── NotACapture       it holds something else
        ├── InterfaceUnusable a network interface that is not there, is down, may not be listened to, or went away
        └── NothingUsable     several inputs, none of them usable; knows the error of each

A capture that is cut or damaged is no error: what could be read is analysed, and a note beside the capture says
where it ends.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar


def printable(text: str) -> str:
    r"""``text`` with everything that could disturb a terminal or a file written as ``\x1b``, ``\u202e``, …

    File names come from a hostile place too: they may hold escape sequences, newlines, or bytes that are no UTF-8
    (lone surrogates), which no encoder would take.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


class DistscopeError(Exception):
    """What is wrong, with which file, where in it, and what to do next."""

    exit_status: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        offset: int | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else printable(os.fspath(path))
        """The file, fit to be shown."""
        self.offset = offset
        """Byte offset in the file at which it shows, where there is such a place."""
        self.next_step = next_step
        """What the user can do now: an imperative sentence without its full stop."""

    def __str__(self) -> str:
        where = "" if self.path is None else f"{self.path}: "
        at = "" if self.offset is None else f" (at byte {self.offset})"
        step = "" if self.next_step is None else f"\n  next: {self.next_step}"
        return f"{where}{self.message}{at}{step}"


class UnusableRule(DistscopeError):
    """A rule can't be loaded, or shares its code or its name with another."""


class UnusableInput(DistscopeError):
    """An input that can't be analysed."""

    exit_status = 3


class CaptureMissing(UnusableInput):
    """Nothing there under that name."""


class CaptureForbidden(UnusableInput):
    """It is there, and we may not read it."""


class EmptyCapture(UnusableInput):
    """Nothing in it, not even a whole file header."""


class NotACapture(UnusableInput):
    """It holds something else than packets, or a format that we don't read."""


class InterfaceUnusable(UnusableInput):
    """A network interface that can't be listened to, or no longer."""


class NothingUsable(UnusableInput):
    """Several inputs were named and none of them can be analysed."""

    def __init__(self, errors: Sequence[UnusableInput]) -> None:
        super().__init__("none of the inputs can be analysed")
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join([f"{self.message}:", *(str(error) for error in self.errors)])
