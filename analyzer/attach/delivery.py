"""A parcel and a ticket → what was sent: the comment once, each file once, however often it is run."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from analyzer.attach.comment import Composed, compose, mark_in
from analyzer.attach.credentials import Account
from analyzer.attach.failures import LibraryMissing, NotAllowed
from analyzer.attach.files import Upload
from analyzer.attach.parcel import Parcel
from analyzer.attach.target import Target
from analyzer.attach.tracker import Comment, Held, Ticket
from dissectors.dataclass import dataclass


class Deed(Enum):
    """What became of the comment."""

    POSTED = "commented"
    REVISED = "updated the earlier comment"
    SUPERSEDED = "commented, superseding the earlier comment"
    UNCHANGED = "nothing to do: the ticket has this report already"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was done."""

    deed: Deed
    page: str
    """Where people look at the ticket."""
    sent: tuple[str, ...]
    held: tuple[str, ...]
    """Files that the ticket had already."""
    left: tuple[str, ...]
    """Files that the tracker has no way to take."""


def deliver(parcel: Parcel, target: Target, account: Account, *, anew: bool = False) -> Delivery:
    """Put it on the ticket.  ``anew``: as a comment of its own.  Raises AttachError."""
    tracker = target.tracker
    try:
        with tracker.open(target.key, account) as ticket:
            return _deliver(parcel, target, ticket, anew)
    except ModuleNotFoundError as error:
        raise LibraryMissing(
            f"{tracker.title} needs the Python package {error.name}, which is not installed",
            next_step=f"pip install '{tracker.install}'",
        ) from None


def _deliver(parcel: Parcel, target: Target, ticket: Ticket, anew: bool) -> Delivery:
    takes = target.tracker.takes_files
    held = _held(parcel.files, ticket.files()) if takes and parcel.files else {}
    message = compose(parcel, target.tracker, held)
    earlier = None if anew else _earlier(ticket.comments(message.mark.prefix), message.mark.prefix)
    if earlier is not None and mark_in(earlier.text) == message.mark and not message.files:
        deed = Deed.UNCHANGED
    else:
        deed = _tell(ticket, message, earlier)
    return Delivery(
        deed,
        ticket.page,
        tuple(file.name for file in message.files),
        tuple(held),
        () if takes else tuple(file.name for file in parcel.files),
    )


def _tell(ticket: Ticket, message: Composed, earlier: Comment | None) -> Deed:
    if earlier is None:
        ticket.post(message)
        return Deed.POSTED
    if earlier.ours:
        try:
            ticket.revise(earlier, message)
            return Deed.REVISED
        except NotAllowed:  # many trackers have a right of its own for it, or a time after which nobody may
            pass
    ticket.post(message.superseding(earlier.id))
    return Deed.SUPERSEDED


def _earlier(comments: Iterable[Comment], prefix: str) -> Comment | None:
    """The last one about the same captures."""
    found = None
    for comment in comments:
        mark = mark_in(comment.text)
        if mark is not None and mark.prefix == prefix:
            found = comment
    return found


def _held(files: tuple[Upload, ...], on_ticket: Iterable[Held]) -> dict[str, Held]:
    """Those of ``files`` that the ticket has, byte for byte."""
    there = list(on_ticket)
    found: dict[str, Held] = {}
    for file in files:
        for held in there:
            if held.name == file.name and held.size == file.size and held.digest() == file.sha256:
                found[file.name] = held
                break
    return found
