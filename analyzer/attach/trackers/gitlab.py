"""GitLab, over REST 4 with the package ``python-gitlab``: uploads of the project, and a note that links to them.

An upload can't be listed without the rights of a maintainer: what was sent before is known from our own notes, which
name every file with its size and its SHA-256.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from analyzer.attach.credentials import Account
from analyzer.attach.failures import AttachError, Place
from analyzer.attach.tracker import ANSWER_WITHIN, Comment, Held, Markup, Message, Tracker

if TYPE_CHECKING:
    from gitlab.v4.objects import Project, ProjectIssue

_NO_WAITING: dict[str, Any] = {"obey_rate_limit": False}
"""python-gitlab would wait as long as the server says, ten times."""
_UPLOADED = re.compile(
    r"^- \[`([A-Za-z0-9._+-]+)`\]\((/uploads/[0-9a-f]+/[A-Za-z0-9._+-]+)\), "
    r"([0-9,]+) bytes, SHA-256 `([0-9a-f]{64})`\s*$",
    re.MULTILINE,
)
_KEY = re.compile(r"(?P<project>[A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)+)#(?P<number>[1-9][0-9]{0,9})", re.ASCII)


@contextmanager
def _open(key: str, account: Account) -> Iterator[GitLabTicket]:
    import gitlab

    place = Place(TRACKER, key, account)
    found = _KEY.fullmatch(key)
    assert found is not None
    with gitlab.Gitlab(
        account.server, private_token=account.get("GITLAB_TOKEN"), timeout=ANSWER_WITHIN, keep_base_url=True
    ) as client:
        client.session.max_redirects = 0  # it would take our token along
        with place.told(_translated):
            myself: Any = client.http_get("/user", **_NO_WAITING)
            project = client.projects.get(found["project"], **_NO_WAITING)
            issue = project.issues.get(int(found["number"]), **_NO_WAITING)
        yield GitLabTicket(place, project, issue, myself["id"])


class GitLabTicket:
    """:class:`~analyzer.attach.tracker.Ticket`"""

    def __init__(self, place: Place, project: Project, issue: ProjectIssue, me: int) -> None:
        self._place = place
        self._project = project
        self._issue = issue
        self._me = me

    @property
    def page(self) -> str:
        return str(self._issue.web_url)

    def comments(self, marker: str) -> Iterator[Comment]:
        with self._place.told(_translated):
            notes: list[Any] = list(
                self._issue.notes.list(iterator=True, order_by="created_at", sort="asc", per_page=100, **_NO_WAITING)
            )
        for note in notes:
            yield Comment(str(note.id), str(note.body), note.author["id"] == self._me)

    def files(self) -> Iterator[Held]:
        for comment in self.comments(""):
            if not comment.ours:
                continue
            for name, link, size, digest in _UPLOADED.findall(comment.text):
                yield Held(name, int(size.replace(",", "")), partial(str, digest), link)

    def post(self, message: Message) -> None:
        links = self._upload(message)
        with self._place.told(_translated):
            self._issue.notes.create({"body": message.text(links)}, **_NO_WAITING)

    def revise(self, comment: Comment, message: Message) -> None:
        links = self._upload(message)
        with self._place.told(_translated):
            self._issue.notes.update(int(comment.id), {"body": message.text(links)}, **_NO_WAITING)

    def _upload(self, message: Message) -> dict[str, str]:
        links = {}
        for file in message.files:
            with self._place.told(_translated):
                links[file.name] = str(self._project.upload(file.name, filedata=file.content, **_NO_WAITING)["url"])
        return links


def _translated(place: Place, error: Exception) -> AttachError | None:
    from gitlab.exceptions import GitlabError

    if isinstance(error, GitlabError) and error.response_code is not None:
        return place.failed(error.response_code, error.error_message)
    return None


TRACKER = Tracker(
    name="gitlab",
    title="GitLab",
    key=_KEY,
    example="group/project#12",
    server="GITLAB_URL",
    server_example="https://gitlab.example.com",
    default_server="https://gitlab.com",
    logins=(("GITLAB_TOKEN",),),
    install="distscope[gitlab]",
    markup=Markup.GITLAB,
    most_characters=900_000,
    open=_open,
)
