"""Request Tracker 5, over REST 2 with the package ``rt``: comment and files go in one transaction.

A comment can't be edited there, so a new one supersedes it.  Files go as bytes without a type: RT would show HTML and
text in the midst of the ticket, and recode it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from analyzer.attach.credentials import Account
from analyzer.attach.failures import AttachError, Place, TooLarge
from analyzer.attach.tracker import ANSWER_WITHIN, CONNECT_WITHIN, Comment, Held, Markup, Message, Tracker

if TYPE_CHECKING:
    import rt.rest2

_FORBIDDEN = "Permission Denied"
"""What RT says, as it were a bad request, to who may see a ticket and not comment on it."""
_BYTES = "application/octet-stream"


@contextmanager
def _open(key: str, account: Account) -> Iterator[RequestTrackerTicket]:
    import rt.rest2

    token, user, password = (account.get(name) for name in ("RT_TOKEN", "RT_USER", "RT_PASSWORD"))
    place = Place(TRACKER, key, account)
    with place.told(_translated):
        client = rt.rest2.Rt(
            f"{account.server}/REST/2.0/",
            token=token,
        )
        client.session.timeout = (CONNECT_WITHIN, ANSWER_WITHIN, ANSWER_WITHIN, ANSWER_WITHIN)
        if user is not None and password is not None:
            client.session.auth = (user, password)
    with client.session:
        ticket = RequestTrackerTicket(client, place)
        ticket.check()
        yield ticket


class RequestTrackerTicket:
    """:class:`~analyzer.attach.tracker.Ticket`"""

    def __init__(self, client: rt.rest2.Rt, place: Place) -> None:
        self._client = client
        self._place = place

    @property
    def page(self) -> str:
        return f"{self._place.account.server}/Ticket/Display.html?id={self._place.key}"

    def check(self) -> None:
        """RT lists the attachments of all tickets if asked for those of one that it does not have."""
        with self._place.told(_translated):
            found = self._client.get_ticket(self._place.key)
        if found.get("Status") == "deleted":
            raise self._place.failed(410)

    def comments(self, marker: str) -> Iterator[Comment]:
        for item in self._attachments({"field": "Content", "operator": "LIKE", "value": marker}, "Content,Filename"):
            if not item.get("Filename"):
                yield Comment(str(item["TransactionId"]), str(item.get("Content") or ""), ours=False)

    def files(self) -> Iterator[Held]:
        for item in self._attachments(
            {"field": "Filename", "operator": "IS NOT", "value": ""}, "Filename,ContentLength"
        ):
            digest = partial(self._digest, str(item["id"]))
            yield Held(str(item["Filename"]), int(item["ContentLength"] or 0), digest)

    def post(self, message: Message) -> None:
        from rt.rest2 import Attachment

        attachments = [Attachment(file.name, _BYTES, file.content) for file in message.files]
        with self._place.told(_translated):
            self._client.comment(self._place.key, message.text(), attachments=attachments)
        # With $DropLongAttachments or $TruncateLongAttachments RT takes part of a file and says nothing.
        kept = {(held.name, held.size) for held in self.files()} if attachments else set()
        lost = [file.name for file in message.files if (file.name, file.size) not in kept]
        if lost:
            raise TooLarge(
                f"{self._place.heading}: it took the comment, but dropped or cut {', '.join(lost)}",
                next_step="have $MaxAttachmentSize raised, or send these files another way",
            )

    def revise(self, comment: Comment, message: Message) -> None:
        """Never asked for: no comment there is one that we could edit."""
        raise self._place.failed(403, f"comment {comment.id} can't be edited")

    def _attachments(self, condition: dict[str, str], fields: str) -> list[dict[str, Any]]:
        from rt.exceptions import NotFoundError

        found: list[Any] = []
        # What the library raises for an empty list, too; the ticket is there, we have looked.
        with self._place.told(_translated), suppress(NotFoundError):
            found += self._client.get_attachments(
                self._place.key, query_filter=[condition], query_format=f"TransactionId,{fields}"
            )
        return sorted(found, key=lambda item: int(item["id"]))

    def _digest(self, attachment: str) -> str:
        with self._place.told(_translated):
            content = str(self._client.get_attachment(attachment).get("Content") or "")
        return hashlib.sha256(base64.b64decode(content)).hexdigest()


def _translated(place: Place, error: Exception) -> AttachError | None:
    from rt import exceptions

    if isinstance(error, exceptions.AuthorizationError):
        return place.failed(401)
    if isinstance(error, exceptions.NotFoundError):
        return place.failed(404)
    if isinstance(error, exceptions.BadRequestError):
        return place.failed(403 if _FORBIDDEN in str(error) else 400, error)
    if isinstance(error, exceptions.UnexpectedResponseError) and error.status_code is not None:
        return place.failed(error.status_code, error.response_message)
    return None


TRACKER = Tracker(
    name="rt",
    title="Request Tracker",
    key=re.compile(r"[1-9][0-9]{0,9}"),
    example="4711",
    server="RT_URL",
    server_example="https://rt.example.com",
    logins=(("RT_TOKEN",), ("RT_USER", "RT_PASSWORD")),
    trust="SSL_CERT_FILE",
    install="distscope[rt]",
    markup=Markup.PLAIN,
    most_characters=60_000,
    open=_open,
)
