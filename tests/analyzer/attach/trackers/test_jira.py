"""Against a server that follows Jira's published REST API, version 2, as Data Center and as the cloud speak it.

https://developer.atlassian.com/server/jira/platform/rest-apis/, https://developer.atlassian.com/cloud/jira/platform/rest/v2/
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from analyzer.attach.credentials import Account
from analyzer.attach.delivery import Deed
from analyzer.attach.failures import AttachError, TooLarge
from tests.analyzer.attach.hostile import HOSTILE_NAMES
from tests.analyzer.attach.trackers.conformance import PROOF, REPORT, Conformance, Service, parcel
from tests.analyzer.attach.trackers.rest_server import Answer, Request, RestServer

TOKEN = "a-personal-access-token"
PAGE = 2
"""Comments that the cloud gives at once, however many are asked for."""


class Jira(RestServer):
    """One issue, OPS-17, below a context path."""

    def __init__(self, *, cloud: bool) -> None:
        super().__init__()
        self.cloud = cloud
        self.target, self.missing = "jira:OPS-17", "jira:OPS-99"
        server = f"{self.url}/jira"
        if cloud:
            self.account = Account(server, {"JIRA_USER": "ann@example.com", "JIRA_TOKEN": TOKEN}, {"JIRA_TOKEN": "x"})
        else:
            self.account = Account(server, {"JIRA_TOKEN": TOKEN}, {"JIRA_TOKEN": "x"})
        self.stranger = Account(server, {"JIRA_TOKEN": "somebody-elses-token"}, {"JIRA_TOKEN": "x"})
        self.bodies: dict[str, dict[str, Any]] = {}
        self.attachments: list[tuple[str, bytes]] = []
        me = {"accountId": "5b10a2844c20165700ede21g"} if cloud else {"key": "JIRAUSER10100", "name": "ann"}
        self.me = {**me, "displayName": "Ann"}
        api, issue = "/jira/rest/api/2", "/issue/(?:OPS-17|10002)"
        self.on("GET", f"{api}/myself", lambda _: Answer(200, self.me))
        self.on("GET", f"{api}/issue/OPS-99.*", lambda _: Answer(404, _errors("Issue Does Not Exist")))
        self.on("GET", f"{api}{issue}", self._issue)
        self.on("GET", f"{api}{issue}/comment", self._list)
        self.on("POST", f"{api}{issue}/comment", self._add)
        self.on("GET", f"{api}{issue}/comment/(?P<id>\\d+)", self._show)
        self.on("PUT", f"{api}{issue}/comment/(?P<id>\\d+)", self._edit)
        self.on("POST", f"{api}{issue}/attachments", self._attach)
        self.on("GET", "/jira/secure/attachment/(?P<id>\\d+)/.+", self._download)

    def authorise(self, request: Request) -> Answer | None:
        basic = base64.b64encode(f"ann@example.com:{TOKEN}".encode()).decode()
        wanted = f"Basic {basic}" if self.cloud else f"Bearer {TOKEN}"
        return None if request.headers.get("authorization") == wanted else Answer(401, _errors("who are you?"))

    def comments(self) -> list[str]:
        return [comment["body"] for comment in self.bodies.values()]

    def files(self) -> list[tuple[str, bytes]]:
        return self.attachments

    def forbid(self) -> None:
        self.refusal = Answer(403, _errors(f"You do not have the permission, {TOKEN}"))

    def write(self, body: str, author: dict[str, str]) -> None:
        key = str(10000 + len(self.bodies))
        address = f"{self.account.server}/rest/api/2/issue/10002/comment/{key}"
        self.bodies[key] = {"self": address, "id": key, "author": author, "body": body}

    def _issue(self, request: Request) -> Answer:
        assert request.query["fields"] == "attachment"
        listed = [
            {
                "self": f"{self.account.server}/rest/api/2/attachment/{number}",
                "id": str(number),
                "filename": name,
                "size": len(content),
                "content": f"{self.account.server}/secure/attachment/{number}/{name}",
            }
            for number, (name, content) in enumerate(self.attachments)
        ]
        return Answer(200, {"id": "10002", "key": "OPS-17", "fields": {"attachment": listed}})

    def _list(self, request: Request) -> Answer:
        comments = list(self.bodies.values())
        if not self.cloud:  # knows no pages: gives all
            return Answer(200, {"startAt": 0, "maxResults": 1048576, "total": len(comments), "comments": comments})
        start = int(request.query.get("startAt", 0))
        page = comments[start : start + PAGE]
        return Answer(200, {"startAt": start, "maxResults": PAGE, "total": len(comments), "comments": page})

    def _add(self, request: Request) -> Answer:
        sent = request.json()
        assert set(sent) == {"body"}
        assert len(sent["body"]) <= 32767
        self.write(sent["body"], self.me)
        return Answer(201, list(self.bodies.values())[-1])

    def _show(self, request: Request) -> Answer:
        return Answer(200, self.bodies[request.found["id"]])

    def _edit(self, request: Request) -> Answer:
        sent = request.json()
        assert set(sent) == {"body"}
        comment = self.bodies[request.found["id"]]
        if comment["author"] != self.me:
            return Answer(403, _errors("not your comment"))
        comment["body"] = sent["body"]
        return Answer(200, comment)

    def _attach(self, request: Request) -> Answer:
        if request.headers.get("x-atlassian-token") != "no-check":
            return Answer(403, b"XSRF check failed")
        name, content = request.part("file")
        self.attachments.append((name, content))
        return Answer(200, [{"id": str(len(self.attachments)), "filename": name, "size": len(content)}])

    def _download(self, request: Request) -> Answer:
        return Answer(200, self.attachments[int(request.found["id"])][1])


def _errors(message: str) -> dict[str, object]:
    return {"errorMessages": [message], "errors": {}}


@pytest.fixture(params=[False, True], ids=["data-center", "cloud"])
def service(request: pytest.FixtureRequest) -> Iterator[Jira]:
    running = Jira(cloud=request.param)
    yield running
    running.close()
    assert running.violations == []


class TestJira(Conformance):
    """What all must do."""

    def check_literal(self, text: str) -> None:
        """One block, from its beginning to its end, and nothing between that could end it."""
        block, end, rest = text.removeprefix("{noformat}\n").partition("\n{noformat}\n")
        assert end
        assert "{noformat" not in block.lower()
        assert rest.strip().startswith("distscope-report-")
        assert all(name.replace("{noformat", "{ noformat") in block for name in HOSTILE_NAMES)

    def test_comment_of_somebody_else(self, service: Jira) -> None:
        """Whoever copies ours gets a comment that supersedes theirs: we don't write in another's name."""
        self.send(service, parcel("1 problem found.\n"))
        (ours,) = service.comments()
        service.write(ours, {"accountId": "eve", "key": "eve", "name": "eve"})
        done = self.send(service, parcel("2 problems found.\n"))
        assert done.deed is Deed.SUPERSEDED
        assert service.comments()[:2] == [ours, ours]

    def test_many_comments(self, service: Jira) -> None:
        """However many pages there are."""
        self.send(service, parcel("1 problem found.\n"))
        for number in range(5):
            service.write(f"any news? {number}", {"key": "bob", "accountId": "bob"})
        assert self.send(service, parcel("1 problem found.\n")).deed is Deed.UNCHANGED

    def test_too_large(self, service: Jira) -> None:
        """The limit of attachments is the server's."""
        service.refusal = Answer(413, _errors("The file is larger than 10 MB"))
        with pytest.raises(TooLarge, match="The file is larger than 10 MB"):
            self.send(service, parcel("x\n", PROOF))

    def test_the_servers_words_hold_no_secret(self, service: Service) -> None:
        """Some echo what they got."""
        service.forbid()
        with pytest.raises(AttachError, match=r"You do not have the permission, \[secret\]"):
            self.send(service, parcel("x\n", REPORT))
