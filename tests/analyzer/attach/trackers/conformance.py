"""What every tracker must do, whatever its server is: inherited by the tests of each."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from analyzer.attach.comment import mark_in
from analyzer.attach.credentials import Account
from analyzer.attach.delivery import Deed, Delivery, deliver
from analyzer.attach.failures import AttachError, NoSuchTicket, NotAllowed, NotLoggedIn, NotReached, NotTrusted
from analyzer.attach.files import Upload
from analyzer.attach.markup import Markup, literal
from analyzer.attach.parcel import Parcel
from analyzer.attach.target import Target, parse
from dissectors.dataclass import replace
from tests.analyzer.attach.hostile import HOSTILE_NAMES
from tests.analyzer.attach.silence import Listener

EVIDENCE = bytes(range(256)) * 64
PAGE = "<!DOCTYPE html>\r\n<title>ünï</title>\n<script>1</script>\n".encode()


class Service(Protocol):
    """A tracker's server as its users see it."""

    target: str
    """A ticket that is there."""
    missing: str
    """One that is not."""
    account: Account
    stranger: Account
    """Credentials that it does not know."""

    def comments(self) -> list[str]:
        """The texts of the ticket's comments, oldest first."""

    def files(self) -> list[tuple[str, bytes]]:
        """Names and bytes of what is attached, oldest first."""

    def forbid(self) -> None:
        """From now on our account may read, and not write."""


def upload(name: str, content: bytes) -> Upload:
    return Upload(name, f"/tmp/{name}", content, hashlib.sha256(content).hexdigest())


def parcel(text: str = "1 problem found.\n", *files: Upload, identity: str = "a" * 12) -> Parcel:
    def says(markup: Markup, _: int) -> Iterator[str]:
        yield literal(text, markup)

    return Parcel(files, identity, says)


REPORT = upload("report.html", PAGE)
PROOF = upload("evidence.pcapng", EVIDENCE)


