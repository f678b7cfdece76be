"""Redmine, over REST with the package ``python-redmine``: a note in the journal of the issue, with files.

Redmine 5.0 and later let a note be edited; elsewhere a new one supersedes it.  Which markup a Redmine speaks can't be
asked: a block of plain text is the same in all of them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from analyzer.attach.credentials import Account
from analyzer.attach.failures import AttachError, NoSuchTicket, NotAllowed, Place
from analyzer.attach.tracker import ANSWER_WITHIN, CONNECT_WITHIN, Comment, Held, Markup, Message, Tracker

_STATUSES = {
    # error of the library: the HTTP status that it stands for
    "AuthError": 401,
    "ForbiddenError": 403,
    "ResourceNotFoundError": 404,
    "RequestEntityTooLargeError": 413,
    "ValidationError": 422,
    "ServerError": 500,
}


@contextmanager
def _open(key: str, account: Account) -> Iterator[RedmineTicket]:
    import redminelib
    from redminelib.engines import SyncEngine

    place = Place(TRACKER, key, account)
    client = redminelib.Redmine(
        account.server,
        key=account.get("REDMINE_API_KEY"),
        engine=type("Engine", (SyncEngine,), {"create_session": staticmethod(_session)}),
    )
    with place.told(_translated):
        me: int = client.user.get("current").id
        issue: Any = client.issue.get(int(key), include=["journals", "attachments"])
    yield RedmineTicket(client, place, issue, me)


def _session(**settings: Any) -> Any:
    """What the library makes, but with a limit to every wait: it has no way to set one."""
    from redminelib.engines import SyncEngine

    session = SyncEngine.create_session(**settings)
    session.max_redirects = 0  # it would take our key along
    session.request = partial(session.request, timeout=(CONNECT_WITHIN, ANSWER_WITHIN))
    return session


class RedmineTicket:
    """:class:`~analyzer.attach.tracker.Ticket`"""

    def __init__(self, client: Any, place: Place, issue: Any, me: int) -> None:
        self._client = client
        self._place = place
        self._issue = issue
        self._me = me

    @property
    def page(self) -> str:
        return f"{self._place.account.server}/issues/{self._place.key}"

    def comments(self, marker: str) -> Iterator[Comment]:
        with self._place.told(_translated):
            journals = list(self._issue.journals)
        for journal in journals:
            if notes := getattr(journal, "notes", ""):
                yield Comment(str(journal.id), str(notes), journal.user.id == self._me)

    def files(self) -> Iterator[Held]:
        with self._place.told(_translated):
            attachments = list(self._issue.attachments)
        for attachment in attachments:
            name, size = str(attachment.filename), int(attachment.filesize)
            yield Held(name, size, partial(self._digest, int(attachment.id), name))

    def post(self, message: Message) -> None:
        self._update(message, notes=message.text())

    def revise(self, comment: Comment, message: Message) -> None:
        try:
            with self._place.told(_translated):
                self._client.issue_journal.update(int(comment.id), notes=message.text())
        except NoSuchTicket as error:  # a Redmine that has no such call
            raise NotAllowed(error.message) from None
        if message.files:
            self._update(message)

    def _update(self, message: Message, **fields: str) -> None:
        uploads = [{"path": io.BytesIO(file.content), "filename": file.name} for file in message.files]
        with self._place.told(_translated):
            self._client.issue.update(int(self._place.key), **fields, **({"uploads": uploads} if uploads else {}))

    def _digest(self, attachment: int, name: str) -> str:
        # Not the address that Redmine gives: it holds the host name of its settings, which need not be this server.
        address = f"{self._place.account.server}/attachments/download/{attachment}/{name}"
        with self._place.told(_translated):
            content: bytes = self._client.download(address).content
        return hashlib.sha256(content).hexdigest()


def _translated(place: Place, error: Exception) -> AttachError | None:
    from redminelib.exceptions import UnknownError

    if isinstance(error, UnknownError):
        return place.failed(int(error.status_code))
    status = _STATUSES.get(type(error).__name__)
    return None if status is None else place.failed(status, error if status == 422 else "")


TRACKER = Tracker(
    name="redmine",
    title="Redmine",
    key=re.compile(r"[1-9][0-9]{0,9}"),
    example="1234",
    server="REDMINE_URL",
    server_example="https://redmine.example.com",
    logins=(("REDMINE_API_KEY",),),
    install="distscope[redmine]",
    markup=Markup.PREFORMATTED,
    most_characters=60_000,
    open=_open,
)
