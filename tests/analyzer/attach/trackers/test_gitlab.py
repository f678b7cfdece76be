"""Against a server that follows GitLab's published REST API, version 4: https://docs.gitlab.com/api/notes/."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from markdown_it import MarkdownIt

from analyzer.attach.credentials import Account
from analyzer.attach.delivery import Deed
from analyzer.attach.failures import Refused, TooLarge
from tests.analyzer.attach.trackers.conformance import PROOF, REPORT, Conformance, parcel
from tests.analyzer.attach.trackers.markdown import check_only_text
from tests.analyzer.attach.trackers.rest_server import Answer, Request, RestServer

TOKEN = "glpat-aaaaaaaaaaaaaaaaaaaa"
ME = {"id": 7, "username": "ann", "name": "Ann"}
PER_PAGE = 3


class GitLab(RestServer):
    """One issue, group/sub/project#12."""

    def __init__(self) -> None:
        super().__init__()
        self.target, self.missing = "gitlab:group/sub/project#12", "gitlab:group/sub/project#99"
        self.account = Account(self.url, {"GITLAB_TOKEN": TOKEN}, {"GITLAB_TOKEN": "x"})
        self.stranger = Account(self.url, {"GITLAB_TOKEN": "glpat-unknown"}, {"GITLAB_TOKEN": "x"})
        self.notes: list[dict[str, Any]] = []
        self.uploads: list[tuple[str, bytes]] = []
        project = {"id": 3, "path_with_namespace": "group/sub/project"}
        issue = {"id": 76, "iid": 12, "project_id": 3, "web_url": f"{self.url}/group/sub/project/-/issues/12"}
        api = "/api/v4"
        self.on("GET", f"{api}/user", lambda _: Answer(200, ME))
        self.on("GET", f"{api}/projects/group%2Fsub%2Fproject", lambda _: Answer(200, project))
        self.on("GET", f"{api}/projects/3/issues/12", lambda _: Answer(200, issue))
        self.on("GET", f"{api}/projects/3/issues/99", lambda _: Answer(404, {"message": "404 Not found"}))
        self.on("GET", f"{api}/projects/3/issues/12/notes", self._list)
        self.on("POST", f"{api}/projects/3/issues/12/notes", self._add)
        self.on("PUT", f"{api}/projects/3/issues/12/notes/(?P<id>\\d+)", self._edit)
        self.on("POST", f"{api}/projects/3/uploads", self._upload)

    def authorise(self, request: Request) -> Answer | None:
        known = request.headers.get("private-token") == TOKEN
        return None if known else Answer(401, {"message": "401 Unauthorized"})

    def comments(self) -> list[str]:
        return [note["body"] for note in self.notes]

    def files(self) -> list[tuple[str, bytes]]:
        return self.uploads

    def forbid(self) -> None:
        self.refusal = Answer(403, {"message": "403 Forbidden"})

    def write(self, body: str, author: dict[str, object]) -> dict[str, Any]:
        note = {"id": 300 + len(self.notes), "body": body, "author": author, "system": False, "noteable_iid": 12}
        self.notes.append(note)
        return note

    def _list(self, request: Request) -> Answer:
        assert (request.query["sort"], request.query["order_by"]) == ("asc", "created_at")
        page = int(request.query.get("page", 1))
        start = (page - 1) * PER_PAGE
        headers = {"X-Page": str(page), "X-Per-Page": str(PER_PAGE)}
        if start + PER_PAGE < len(self.notes):
            address = f"{self.url}{request.path}?order_by=created_at&sort=asc&per_page={PER_PAGE}&page={page + 1}"
            headers["Link"] = f'<{address}>; rel="next"'
        return Answer(200, self.notes[start : start + PER_PAGE], headers)

    def _add(self, request: Request) -> Answer:
        sent = request.json()
        assert set(sent) == {"body"}
        return Answer(201, self.write(sent["body"], ME))

    def _edit(self, request: Request) -> Answer:
        (note,) = [note for note in self.notes if note["id"] == int(request.found["id"])]
        sent = request.json()
        assert set(sent) == {"body"}
        note["body"] = sent["body"]
        return Answer(200, note)

    def _upload(self, request: Request) -> Answer:
        name, content = request.part("file")
        self.uploads.append((name, content))
        secret = hashlib.md5(f"{len(self.uploads)}".encode(), usedforsecurity=False).hexdigest()
        url = f"/uploads/{secret}/{name}"
        markdown = f"[{name}]({url})"
        return Answer(201, {"alt": name, "url": url, "full_path": f"/-/project/3{url}", "markdown": markdown})


@pytest.fixture
def service() -> Iterator[GitLab]:
    running = GitLab()
    yield running
    running.close()
    assert running.violations == []


class TestGitLab(Conformance):
    """What all must do."""

    def check_literal(self, text: str) -> None:
        """As a Markdown parser reads it."""
        check_only_text(text)

    def test_the_note_links_to_the_uploads(self, service: GitLab) -> None:
        """GitLab shows no list of files: what is not linked is lost."""
        self.send(service, parcel("x\n", REPORT, PROOF))
        page = MarkdownIt("gfm-like", {"linkify": False}).render(service.comments()[0])
        assert page.count('<a href="/uploads/') == 2

    def test_a_link_of_an_earlier_note_is_kept(self, service: GitLab) -> None:
        """The new text links to what was sent with the old one."""
        self.send(service, parcel("1 problem found.\n", REPORT))
        (link,) = [line for line in service.comments()[0].splitlines() if "/uploads/" in line]
        self.send(service, parcel("2 problems found.\n", REPORT, PROOF))
        assert link in service.comments()[0].splitlines()

    def test_links_of_others_are_not_ours(self, service: GitLab) -> None:
        """Who copies our list with another address has not attached our file."""
        self.send(service, parcel("1 problem found.\n", REPORT))
        note = service.notes[0]
        note["author"] = {"id": 8, "username": "eve"}
        done = self.send(service, parcel("1 problem found.\n", REPORT))
        assert (done.deed, done.sent) == (Deed.SUPERSEDED, ("report.html",))

    def test_many_notes(self, service: GitLab) -> None:
        """However many pages there are."""
        for number in range(5):
            service.write(f"any news? {number}", {"id": 8})
        self.send(service, parcel("1 problem found.\n"))
        assert self.send(service, parcel("1 problem found.\n")).deed is Deed.UNCHANGED

    def test_too_large(self, service: GitLab) -> None:
        """The limit of attachments is the server's."""
        service.refusal = Answer(413, {"message": "413 Request Entity Too Large"})
        with pytest.raises(TooLarge):
            self.send(service, parcel("x\n", PROOF))

    def test_too_many_requests(self, service: GitLab) -> None:
        """It is told at once: an hour's wait would look like a hang."""
        service.refusal = Answer(429, {"message": "Retry later"}, {"Retry-After": "3600"})
        with pytest.raises(Refused, match="too many requests"):
            self.send(service, parcel("x\n", PROOF))
