"""Attempts as they grow → each one told as soon as its verdict can be given: what a live reader sees."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.findings import Diagnosis, Outcome
from analyzer.sessions.attempt import Attempt, Kind, Stage
from dissectors.dialogue import Side

SECOND = 10**9
GLANCE_EVERY = SECOND // 4
"""Nanoseconds of capture time between two looks at attempts that have fallen silent."""
LOOK_EVERY = SECOND
"""The same, at what may be up."""
SILENCE = 8 * SECOND
"""After this nothing more is expected of a setup: every timer of it is over (net_setuptime is 7 s)."""
CLOSED = SECOND
"""After this nothing more is expected of a connection that one side has closed: the other answers at once, or hangs.
And an established link that gets no acknowledgments is looked at so long after each repetition."""
WAITED = 6 * SECOND
"""Who says nothing for so long and closes then, in the middle of a setup, has waited until a timer was over."""
GAVE_UP = GLANCE_EVERY
"""After this nothing more is expected of the one that was waited for."""
UNANSWERED = 3
"""SYNs after which somebody who waits wants to know why: 3 seconds."""
UP = frozenset({"connected", "registered"})
"""Verdicts that last: they are given while the connection is open."""
_HANDSHAKE = frozenset({Stage.NAME, Stage.STATUS, Stage.CHALLENGE, Stage.REPLY, Stage.ACK})
_MAY_BE_UP = frozenset({Stage.TLS, Stage.ACK, Stage.CONNECTED})

Judge = Callable[[Attempt], Diagnosis]
Tell = Callable[[Diagnosis], None]


class Watch:
    """Call :meth:`heard` when an attempt has a new event, and :meth:`passed` as capture time goes on."""

    def __init__(
        self,
        judge: Judge,
        tell: Tell,
        *,
        waiting: Callable[[Attempt], None] = lambda attempt: None,
        again: bool = False,
    ) -> None:
        """``waiting`` hears once of an attempt whose SYNs nobody answers.  With ``again`` a link is told when it is up,
        a registration when it is accepted, and an attempt that ends otherwise than it was told is told anew."""
        self._judge = judge
        self._tell = tell
        self._on_waiting = waiting
        self._again = again
        self._waiting: dict[Attempt, int] = {}
        """Attempt → capture time of its latest event."""
        self._fresh: set[Attempt] = set()
        """Links and registrations that may be up, and are not told yet."""
        self._told: dict[Attempt, str] = {}
        """Attempt → verdict."""
        self._dialling: set[Attempt] = set()
        """Told as waiting."""
        self._looked_at = 0
        self._glanced_at = 0

    def heard(self, attempt: Attempt, at: int) -> None:
        """``attempt`` has an event at ``at``; once it is settled it is told at once."""
        if attempt in self._told:
            if not self._again:
                return
            if attempt.settled:
                self._say(attempt, self._judge(attempt))
            elif _half_closed(attempt) or _unheard(attempt):
                self._waiting[attempt] = at
            return
        if attempt.settled:
            self._say(attempt, self._judge(attempt))
            return
        self._waiting[attempt] = at
        if self._again and (attempt.kind is Kind.REGISTER or attempt.stage in _MAY_BE_UP):
            self._fresh.add(attempt)
        self._tell_waiting(attempt)

    def passed(self, now: int) -> None:
        """Look at what fell silent: a SYN that nobody answers never ends, and is a problem all the same."""
        if now - self._glanced_at < GLANCE_EVERY:
            return
        self._glanced_at = now
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._tell_up()
        for attempt, at in [(each, at) for each, at in self._waiting.items() if now - at >= self._patience(each)]:
            diagnosis = self._judge(attempt)
            if now - at >= SILENCE:
                del self._waiting[attempt]
            if diagnosis.outcome is Outcome.PROBLEM:
                self._say(attempt, diagnosis)

    def _tell_up(self) -> None:
        for attempt in self._fresh & self._waiting.keys():
            diagnosis = self._judge(attempt)
            # A finished handshake can be a problem, too: of two nodes with one name, the second one gets through.
            if diagnosis.verdict in UP or (attempt.stage is Stage.CONNECTED and not _half_closed(attempt)):
                self._say(attempt, diagnosis)
        self._fresh.clear()

    def last_word(self, attempt: Attempt) -> None:
        """Nothing more will come of ``attempt``: it is told now if it never was."""
        if attempt not in self._told:
            self._say(attempt, self._judge(attempt))

    def forget(self, attempt: Attempt) -> None:
        """Nobody will speak of ``attempt`` any more."""
        self._told.pop(attempt, None)
        self._waiting.pop(attempt, None)
        self._dialling.discard(attempt)
        self._fresh.discard(attempt)

    def _patience(self, attempt: Attempt) -> int:
        """How long an attempt has to be silent until that tells something: one that was told is here as it fails."""
        if _gave_up(attempt):
            return GAVE_UP
        return CLOSED if attempt in self._told or _half_closed(attempt) else SILENCE

    def _tell_waiting(self, attempt: Attempt) -> None:
        connection = attempt.link or attempt.epmd
        if connection is None or connection.dials < UNANSWERED or connection.answered or attempt in self._dialling:
            return
        self._dialling.add(attempt)
        self._on_waiting(attempt)

    def _say(self, attempt: Attempt, diagnosis: Diagnosis) -> None:
        self._waiting.pop(attempt, None)
        if self._told.get(attempt) != diagnosis.verdict:
            self._told[attempt] = diagnosis.verdict
            self._tell(diagnosis)


def _half_closed(attempt: Attempt) -> bool:
    """One side has closed; EPMD's doing so is how a lookup goes on."""
    link, epmd = attempt.link, attempt.epmd
    if link is not None:
        return link.end is not None
    return epmd is not None and epmd.end is not None and epmd.end.side is Side.INITIATOR


def _gave_up(attempt: Attempt) -> bool:
    """The initiator has waited for the other side of a handshake, in vain, and has closed.

    Not with TLS: there it takes a second to tell a listener that hangs from one that is none of TLS."""
    end = attempt.link.end if attempt.link is not None else None
    if end is None or end.side is not Side.INITIATOR or attempt.stage not in _HANDSHAKE:
        return False
    return end.packet.at - max(event.packet.at for event in attempt.timeline if event is not end) >= WAITED


def _unheard(attempt: Attempt) -> bool:
    """One side repeats what the other does not acknowledge."""
    link = attempt.link
    return link is not None and any(flow.unacknowledged and flow.resent for flow in link.flows.values())
