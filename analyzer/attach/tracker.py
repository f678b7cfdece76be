"""What a tracker declares and what a ticket in it can do → the protocol that delivery speaks.

A package of its own can bring a tracker: it declares a :class:`Tracker`, implements :class:`Ticket` with whatever
client library it likes, and names the declaration in its entry points (docs/attach.md)::

    [project.entry-points."distscope.trackers"]
    ours = "our_package.ours:TRACKER"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from analyzer.attach.credentials import Account
from analyzer.attach.files import Upload
from analyzer.attach.markup import Markup
from dissectors.dataclass import dataclass

__all__ = ["ANSWER_WITHIN", "CONNECT_WITHIN", "Comment", "Held", "Markup", "Message", "Ticket", "Tracker"]

CONNECT_WITHIN, ANSWER_WITHIN = 10, 60
"""Seconds that a server may take to accept a connection, and to answer.  Every tracker sets a limit to every wait; a
library that knows only one takes the second."""


@dataclass(frozen=True, slots=True)
class Comment:
    """An earlier comment of distscope on the ticket."""

    id: str
    """What the ticket's :meth:`~Ticket.revise` finds it by; people see it, too."""
    text: str
    ours: bool
    """Written by the user that we are logged in as, on a tracker that lets it be edited."""


@dataclass(frozen=True, slots=True)
class Held:
    """A file that the ticket has already."""

    name: str
    size: int
    digest: Callable[[], str | None]
    """SHA-256 in hexadecimal; asked for only where name and size fit, for it may mean to fetch the file."""
    link: str | None = None
    """Where a comment links to it, if the tracker doesn't find it by its name."""


class Message(Protocol):
    """What a ticket is to be told (:class:`analyzer.attach.comment.Composed`)."""

    @property
    def files(self) -> tuple[Upload, ...]:
        """Those to be sent; empty for a tracker that takes none."""

    def text(self, links: Mapping[str, str] = ...) -> str:
        """The whole comment.  ``links``: address by name of file, where a comment has to link to it."""


class Ticket(Protocol):
    """A ticket on an open connection.

    Every method raises :class:`~analyzer.attach.failures.AttachError`, never an error of the client library: those tend
    to carry what was sent, credentials included."""

    @property
    def page(self) -> str:
        """Where people look at it."""

    def comments(self, marker: str) -> Iterable[Comment]:
        """Oldest first; at least those with ``marker`` in their text."""

    def files(self) -> Iterable[Held]:
        """What it has of files, oldest first."""

    def post(self, message: Message) -> None:
        """Send the files, and the text as a comment."""

    def revise(self, comment: Comment, message: Message) -> None:
        """Send the files, and put the text in place of that of ``comment``, which is one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """What can be told of a tracker without its client library."""

    name: str
    """As in ``--to NAME:KEY``."""
    title: str
    key: re.Pattern[str]
    """What a whole key looks like."""
    example: str
    """A key, for help and errors."""
    server: str
    """The environment variable that holds the server's address."""
    server_example: str
    default_server: str | None = None
    logins: tuple[tuple[str, ...], ...]
    """The ways to log in, best first: each is the variables that it takes, all of them secret."""
    trust: str = "REQUESTS_CA_BUNDLE"
    """The variable by which the client library takes the certificates of a company's own authority."""
    install: str
    """What pip installs: ``distscope[rt]``."""
    markup: Markup
    most_characters: int
    """A longer comment is refused by the tracker, or by everybody who has to read it."""
    takes_files: bool = True
    open: Callable[[str, Account], AbstractContextManager[Ticket]]
    """Key and account → the ticket.  Imports the client library; raises what a ticket's methods raise."""
