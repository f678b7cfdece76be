"""Messages → targets, in a thread of its own: whoever posts one never waits.

Each target has a queue.  What can't be delivered is tried again, later each time, while the others get theirs; a queue
that is full loses its oldest message, and all that is lost is counted and said.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from analyzer.report.wording import counted
from analyzer.service.message import Message
from dissectors.dataclass import dataclass, field

ROOM = 100
"""Messages that wait for one target."""
TRIES = 30
"""Then a message is given up: after two hours, roughly."""
LONGEST_PAUSE = 300.0
"""Seconds between two tries."""
LAST_WAIT = 10.0
"""Seconds at the end for what is still waiting."""


class Target(Protocol):
    """Somebody to be notified."""

    @property
    def name(self) -> str:
        """What it is called in messages; no secret."""

    def send(self, message: Message) -> str | None:
        """Why it failed; None if it did not."""


@dataclass(slots=True, eq=False)
class _Lane:
    target: Target
    waiting: deque[Message] = field(default_factory=deque)
    tries: int = 0
    """Of the first message that waits."""
    failures: int = 0
    """One after the other."""
    not_before: float = 0.0


class Courier:
    """Post what you like, :meth:`start` it when privileges are dropped, and :meth:`close` it at the end."""

    def __init__(self, targets: Sequence[Target], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lanes = [_Lane(target) for target in targets]
        self._clock = clock
        self._lock = threading.Lock()
        self._posted = threading.Condition(self._lock)
        self._closing = False
        self._remarks: deque[str] = deque(maxlen=ROOM)
        self._counts = Counter({"sent": 0, "failed": 0, "lost": 0})
        self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)

    def post(self, message: Message) -> None:
        """To every target, sooner or later."""
        with self._posted:
            for lane in self._lanes:
                if len(lane.waiting) == ROOM:
                    self._lose(lane, f"{ROOM} messages wait for it: the oldest one was dropped")
                lane.waiting.append(message)
            self._posted.notify()

    def counts(self) -> Mapping[str, int]:
        """Deliveries that worked, tries that failed, messages that are lost."""
        with self._lock:
            return dict(self._counts)

    def remarks(self) -> list[str]:
        """What people should know, once."""
        with self._lock:
            remarks = list(self._remarks)
            self._remarks.clear()
        return remarks

    def start(self) -> None:
        """Delivers from now on."""
        self._thread.start()

    def close(self, patience: float = LAST_WAIT) -> None:
        """One more try for each target; what can't be delivered then is lost, and said."""
        with self._posted:
            self._closing = True
            self._posted.notify()
        self._thread.join(patience)
        with self._lock:
            for lane in self._lanes:
                if lane.waiting:
                    self._counts["lost"] += len(lane.waiting)
                    self._remarks.append(
                        f"{lane.target.name}: {counted(len(lane.waiting), 'notification')} not delivered"
                    )
                    lane.waiting.clear()

    # --- The thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._posted:
                if self._closing:
                    break
                pause = self._pause()
                if pause is None or pause > 0:
                    self._posted.wait(pause)
                    continue
            self.deliver()
        for lane in self._lanes:
            delivered = True
            while delivered:
                delivered = self._deliver_one(lane)

    def deliver(self) -> None:
        """One message to each target whose turn it is."""
        for lane in self._lanes:
            if lane.not_before <= self._clock():
                self._deliver_one(lane)

    def _pause(self) -> float | None:
        """Seconds until something is to be done; None if nothing waits."""
        times = [lane.not_before for lane in self._lanes if lane.waiting]
        return min(times) - self._clock() if times else None

    def _deliver_one(self, lane: _Lane) -> bool:
        with self._lock:
            if not lane.waiting:
                return False
            message = lane.waiting[0]
        trouble = lane.target.send(message)
        with self._lock:
            still_first = bool(lane.waiting) and lane.waiting[0] is message
            if trouble is None:
                self._delivered(lane)
            else:
                self._failed(lane, trouble)
                lane.tries = lane.tries + 1 if still_first else 0
                if lane.tries >= TRIES:
                    self._lose(lane, "a message was given up")
            if trouble is None and still_first:
                lane.waiting.popleft()
        return trouble is None

    def _delivered(self, lane: _Lane) -> None:
        self._counts["sent"] += 1
        if lane.failures:
            self._remarks.append(f"{lane.target.name}: notifications are delivered again")
        lane.tries = lane.failures = 0
        lane.not_before = 0.0

    def _failed(self, lane: _Lane, trouble: str) -> None:
        self._counts["failed"] += 1
        if not lane.failures:
            self._remarks.append(f"{lane.target.name}: {trouble}; notifications wait, and it is tried again")
        lane.failures += 1
        lane.not_before = self._clock() + min(2.0**lane.failures, LONGEST_PAUSE)

    def _lose(self, lane: _Lane, why: str) -> None:
        lane.waiting.popleft()
        lane.tries = 0
        self._counts["lost"] += 1
        self._remarks.append(f"{lane.target.name}: {why}")