class Conformance:
    """``service`` is a fixture of each module."""

    edits = True
    """Whether an earlier comment can be put right."""
    takes_files = True

    def send(self, service: Service, what: Parcel, account: Account | None = None, to: str = "") -> Delivery:
        return deliver(what, self.target(to or service.target), account or service.account)

    def target(self, text: str) -> Target:
        return parse(text)

    def test_comment_and_files_arrive(self, service: Service) -> None:
        """The comment says what the report says; the files are the same bytes."""
        done = self.send(service, parcel("1 problem found.\n", REPORT, PROOF))
        assert done.deed is Deed.POSTED
        (text,) = service.comments()
        assert "1 problem found." in text
        assert all(file.sha256 in text for file in (REPORT, PROOF))
        if self.takes_files:
            assert done.sent == ("report.html", "evidence.pcapng")
            assert service.files() == [("report.html", PAGE), ("evidence.pcapng", EVIDENCE)]
        else:
            assert done.left == ("report.html", "evidence.pcapng")

    def test_again_nothing_is_sent(self, service: Service) -> None:
        """The ticket has it already."""
        for _ in range(2):
            done = self.send(service, parcel("1 problem found.\n", REPORT, PROOF))
        assert (done.deed, done.sent) == (Deed.UNCHANGED, ())
        assert len(service.comments()) == 1
        assert len(service.files()) == (2 if self.takes_files else 0)

    def test_a_changed_report_takes_the_place_of_the_earlier_one(self, service: Service) -> None:
        """By an edit, or by a comment that names the one it supersedes; only the file that changed is sent again."""
        self.send(service, parcel("1 problem found.\n", REPORT, PROOF))
        changed = upload("report.html", PAGE + b"more")
        done = self.send(service, parcel("2 problems found.\n", changed, PROOF))
        texts = service.comments()
        assert "2 problems found." in texts[-1]
        if self.edits:
            assert (done.deed, len(texts)) == (Deed.REVISED, 1)
            assert "1 problem found." not in texts[0]
        else:
            assert (done.deed, len(texts)) == (Deed.SUPERSEDED, 2)
            assert texts[1].startswith("This supersedes the report in comment #")
        if self.takes_files:
            assert (done.sent, done.held) == (("report.html",), ("evidence.pcapng",))
            assert service.files() == [
                ("report.html", PAGE),
                ("evidence.pcapng", EVIDENCE),
                ("report.html", changed.content),
            ]
        assert self.send(service, parcel("2 problems found.\n", changed, PROOF)).deed is Deed.UNCHANGED

    def test_other_captures_get_a_comment_of_their_own(self, service: Service) -> None:
        """It has nothing to do with the earlier one."""
        self.send(service, parcel("1 problem found.\n"))
        assert self.send(service, parcel("9 problems found.\n", identity="b" * 12)).deed is Deed.POSTED
        assert len(service.comments()) == 2

    def test_hostile_names_are_text(self, service: Service) -> None:
        """They arrive in a block of text that they can't leave, and can't be taken for the mark."""
        what = parcel("".join(f"{name} calls {name}\n" for name in HOSTILE_NAMES))
        self.send(service, what)
        (text,) = service.comments()
        mark = mark_in(text)
        assert mark is not None
        assert mark.identity == what.identity
        self.check_literal(text)

    def check_literal(self, text: str) -> None:
        """Nothing in ``text`` is markup of this tracker because of the names in it."""
        raise NotImplementedError

    def test_no_such_ticket(self, service: Service) -> None:
        """And nothing was sent."""
        with pytest.raises(NoSuchTicket, match=service.missing):
            self.send(service, parcel("x\n", REPORT), to=service.missing)
        assert service.files() == []

    def test_wrong_credentials(self, service: Service) -> None:
        """The error names the variable, and no secret."""
        with pytest.raises(NotLoggedIn) as caught:
            self.send(service, parcel("x\n"), service.stranger)
        assert next(iter(service.stranger.sources)) in str(caught.value)
        self.check_no_secret(service.stranger, caught.value)

    def test_no_right_to_comment(self, service: Service) -> None:
        """The files stay, says the error."""
        service.forbid()
        with pytest.raises(NotAllowed, match="the files are where they were") as caught:
            self.send(service, parcel("x\n", REPORT))
        self.check_no_secret(service.account, caught.value)
        assert service.comments() == []

    def check_no_secret(self, account: Account, error: AttachError) -> None:
        told = f"{error} {error!r} {error.__cause__!r} {account!r}"
        assert error.__suppress_context__
        assert [name for name, secret in account.secrets.items() if secret in told and not name.endswith("_USER")] == []

    def test_nobody_listens(self, service: Service) -> None:
        """The port is closed."""
        with Listener() as listener:
            url = listener.url
        with pytest.raises(NotReached, match="nobody listens there"):
            self.send(service, parcel("x\n"), replace(service.account, server=url))

    def test_a_server_that_never_answers(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        """No wait is without a limit."""
        module = f"analyzer.attach.trackers.{self.target(service.target).tracker.name}"
        monkeypatch.setattr(f"{module}.ANSWER_WITHIN", 1)
        with Listener() as listener, pytest.raises(NotReached, match="no answer in time"):
            self.send(service, parcel("x\n"), replace(service.account, server=listener.url))

    def test_a_certificate_of_nobody(self, service: Service, nobodys: Path) -> None:
        """Credentials don't go to a server that can't prove who it is; the error says how to make it known."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(nobodys)
        trust = self.target(service.target).tracker.trust
        with Listener(context) as listener, pytest.raises(NotTrusted, match=trust) as caught:
            self.send(service, parcel("x\n"), replace(service.account, server=listener.url))
        assert "self-signed certificate" in str(caught.value)

    def test_credentials_are_not_taken_elsewhere(self, service: Service) -> None:
        """The server says that it has moved, to another host."""
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n{}"
        with Listener(says=page) as other:
            elsewhere = other.url.replace("127.0.0.1", "localhost").encode()
            moved = b"HTTP/1.1 302 Found\r\nLocation: %s/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % elsewhere
            with Listener(says=moved) as listener, pytest.raises(AttachError) as caught:
                self.send(service, parcel("x\n"), replace(service.account, server=listener.url))
            assert listener.heard
            assert service.account.scrub(other.heard.decode()) == other.heard.decode()
            assert b"authorization" not in other.heard.lower()
        self.check_no_secret(service.account, caught.value)

    def test_something_else_answers(self, service: Service) -> None:
        """A web server that is no tracker."""
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nContent-Type: text/html\r\n\r\nhi"
        with Listener(says=page) as listener, pytest.raises(AttachError, match="does not speak its protocol"):
            self.send(service, parcel("x\n"), replace(service.account, server=listener.url))
