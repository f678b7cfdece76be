"""GitHub, over REST with the package ``PyGithub``: a comment on an issue or pull request.

Its API has no way to attach a file to an issue, so the comment is all there is; it names the files and their SHA-256.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyzer.attach.credentials import Account
from analyzer.attach.failures import AttachError, Place
from analyzer.attach.tracker import ANSWER_WITHIN, Comment, Held, Markup, Message, Tracker

if TYPE_CHECKING:
    from github.Issue import Issue

_KEY = re.compile(r"(?P<project>[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)#(?P<number>[1-9][0-9]{0,9})")


@contextmanager
def _open(key: str, account: Account) -> Iterator[GitHubTicket]:
    import github

    place = Place(TRACKER, key, account)
    found = _KEY.fullmatch(key)
    assert found is not None
    client = github.Github(
        auth=github.Auth.Token(account.get("GITHUB_TOKEN") or account.get("GH_TOKEN") or ""),
        base_url=account.server,
        timeout=ANSWER_WITHIN,
        per_page=100,
        retry=None,
        lazy=True,
    )
    try:
        with place.told(_translated):
            try:
                me = client.get_user().login
            except github.GithubException as error:
                # The token of a workflow belongs to an app, and may not ask who it is.
                if error.status != 403 or isinstance(error, github.RateLimitExceededException):
                    raise
                me = None
            issue = client.get_repo(found["project"]).get_issue(int(found["number"]))
            page = str(issue.html_url)  # asks for the issue: the library puts that off as long as it can
        yield GitHubTicket(place, issue, page, me)
    finally:
        client.close()


class GitHubTicket:
    """:class:`~analyzer.attach.tracker.Ticket`"""

    def __init__(self, place: Place, issue: Issue, page: str, me: str | None) -> None:
        self._place = place
        self._issue = issue
        self._page = page
        self._me = me

    @property
    def page(self) -> str:
        return self._page

    def comments(self, marker: str) -> Iterator[Comment]:
        with self._place.told(_translated):
            comments = list(self._issue.get_comments())
        for comment in comments:
            author = comment.user
            ours = author.type == "Bot" if self._me is None else author.login == self._me
            yield Comment(str(comment.id), str(comment.body or ""), ours)

    def files(self) -> Iterator[Held]:
        return iter(())

    def post(self, message: Message) -> None:
        with self._place.told(_translated):
            self._issue.create_comment(message.text())

    def revise(self, comment: Comment, message: Message) -> None:
        with self._place.told(_translated):
            self._issue.get_comment(int(comment.id)).edit(message.text())


def _translated(place: Place, error: Exception) -> AttachError | None:
    import github

    if isinstance(error, github.RateLimitExceededException):
        return place.failed(429)
    if isinstance(error, github.GithubException):
        return place.failed(error.status, error.data.get("message") if isinstance(error.data, dict) else "")
    return None


TRACKER = Tracker(
    name="github",
    title="GitHub",
    key=_KEY,
    example="owner/repo#12",
    server="GITHUB_API_URL",
    server_example="https://github.example.com/api/v3",
    default_server="https://api.github.com",
    logins=(("GITHUB_TOKEN",), ("GH_TOKEN",)),
    install="distscope[github]",
    markup=Markup.GITHUB,
    most_characters=65_536,
    takes_files=False,
    open=_open,
)
