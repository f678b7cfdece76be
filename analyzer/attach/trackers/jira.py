"""Jira Cloud and Data Center, over REST 2 with the package ``jira``: attachments of the issue, and a comment.

Version 2 of the API takes wiki markup on both; a comment links to the attachments by their names.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from analyzer.attach.credentials import Account
from analyzer.attach.failures import AttachError, Place
from analyzer.attach.tracker import ANSWER_WITHIN, CONNECT_WITHIN, Comment, Held, Markup, Message, Tracker

if TYPE_CHECKING:
    import jira

_PAGE = 100
"""Comments that are asked for at once."""
_IDENTITIES = ("accountId", "key", "name")
"""What a user is known by: the first in the cloud, the others elsewhere."""


@contextmanager
def _open(key: str, account: Account) -> Iterator[JiraTicket]:
    import jira

    user, token = account.get("JIRA_USER"), account.get("JIRA_TOKEN") or ""
    place = Place(TRACKER, key, account)
    with place.told(_translated):
        client = jira.JIRA(
            options={"server": account.server, "rest_api_version": "2", "check_update": False},
            basic_auth=None if user is None else (user, token),
            token_auth=token if user is None else None,
            get_server_info=False,
            max_retries=0,
            timeout=(CONNECT_WITHIN, ANSWER_WITHIN),
        )
        myself: dict[str, Any] = client.myself()
    with closing(client):
        yield JiraTicket(client, place, myself)


class JiraTicket:
    """:class:`~analyzer.attach.tracker.Ticket`"""

    def __init__(self, client: jira.JIRA, place: Place, myself: dict[str, Any]) -> None:
        self._client = client
        self._place = place
        self._myself = myself

    @property
    def page(self) -> str:
        return f"{self._place.account.server}/browse/{self._place.key}"

    def comments(self, marker: str) -> Iterator[Comment]:
        seen: set[str] = set()
        while True:
            with self._place.told(_translated):
                page = self._client.comments(self._place.key, start_at=len(seen), max_results=_PAGE)
            fresh = [comment.raw for comment in page if str(comment.raw["id"]) not in seen]
            for raw in fresh:
                seen.add(str(raw["id"]))
                yield Comment(str(raw["id"]), str(raw.get("body") or ""), self._is_me(raw.get("author") or {}))
            # Data Center gives all of them at once, whatever it is asked for.
            if not fresh:
                return

    def files(self) -> Iterator[Held]:
        with self._place.told(_translated):
            attachments: list[Any] = self._client.issue(self._place.key, fields="attachment").fields.attachment
        for attachment in attachments:
            yield Held(str(attachment.filename), int(attachment.size), partial(self._digest, attachment))

    def post(self, message: Message) -> None:
        self._send(message)
        with self._place.told(_translated):
            self._client.add_comment(self._place.key, message.text())

    def revise(self, comment: Comment, message: Message) -> None:
        with self._place.told(_translated):
            self._client.comment(self._place.key, comment.id).update(body=message.text())
        self._send(message)

    def _send(self, message: Message) -> None:
        for file in message.files:
            with self._place.told(_translated):
                # A BytesIO is read like the file that the annotation asks for.
                content: Any = io.BytesIO(file.content)
                self._client.add_attachment(self._place.key, content, file.name)

    def _is_me(self, author: dict[str, Any]) -> bool:
        known = next((name for name in _IDENTITIES if self._myself.get(name)), "")
        return bool(known) and author.get(known) == self._myself[known]

    def _digest(self, attachment: Any) -> str:
        with self._place.told(_translated):
            content: bytes = attachment.get()
        return hashlib.sha256(content).hexdigest()


def _translated(place: Place, error: Exception) -> AttachError | None:
    import jira

    if isinstance(error, jira.JIRAError) and error.status_code is not None:
        return place.failed(error.status_code, error.text)
    return None


TRACKER = Tracker(
    name="jira",
    title="Jira",
    key=re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}-[1-9][0-9]{0,9}"),
    example="OPS-17",
    server="JIRA_URL",
    server_example="https://example.atlassian.net",
    logins=(("JIRA_USER", "JIRA_TOKEN"), ("JIRA_TOKEN",)),
    install="distscope[jira]",
    markup=Markup.JIRA,
    most_characters=32_000,
    open=_open,
)
