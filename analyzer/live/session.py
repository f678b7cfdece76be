"""Packets of interfaces → verdicts as they fall, counters, and the analysis at the end; flat memory for weeks."""

from __future__ import annotations

import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from analyzer.capture.live import PACE, LiveSource
from analyzer.capture.tap import Tap
from analyzer.findings import Analysis, Diagnosis, Outcome
from analyzer.live.ring import Ring
from analyzer.pipeline import NEIGHBOURS, Options, Pipeline
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.views import another_view
from analyzer.watch import Watch
from dissectors.dataclass import dataclass, field, replace

KEPT = 1000
"""Attempts that are over and stay for the report at the end; older ones are counted."""
KEPT_FOR_VERDICTS = NEIGHBOURS
"""The same, where nobody wants such a report."""
SLACK = 4
"""A part of them: as many more may there be before it is tidied up."""
COUNT_EVERY = 1.0
"""Seconds between two calls of :meth:`Listener.counters`."""
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Limits:
    """When to end by itself."""

    seconds: float | None = None
    verdicts: int | None = None
    until_problem: bool = False


@dataclass(slots=True)
class Counters:
    """What happened so far."""

    interfaces: tuple[str, ...]
    packets: int = 0
    """That the kernel handed over."""
    dropped: int = 0
    attempts: int = 0
    """That were told."""
    verdicts: Counter[str] = field(default_factory=Counter)
    """Of attempts, by the latest one that was told."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    behind: float = 0.0
    """Seconds since the latest packet that was looked at was captured; 0 where nothing waits."""


class Listener(Protocol):
    """Hears of everything that happens while it happens."""

    def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
        """An attempt was judged; ``name`` is its id, the same one if it is told again.  ``closing``: only the end of
        the capture has settled it."""

    def waiting(self, attempt: Attempt) -> None:
        """Nobody answers the SYNs of ``attempt``, so far."""

    def trouble(self, text: str) -> None:
        """Something is wrong with an interface or a file; it goes on."""

    def counters(self, counters: Counters) -> None:
        """About once a second."""


@dataclass(slots=True)
class _Told:
    name: str
    verdict: str
    outcome: Outcome
    views: int = 1
    """Of the attempt, that are not let go."""


class Session:
    """One run of ``distscope sniff``."""

    def __init__(
        self,
        taps: Sequence[Tap],
        options: Options,
        listeners: Sequence[Listener],
        *,
        limits: Limits | None = None,
        ring: Ring | None = None,
        kept: int = KEPT,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = time.time_ns,
        pace: int = PACE,
    ) -> None:
        """``wall`` is the clock of the packets' times, ``clock`` that of durations."""
        self._listeners = listeners
        self._limits = limits or Limits()
        self._ring = ring
        self._kept = kept
        self._clock = clock
        self._until = None if self._limits.seconds is None else clock() + self._limits.seconds
        self._counted_at = clock()
        self.source = LiveSource(taps, clock=wall, pace=pace, on_round=self._round, on_gone=self._gone)
        # What is over is let go, and counted then.
        self._pipeline = Pipeline(self.source, replace(options, room=None, half_open=None), ring)
        self._watch = Watch(self._pipeline.judge_now, self._tell, waiting=self._tell_waiting, again=True)
        self._told: dict[Attempt, _Told] = {}
        self._waiting: deque[Attempt] = deque(maxlen=NEIGHBOURS)
        """The latest ones whose SYNs nobody answers."""
        self._let_go: Counter[str] = Counter()
        self._closing = False
        self.counters = Counters(tuple(tap.name for tap in taps))

    @property
    def problems(self) -> int:
        """Attempts that failed, whether or not they are still in the report."""
        return self.counters.outcomes[Outcome.PROBLEM]

    def run(self) -> Analysis:
        """Until a limit is reached, a signal comes, or the last interface is gone."""
        pipeline, watch = self._pipeline, self._watch
        with self._ended_by_signals():
            for attempt, event in pipeline.run(on_time=watch.passed):
                if pipeline.wanted(attempt):
                    watch.heard(attempt, event.packet.at)
        self._closing = True
        ring = self._ring
        if ring is not None:
            captures = self.source.captures
            last = max((capture.last_at or 0 for capture in captures), default=0)
            ring.close([capture.dropped for capture in captures], last)
        analysis = pipeline.conclude(*self._notes(pipeline.correlator.attempts))
        for diagnosis in analysis.diagnoses:
            known = self._told.get(diagnosis.attempt)
            if known is None or known.verdict != diagnosis.verdict:
                self._tell(diagnosis)
        self._count()
        return analysis

    def stop(self) -> None:
        """End, with what has come by now."""
        self.source.stop()

    # --- Telling ---------------------------------------------------------------------------------------------------

    def _tell(self, diagnosis: Diagnosis) -> None:
        counters, verdict, outcome = self.counters, diagnosis.verdict, diagnosis.outcome
        known = self._told.get(diagnosis.attempt) or self._told_elsewhere(diagnosis.attempt)
        if known is None:
            counters.attempts += 1
            known = self._told[diagnosis.attempt] = _Told(f"A{counters.attempts}", verdict, outcome)
        elif known.verdict == verdict:
            return
        else:
            counters.verdicts[known.verdict] -= 1
            counters.outcomes[known.outcome] -= 1
            known.verdict, known.outcome = verdict, outcome
        name = known.name
        counters.verdicts[verdict] += 1
        counters.outcomes[outcome] += 1
        for listener in self._listeners:
            listener.verdict(name, diagnosis, closing=self._closing)
        limits = self._limits
        problem = limits.until_problem and diagnosis.outcome is Outcome.PROBLEM
        if problem or (limits.verdicts is not None and counters.attempts >= limits.verdicts):
            self.source.stop(at_once=True)

    def _told_elsewhere(self, attempt: Attempt) -> _Told | None:
        """What was told of the same attempt, as it looks on the other side of a NAT that this host is."""
        told = (other for other in reversed(self._pipeline.correlator.attempts[-NEIGHBOURS:]) if other in self._told)
        view = another_view(attempt, told)
        if view is None:
            return None
        known = self._told[attempt] = self._told[view]
        known.views += 1
        return known

    def _tell_waiting(self, attempt: Attempt) -> None:
        if another_view(attempt, self._waiting) is not None:
            return
        self._waiting.append(attempt)
        for listener in self._listeners:
            listener.waiting(attempt)

    def _trouble(self, text: str) -> None:
        for listener in self._listeners:
            listener.trouble(text)

    def _gone(self, name: str, why: str) -> None:
        self._trouble(f"{name}: {why}")

    # --- Now and then ----------------------------------------------------------------------------------------------

    def _round(self) -> None:
        if self._ring is not None:
            self._ring.flush()
        now = self._clock()
        if self._until is not None and now >= self._until:
            self.source.stop()
        if now - self._counted_at >= COUNT_EVERY:
            self._counted_at = now
            self._count()
            self._tidy()

    def _count(self) -> None:
        counters, captures = self.counters, self.source.captures
        counters.packets = sum(capture.packets for capture in captures)
        counters.dropped = sum(capture.dropped for capture in captures)
        counters.behind = self.source.behind
        for listener in self._listeners:
            listener.counters(counters)

    def _tidy(self) -> None:
        """Lets go of what is over, but for the latest."""
        correlator = self._pipeline.correlator
        if len(correlator.attempts) <= self._kept + self._kept // SLACK:
            return
        growing = correlator.under_observation()
        over = {attempt for attempt in correlator.attempts[: -self._kept] if attempt not in growing}
        for attempt in over:
            if self._pipeline.wanted(attempt):
                self._watch.last_word(attempt)
            # Who it is may have turned out late: somebody whom nobody asked for.
            self._watch.forget(attempt)
            told = self._told.pop(attempt, None)
            if told is not None:
                told.views -= 1
                if not told.views:
                    self._let_go[told.verdict] += 1
        correlator.let_go(over)

    def _notes(self, reported: Sequence[Attempt]) -> list[str]:
        notes = [] if self._ring is None else self._ring.notes
        if self._let_go:
            notes.append(_let_go_note(self._let_go, len(reported)))
        return notes

    @contextmanager
    def _ended_by_signals(self) -> Iterator[None]:
        """The first one ends it in order, another one at once."""

        def end(number: int, frame: FrameType | None) -> None:
            self.source.stop(at_once=self.source.stopping)

        before = {each: signal.signal(each, end) for each in ENDS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _let_go_note(verdicts: Mapping[str, int], reported: int) -> str:
    counts = ", ".join(f"{verdict} {count:,}" for verdict, count in sorted(verdicts.items()))
    return (
        f"{sum(verdicts.values()):,} older attempts were told and let go; the latest {reported:,} are reported. "
        f"Let go: {counts}"
    )
