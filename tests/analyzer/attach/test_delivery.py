"""What is sent to a ticket; every real tracker has the same tests in trackers/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from analyzer.attach.credentials import Account
from analyzer.attach.delivery import Deed, deliver
from analyzer.attach.failures import LibraryMissing, NotAllowed
from analyzer.attach.markup import Markup
from analyzer.attach.target import Target
from analyzer.attach.tracker import Comment, Held, Message, Tracker
from dissectors.dataclass import replace
from tests.analyzer.attach.trackers.conformance import PROOF, REPORT, parcel

ACCOUNT = Account("https://x", {"X_TOKEN": "x"}, {"X_TOKEN": "the environment"})


class Desk:
    """A ticket in memory."""

    page = "https://x/1"

    def __init__(self, *, may_edit: bool = True) -> None:
        self.may_edit = may_edit
        self.texts: list[str] = []
        self.held: list[tuple[str, int, str]] = []
        self.asked: list[str] = []

    def comments(self, marker: str) -> Iterator[Comment]:
        yield from (Comment(str(number), text, ours=True) for number, text in enumerate(self.texts))

    def files(self) -> Iterator[Held]:
        for name, size, digest in self.held:
            yield Held(name, size, lambda digest=digest: self.asked.append(digest) or digest)  # type: ignore[misc, func-returns-value]

    def post(self, message: Message) -> None:
        self.held += [(file.name, file.size, file.sha256) for file in message.files]
        self.texts.append(message.text())

    def revise(self, comment: Comment, message: Message) -> None:
        if not self.may_edit:
            raise NotAllowed("too late")
        self.held += [(file.name, file.size, file.sha256) for file in message.files]
        self.texts[int(comment.id)] = message.text()


def target(desk: Desk) -> Target:
    @contextmanager
    def opened(key: str, account: Account) -> Iterator[Desk]:
        yield desk

    tracker = Tracker(
        name="x",
        title="X",
        key=re.compile("1"),
        example="1",
        server="X_URL",
        server_example="https://x",
        logins=(("X_TOKEN",),),
        install="x[y]",
        markup=Markup.PLAIN,
        most_characters=10_000,
        open=opened,
    )
    return Target(tracker, "1")


def test_a_comment_that_may_not_be_edited_any_more() -> None:
    """A right of its own, or a time limit: then a new one supersedes it."""
    desk = Desk(may_edit=False)
    deliver(parcel("1"), target(desk), ACCOUNT)
    assert deliver(parcel("2"), target(desk), ACCOUNT).deed is Deed.SUPERSEDED
    assert deliver(parcel("3"), target(desk), ACCOUNT).deed is Deed.SUPERSEDED
    assert desk.texts[2].startswith("This supersedes the report in comment #1.")


def test_a_new_comment_on_purpose() -> None:
    """The earlier one stays as it is."""
    desk = Desk()
    for _ in range(2):
        assert deliver(parcel("1"), target(desk), ACCOUNT, anew=True).deed is Deed.POSTED
    assert len(desk.texts) == 2


def test_a_file_that_was_removed_is_sent_again() -> None:
    """The comment alone does not say that it is there."""
    desk = Desk()
    deliver(parcel("1", REPORT, PROOF), target(desk), ACCOUNT)
    del desk.held[0]
    done = deliver(parcel("1", REPORT, PROOF), target(desk), ACCOUNT)
    assert (done.deed, done.sent, done.held) == (Deed.REVISED, ("report.html",), ("evidence.pcapng",))


def test_what_was_sent_before_an_interruption_is_not_sent_again() -> None:
    """Files are there, and no comment."""
    desk = Desk()
    desk.held = [(REPORT.name, REPORT.size, REPORT.sha256)]
    done = deliver(parcel("1", REPORT, PROOF), target(desk), ACCOUNT)
    assert (done.deed, done.sent) == (Deed.POSTED, ("evidence.pcapng",))


def test_a_file_is_fetched_only_where_name_and_size_fit() -> None:
    """To compare its digest may mean to download it."""
    desk = Desk()
    desk.held = [("report.html", 1, "a"), ("other.html", REPORT.size, "b"), ("report.html", REPORT.size, "c")]
    assert deliver(parcel("1", REPORT), target(desk), ACCOUNT).sent == ("report.html",)
    assert desk.asked == ["c"]


def test_a_library_that_is_missing() -> None:
    """What to install, as pip wants it."""

    @contextmanager
    def opened(key: str, account: Account) -> Iterator[Desk]:
        import no_such_library  # type: ignore[import-not-found]

        yield no_such_library

    known = target(Desk())
    missing = replace(known, tracker=replace(known.tracker, open=opened))
    with pytest.raises(LibraryMissing, match="no_such_library") as caught:
        deliver(parcel("1"), missing, ACCOUNT)
    assert "pip install 'x[y]'" in str(caught.value)
    assert caught.value.exit_status == 3
