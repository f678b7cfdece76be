"""Attempts as they grow → each one told once, as soon as its verdict can be given: what a live reader sees."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.findings import Diagnosis, Outcome
from analyzer.sessions.attempt import Attempt

SECOND = 10**9
LOOK_EVERY = SECOND
"""Nanoseconds of capture time between two looks at attempts that have fallen silent."""
SILENCE = 8 * SECOND
"""After this nothing more is expected of a setup: every timer of it is over (net_setuptime is 7 s)."""

Judge = Callable[[Attempt], Diagnosis]
Tell = Callable[[Diagnosis], None]


class Watch:
    """Call :meth:`heard` when an attempt has a new event, and :meth:`passed` as capture time goes on."""

    def __init__(self, judge: Judge, tell: Tell) -> None:
        self._judge = judge
        self._tell = tell
        self._waiting: dict[Attempt, int] = {}
        """Attempt → capture time of its latest event."""
        self._told: set[Attempt] = set()
        self._looked_at = 0

    def heard(self, attempt: Attempt, at: int) -> None:
        """``attempt`` has an event at ``at``; once it is settled it is told at once."""
        if attempt in self._told:
            return
        if attempt.settled:
            self._say(attempt, self._judge(attempt))
        else:
            self._waiting[attempt] = at

    def passed(self, now: int) -> None:
        """Look at what fell silent: a SYN that nobody answers never ends, and is a problem all the same."""
        if now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        for attempt in [attempt for attempt, at in self._waiting.items() if now - at >= SILENCE]:
            diagnosis = self._judge(attempt)
            del self._waiting[attempt]
            if diagnosis.outcome is Outcome.PROBLEM:
                self._say(attempt, diagnosis)

    def _say(self, attempt: Attempt, diagnosis: Diagnosis) -> None:
        self._waiting.pop(attempt, None)
        self._told.add(attempt)
        self._tell(diagnosis)
