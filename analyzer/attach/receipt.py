"""A delivery, or one that is only considered → what the user is told of it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from analyzer.attach.comment import compose
from analyzer.attach.credentials import account_for
from analyzer.attach.delivery import Delivery
from analyzer.attach.failures import NotConfigured
from analyzer.attach.parcel import Parcel
from analyzer.attach.target import Target


def receipt(target: Target, delivery: Delivery) -> str:
    """What was done."""
    lines = [f"{target}: {delivery.deed.value}", f"  {delivery.page}"]
    for label, names in (
        ("sent", delivery.sent),
        ("already there", delivery.held),
        (f"not sent: {target.tracker.title} takes no files through its API", delivery.left),
    ):
        if names:
            lines.append(f"  {label}: {', '.join(names)}")
    return "".join(f"{line}\n" for line in lines)


def preview(parcel: Parcel, target: Target, environment: Mapping[str, str] = os.environ) -> str:
    """What would be sent if the ticket has nothing of it; nobody is asked."""
    tracker = target.tracker
    try:
        account = account_for(tracker, environment)
        where = f"{tracker.title} at {account.server}"
        login = ", ".join(f"{name} from {source}" for name, source in account.sources.items())
    except NotConfigured as error:
        where, login = tracker.title, f"nothing yet: {error.message}"
    message = compose(parcel, tracker, {})
    lines = [
        "Nothing was sent (--dry-run).",
        "",
        f"To        {target}, {where}",
        f"Logs in   with {login}",
        *(f"File      {file.path}, {file.size:,} bytes, as {file.name}" for file in message.files),
        "Comment",
        "",
        *(f"    {line}".rstrip() for line in message.text().splitlines()),
    ]
    return "".join(f"{line}\n" for line in lines)
