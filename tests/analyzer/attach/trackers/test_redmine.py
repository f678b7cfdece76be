"""Against a server that follows Redmine's published REST API: https://www.redmine.org/projects/redmine/wiki/Rest_api."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import pytest

from analyzer.attach.credentials import Account
from analyzer.attach.delivery import Deed
from analyzer.attach.failures import Refused, TooLarge
from tests.analyzer.attach.hostile import HOSTILE_NAMES
from tests.analyzer.attach.trackers.conformance import PROOF, Conformance, parcel
from tests.analyzer.attach.trackers.rest_server import Answer, Request, RestServer

KEY = "0123456789abcdef0123456789abcdef01234567"
ME = 5


class Redmine(RestServer):
    """One issue, 1234.  ``edits``: Redmine 5, which lets a note be edited."""

    def __init__(self, *, edits: bool) -> None:
        super().__init__()
        self.edits = edits
        self.target, self.missing = "redmine:1234", "redmine:9999"
        self.account = Account(self.url, {"REDMINE_API_KEY": KEY}, {"REDMINE_API_KEY": "x"})
        self.stranger = Account(self.url, {"REDMINE_API_KEY": "f" * 40}, {"REDMINE_API_KEY": "x"})
        self.journals: list[dict[str, Any]] = []
        self.waiting: dict[str, tuple[str, bytes]] = {}
        self.attached: list[tuple[str, bytes]] = []
        self.on("GET", "/users/current.json", lambda _: Answer(200, {"user": {"id": ME, "login": "ann"}}))
        self.on("GET", "/issues/1234.json", self._issue)
        self.on("GET", "/issues/9999.json", lambda _: Answer(404))
        self.on("PUT", "/issues/1234.json", self._update)
        self.on("POST", "/uploads.json", self._upload)
        self.on("GET", "/attachments/download/(?P<id>\\d+)/(?P<name>.+)", self._download)
        self.on("PUT", "/journals/(?P<id>\\d+).json", self._edit)

    def authorise(self, request: Request) -> Answer | None:
        return None if request.headers.get("x-redmine-api-key") == KEY else Answer(401)

    def comments(self) -> list[str]:
        return [journal["notes"] for journal in self.journals if journal["notes"]]

    def files(self) -> list[tuple[str, bytes]]:
        return self.attached

    def forbid(self) -> None:
        self.refusal = Answer(403)

    def _issue(self, request: Request) -> Answer:
        assert set(request.query["include"].split(",")) == {"journals", "attachments"}
        attachments = [
            {
                "id": number,
                "filename": name,
                "filesize": len(content),
                # What Redmine's settings call the host; nobody but a browser in the company's network finds it.
                "content_url": f"http://redmine.invalid/attachments/download/{number}/{name}",
            }
            for number, (name, content) in enumerate(self.attached)
        ]
        return Answer(
            200, {"issue": {"id": 1234, "subject": "nodedown", "attachments": attachments, "journals": self.journals}}
        )

    def _update(self, request: Request) -> Answer:
        sent = request.json()
        assert set(sent) == {"issue"}
        assert set(sent["issue"]) <= {"notes", "uploads"}
        for upload in sent["issue"].get("uploads", []):
            name, content = self.waiting.pop(upload["token"])
            assert name == upload["filename"]
            self.attached.append((name, content))
        notes = sent["issue"].get("notes", "")
        self.journals.append({"id": 900 + len(self.journals), "user": {"id": ME, "name": "Ann"}, "notes": notes})
        return Answer(204)

    def _upload(self, request: Request) -> Answer:
        assert request.headers["content-type"] == "application/octet-stream"
        token = f"{len(self.waiting) + len(self.attached)}.ed1ccdb093229ca1bd0b043618d88743"
        self.waiting[token] = (request.query["filename"], request.body)
        return Answer(201, {"upload": {"id": 1, "token": token}})

    def _download(self, request: Request) -> Answer:
        name, content = self.attached[int(request.found["id"])]
        assert name == request.found["name"]
        return Answer(200, content)

    def _edit(self, request: Request) -> Answer:
        if not self.edits:
            return Answer(404)
        (journal,) = [journal for journal in self.journals if journal["id"] == int(request.found["id"])]
        sent = request.json()
        assert set(sent["journal"]) == {"notes"}
        journal["notes"] = sent["journal"]["notes"]
        return Answer(204)


@pytest.fixture
def service() -> Iterator[Redmine]:
    running = Redmine(edits=True)
    yield running
    running.close()
    assert running.violations == []


@pytest.fixture
def old_service() -> Iterator[Redmine]:
    running = Redmine(edits=False)
    yield running
    running.close()
    assert running.violations == []


class TestRedmine(Conformance):
    """What all must do."""

    def check_literal(self, text: str) -> None:
        """Textile shows what is in ``<pre>``, Markdown takes it for HTML: it must be the same to both."""
        block, end, rest = text.removeprefix("<pre>\n").partition("\n</pre>\n")
        assert end
        assert "<" not in block
        assert html.unescape(block) == block
        assert rest.strip().startswith("distscope-report-")
        assert all(name.replace("<", "‹") in block for name in HOSTILE_NAMES)

    def test_a_redmine_that_edits_no_notes(self, old_service: Redmine) -> None:
        """Before 5.0: a new note supersedes the earlier one, and no file is sent twice."""
        self.send(old_service, parcel("1 problem found.\n", PROOF))
        done = self.send(old_service, parcel("2 problems found.\n", PROOF))
        assert (done.deed, done.held) == (Deed.SUPERSEDED, ("evidence.pcapng",))
        assert old_service.comments()[1].startswith("This supersedes the report in comment #900")

    def test_note_of_somebody_else(self, service: Redmine) -> None:
        """We don't write in another's name."""
        self.send(service, parcel("1 problem found.\n"))
        service.journals[0]["user"] = {"id": 6, "name": "Eve"}
        assert self.send(service, parcel("2 problems found.\n")).deed is Deed.SUPERSEDED

    def test_too_large(self, service: Redmine) -> None:
        """A proxy says it in one way, Redmine itself in another."""
        service.refusal = Answer(413)
        with pytest.raises(TooLarge):
            self.send(service, parcel("x\n", PROOF))
        service.refusal = Answer(422, {"errors": ["This file cannot be uploaded because it exceeds the maximum size"]})
        with pytest.raises(Refused, match="exceeds the maximum size"):
            self.send(service, parcel("x\n", PROOF))
