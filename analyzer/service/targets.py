"""URLs of an option, a file and the environment → targets of notifications, through apprise.

The URLs hold passwords and tokens.  They are in no output, no error and no representation; a target goes by its number
and its kind.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import DistscopeError, printable
from analyzer.service.message import Message

if TYPE_CHECKING:
    from apprise import Apprise, AppriseAsset, NotifyBase

VARIABLE = "DISTSCOPE_NOTIFY"
_KIND = re.compile(r"([a-z][a-z0-9+-]{1,20})://", re.ASCII | re.IGNORECASE)
_STATUS = re.compile(r"error\s*[=:]\s*(\d{3})\b")
_CHATTY = ("apprise", "requests", "urllib3")


class NoNotification(DistscopeError):
    """A target can't be used, or apprise is not installed."""


class AppriseTarget:
    """Sends through one service."""

    def __init__(self, name: str, service: NotifyBase, asset: AppriseAsset) -> None:
        self.name = name
        self._sender = _sender(service, asset)
        self._said = _Said()
        logging.getLogger("apprise").addHandler(self._said)

    def send(self, message: Message) -> str | None:
        """Why it failed, without what apprise says: that can hold the URL."""
        from apprise import NotifyFormat, NotifyType

        self._said.status = None
        try:
            sent = self._sender.notify(
                title=message.title,
                body=message.body,
                notify_type=NotifyType.SUCCESS if message.good else NotifyType.FAILURE,
                body_format=NotifyFormat.TEXT,
            )
        except Exception as error:  # each service has errors of its own
            return f"it can't be notified ({type(error).__name__})"
        if sent:
            return None
        status = self._said.status
        return "it can't be reached" if status is None else f"it answers with status {status}"


class _Said(logging.Handler):
    """Hears what apprise logs while it sends, and keeps the status alone."""

    status: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        found = _STATUS.search(record.getMessage())
        if found is not None:
            self.status = found[1]


def targets_of(
    urls: Sequence[str], file: str | None, environment: Mapping[str, str] = os.environ
) -> tuple[list[AppriseTarget], list[str]]:
    """Each once, and remarks on them.  Raises :class:`NoNotification`."""
    remarks: list[str] = []
    wanted: dict[str, str] = {}
    for url, place in _wanted(urls, file, environment, remarks):
        wanted.setdefault(url, place)
    if not wanted:
        return [], remarks
    try:
        import apprise
    except ImportError:
        raise NoNotification(
            "notifications need the library apprise, which is not installed",
            next_step="pip install 'distscope[notify]'",
        ) from None
    for name in _CHATTY:
        # Whatever they warn of would go to standard error, with the URL perhaps.
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    asset = apprise.AppriseAsset(app_id="distscope", app_desc="distscope", app_url="", async_mode=False)
    targets = []
    for number, (url, place) in enumerate(wanted.items(), 1):
        kind = _KIND.match(url)
        service = apprise.Apprise.instantiate(url, asset=asset) if kind else None
        if kind is None or service is None:
            raise NoNotification(
                f"{place}: apprise knows no such target" + (f" of the kind {kind[1].lower()}" if kind else ""),
                next_step="see https://appriseit.com for how its URL is written",
            )
        targets.append(AppriseTarget(f"notification target {number} ({kind[1].lower()})", service, asset))
    return targets, remarks


def _wanted(
    urls: Sequence[str], file: str | None, environment: Mapping[str, str], remarks: list[str]
) -> Iterator[tuple[str, str]]:
    """URL and where it was named."""
    for number, url in enumerate(urls, 1):
        yield url.strip(), f"--notify, number {number}"
    if file is not None:
        for number, line in enumerate(_lines(file, remarks), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield line.strip(), f"{printable(file)}, line {number}"
    for number, url in enumerate(environment.get(VARIABLE, "").split(), 1):
        yield url, f"{VARIABLE}, number {number}"


def _lines(file: str, remarks: list[str]) -> list[str]:
    try:
        with Path(file).open(encoding="utf-8") as stream:
            lines = stream.read().splitlines()
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & stat.S_IROTH:
                remarks.append(f"{printable(file)}: everybody can read it, and it holds secrets: chmod 600")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NoNotification(
            f"it can't be read: {why}", path=file, next_step="name a file with one URL a line"
        ) from None
    return lines


def _sender(service: NotifyBase, asset: AppriseAsset) -> Apprise:
    from apprise import Apprise

    sender = Apprise(asset=asset)
    sender.add(service)
    return sender
