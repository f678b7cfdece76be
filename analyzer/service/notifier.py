"""Verdicts → messages to a courier, no more than people want to read: the listener behind ``--notify``."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

from analyzer.findings import Diagnosis, Outcome
from analyzer.live.session import Counters
from analyzer.service.courier import Courier
from analyzer.service.incidents import Incidents, Notice
from analyzer.service.message import Facts, facts_of, message_of
from analyzer.sessions.attempt import Attempt

WORKED = frozenset({"connected", "closed-normally"})
"""Verdicts of a pair that can talk."""


class Notifier:
    """A listener of the session."""

    def __init__(self, courier: Courier, incidents: Incidents[Facts], on_trouble: Callable[[str], None]) -> None:
        self._courier = courier
        self._incidents = incidents
        self._on_trouble = on_trouble
        self._host = socket.gethostname()

    def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
        """A new incident is told at once, and so is the end of one."""
        if diagnosis.outcome is Outcome.PROBLEM:
            notice = self._incidents.failed(diagnosis, lambda: facts_of(diagnosis))
            self._post(() if notice is None else (notice,))
        elif diagnosis.verdict in WORKED:
            self._post(self._incidents.worked(diagnosis.attempt))

    def waiting(self, attempt: Attempt) -> None:
        """No verdict yet."""

    def trouble(self, text: str) -> None:
        """Told by others."""

    def counters(self, counters: Counters) -> None:
        """About once a second: what is due by now, and what happened to the messages."""
        self._post(self._incidents.due())
        self.tell_remarks()

    def tell_remarks(self) -> None:
        """What the courier has met with."""
        for remark in self._courier.remarks():
            self._on_trouble(remark)

    def _post(self, notices: Iterable[Notice[Facts]]) -> None:
        for notice in notices:
            self._courier.post(message_of(notice, self._host))
