"""Against a server that follows GitHub's published REST API: https://docs.github.com/en/rest/issues/comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from analyzer.attach.credentials import Account
from analyzer.attach.delivery import Deed
from analyzer.attach.failures import NoSuchTicket, Refused
from tests.analyzer.attach.trackers.conformance import PROOF, REPORT, Conformance, parcel
from tests.analyzer.attach.trackers.markdown import check_only_text
from tests.analyzer.attach.trackers.rest_server import Answer, Request, RestServer

TOKEN = "github_pat_aaaaaaaaaaaaaaaaaaaa"
PER_PAGE = 3


class GitHub(RestServer):
    """One issue, example/ops#12, of an Enterprise Server: below /api/v3."""

    def __init__(self) -> None:
        super().__init__()
        self.target, self.missing = "github:example/ops#12", "github:example/ops#99"
        self.api = f"{self.url}/api/v3"
        self.account = Account(self.api, {"GITHUB_TOKEN": TOKEN}, {"GITHUB_TOKEN": "x"})
        self.stranger = Account(self.api, {"GITHUB_TOKEN": "github_pat_unknown"}, {"GITHUB_TOKEN": "x"})
        self.me: dict[str, Any] = {"login": "ann", "id": 1, "type": "User", "url": f"{self.api}/users/ann"}
        self.app = False
        self.posted: list[dict[str, Any]] = []
        repository = "/api/v3/repos/example/ops"
        issue = {
            "url": f"{self.url}{repository}/issues/12",
            "html_url": f"{self.url}/example/ops/issues/12",
            "number": 12,
        }
        self.on("GET", "/api/v3/user", self._user)
        self.on("GET", f"{repository}/issues/12", lambda _: Answer(200, issue))
        self.on("GET", f"{repository}/issues/99", lambda _: Answer(404, {"message": "Not Found"}))
        self.on("GET", f"{repository}/issues/12/comments", self._list)
        self.on("POST", f"{repository}/issues/12/comments", self._add)
        self.on("GET", f"{repository}/issues/comments/(?P<id>\\d+)", lambda request: Answer(200, self._find(request)))
        self.on("PATCH", f"{repository}/issues/comments/(?P<id>\\d+)", self._edit)

    def authorise(self, request: Request) -> Answer | None:
        known = request.headers.get("authorization") in (f"token {TOKEN}", f"Bearer {TOKEN}")
        return None if known else Answer(401, {"message": "Bad credentials"})

    def comments(self) -> list[str]:
        return [comment["body"] for comment in self.posted]

    def files(self) -> list[tuple[str, bytes]]:
        return []

    def forbid(self) -> None:
        self.refusal = Answer(403, {"message": "Resource not accessible by personal access token"})

    def write(self, body: str, user: dict[str, Any]) -> dict[str, Any]:
        key = 5000 + len(self.posted)
        address = f"{self.api}/repos/example/ops/issues/comments/{key}"
        comment = {"id": key, "url": address, "body": body, "user": user, "html_url": f"{self.url}/#{key}"}
        self.posted.append(comment)
        return comment

    def _user(self, request: Request) -> Answer:
        return Answer(403, {"message": "Resource not accessible by integration"}) if self.app else Answer(200, self.me)

    def _list(self, request: Request) -> Answer:
        page = int(request.query.get("page", 1))
        start = (page - 1) * PER_PAGE
        more = start + PER_PAGE < len(self.posted)
        headers = {"Link": f'<{self.url}{request.path}?page={page + 1}>; rel="next"'} if more else {}
        return Answer(200, self.posted[start : start + PER_PAGE], headers)

    def _add(self, request: Request) -> Answer:
        sent = request.json()
        assert set(sent) == {"body"}
        if len(sent["body"]) > 65536:
            return Answer(422, {"message": "Validation Failed"})
        return Answer(201, self.write(sent["body"], self.me))

    def _find(self, request: Request) -> dict[str, Any]:
        (comment,) = [comment for comment in self.posted if comment["id"] == int(request.found["id"])]
        return comment

    def _edit(self, request: Request) -> Answer:
        comment = self._find(request)
        sent = request.json()
        assert set(sent) == {"body"}
        comment["body"] = sent["body"]
        return Answer(200, comment)


@pytest.fixture
def service() -> Iterator[GitHub]:
    running = GitHub()
    yield running
    running.close()
    assert running.violations == []


class TestGitHub(Conformance):
    """What all must do."""

    takes_files = False

    def check_literal(self, text: str) -> None:
        """As a Markdown parser reads it."""
        check_only_text(text)

    def test_the_comment_says_that_files_are_missing(self, service: GitHub) -> None:
        """So that nobody looks for them."""
        self.send(service, parcel("x\n", REPORT, PROOF))
        assert "this tracker takes none through its API" in service.comments()[0]

    def test_an_app_knows_its_comment(self, service: GitHub) -> None:
        """The token of a workflow may not ask who it is; its comments are those of a bot."""
        service.app, service.me = True, {**service.me, "login": "github-actions[bot]", "type": "Bot"}
        self.send(service, parcel("1 problem found.\n"))
        assert self.send(service, parcel("2 problems found.\n")).deed is Deed.REVISED

    def test_comment_of_somebody_else(self, service: GitHub) -> None:
        """We don't write in another's name."""
        self.send(service, parcel("1 problem found.\n"))
        service.posted[0]["user"] = {**service.me, "login": "eve"}
        assert self.send(service, parcel("2 problems found.\n")).deed is Deed.SUPERSEDED

    def test_many_comments(self, service: GitHub) -> None:
        """However many pages there are."""
        for number in range(5):
            service.write(f"any news? {number}", {**service.me, "login": "bob"})
        self.send(service, parcel("1 problem found.\n"))
        assert self.send(service, parcel("1 problem found.\n")).deed is Deed.UNCHANGED

    def test_gone(self, service: GitHub) -> None:
        """An issue that was deleted."""
        service.refusal = Answer(410, {"message": "This issue was deleted"})
        with pytest.raises(NoSuchTicket, match="was deleted"):
            self.send(service, parcel("x\n"))

    def test_too_many_requests(self, service: GitHub) -> None:
        """It is told at once, and not as a missing right."""
        service.refusal = Answer(403, {"message": "API rate limit exceeded for user ID 1."})
        with pytest.raises(Refused, match="too many requests"):
            self.send(service, parcel("x\n"))
