"""Turns network interfaces into one sequence of packets in the order of time, as long as somebody listens.

The same packets as files give.  All interfaces are one point of observation, as ``-i any`` is: a connection that two
of them show is one connection.

Time goes on without packets: :class:`Elapsed` tells it, so that what waits for a timer is told when the timer is over.
"""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from analyzer.capture.batch import Batch
from analyzer.capture.bpf import kernel_filter
from analyzer.capture.bulk import Bulk
from analyzer.capture.merge import Source
from analyzer.capture.packet import Elapsed, Packet, Run
from analyzer.capture.sifted import items_of
from analyzer.capture.state import CaptureState
from analyzer.capture.tap import LATE, MOST, Gone, Tap
from analyzer.capture.track import Sifter, Sifting
from analyzer.errors import InterfaceUnusable

MILLISECOND = 1_000_000
"""Nanoseconds."""
SECOND = 1_000_000_000
"""Nanoseconds."""
NAP = 100
"""Milliseconds that nobody waits longer for: whoever asks to stop is heard then."""
PACE = 20 * MILLISECOND
"""How often packets are fetched at most, unless the kernel has many: a few at a time cost much more each."""
SETTLED = 2 * LATE * MILLISECOND
"""Packets older than this have been handed over by the kernel."""
DRAIN = 5 * SECOND
"""What the kernel still holds when the end is asked for is read, but not for longer."""
HELD = 64 * 1024 * 1024
"""Bytes of packets that wait for what another interface may still show; beyond it the order of time may suffer."""
COUNT_EVERY = SECOND // 4
"""How often the kernel is asked what it dropped: as precisely is known when."""
_VANTAGE = 0
_END = 1 << 127

Item = Packet | Run | Elapsed


class _Feed:
    """One interface on its way through the merge."""

    def __init__(self, tap: Tap, index: int) -> None:
        self.tap = tap
        self.index = index
        self.state = CaptureState(tap.name, format="live", link_types=[tap.link_type])
        self.alive = True
        self.full = False
        """The kernel may have more of it."""
        self._batches: deque[Batch] = deque()
        self._items: Iterator[Item] = iter(())
        self._head: Item | None = None
        self.held = 0
        """Bytes that were read and wait for their turn."""
        self.counted_at = 0
        """When the kernel was last asked what it dropped."""

    def read(self) -> None:
        """Takes what the kernel has, a batch at most.  Raises :class:`Gone`."""
        batch = self.tap.read()
        self.full = batch is not None and len(batch) == MOST
        if batch is None:
            return
        state = self.state
        first, last = int(batch.at.min()), int(batch.at.max())
        state.first_at = first if state.first_at is None else min(first, state.first_at)
        state.last_at = last if state.last_at is None else max(last, state.last_at)
        state.packets += len(batch)
        size = int(batch.captured.sum())
        state.bytes += size
        state.consumed = state.bytes
        self._batches.append(batch)
        self.held += size

    def count(self, now: int) -> None:
        """Notes what the kernel dropped since it was last asked."""
        lost = self.tap.counts().dropped - self.state.dropped
        if lost > 0:
            self.state.lose(self.counted_at, now, lost)
        self.counted_at = now

    def next_at(self) -> int:
        """Time of what comes next; never, if nothing is there."""
        if self._head is None:
            return int(self._batches[0].at[0]) if self._batches else _END
        return _time_of(self._head)

    def deliver(self, sifter: Sifter, until: int) -> Iterator[Item]:
        """What has come before ``until``."""
        while True:
            item = self._head or next(self._items, None)
            self._head = None
            if item is None:
                if not self._batches:
                    return
                batch = self._batches.popleft()
                self.held -= int(batch.captured.sum())
                self._items = self._sifted(batch, sifter)
            elif _time_of(item) < until:
                yield item
            else:
                self._head = item
                return

    def _sifted(self, batch: Batch, sifter: Sifter) -> Iterator[Item]:
        prepared = sifter.prepare(batch, _VANTAGE)
        passing = sifter.sift(batch, prepared, _VANTAGE, self.index)
        return items_of(batch, passing, capture=self.index, vantage=_VANTAGE)


class LiveSource(Source):
    """The packets of interfaces, until :meth:`stop` is called or the last of them is gone."""

    def __init__(
        self,
        taps: Sequence[Tap],
        *,
        clock: Callable[[], int] = time.time_ns,
        pace: int = PACE,
        on_round: Callable[[], None] = lambda: None,
        on_gone: Callable[[str, str], None] = lambda name, why: None,
    ) -> None:
        """``on_round`` is called several times a second, ``on_gone`` with the name of an interface that went away."""
        super().__init__([], [], [])
        self._feeds = [_Feed(tap, index) for index, tap in enumerate(taps)]
        self.captures = [feed.state for feed in self._feeds]
        self._clock = clock
        self._pace = pace
        self._fetched_at = 0.0
        self._on_round = on_round
        self._on_gone = on_gone
        self._stop_at: int | None = None
        self._at_once = False
        self._bulk = Bulk()
        self._poll = select.poll()
        for feed in self._feeds:
            feed.tap.set_filter(kernel_filter(feed.tap.link_type))
            self._poll.register(feed.tap.fileno(), select.POLLIN)
            feed.counted_at = clock()

    @property
    def worth_sifting(self) -> int | None:
        """An interface has no end: it is always worth sifting."""
        return None

    @property
    def stopping(self) -> bool:
        """The end was asked for."""
        return self._stop_at is not None

    @property
    def behind(self) -> float:
        """Seconds between now and the latest packet that was read, where more wait in the kernel."""
        waiting = [feed.state.last_at or 0 for feed in self._feeds if feed.full]
        return (self._clock() - min(waiting)) / SECOND if waiting else 0.0

    def stop(self, *, at_once: bool = False) -> None:
        """Ends the iteration with the packets that have come by now, or ``at_once``."""
        if self._stop_at is None:
            self._stop_at = self._clock()
        self._at_once |= at_once

    def sifted(self, sifting: Sifting) -> Iterator[Item]:
        """The packets that the sifter lets pass, and the time that passes without."""
        sifting.tell_passed_over(self._bulk.passed_over)
        return self._run(sifting.sifter)

    def close(self) -> None:
        """Listens no more."""
        for feed in self._feeds:
            if feed.alive:
                feed.alive = False
                feed.tap.close()

    def _run(self, sifter: Sifter) -> Iterator[Item]:
        told = self._clock()
        yield Elapsed(0, _VANTAGE, told)
        while not self._over():
            now = self._read()
            # With one interface there is nothing to wait for.
            crowded = sum(feed.held for feed in self._feeds) > HELD
            until = _END if crowded or len(self._feeds) == 1 else now - SETTLED
            for item in self._merged(sifter, until):
                told = max(told, _time_of(item))
                yield item
                if self._at_once:
                    break
            if now - SETTLED > told and not any(feed.full for feed in self._feeds):
                told = now - SETTLED
                yield Elapsed(0, _VANTAGE, told)
            self._keep_out(now)
            self._on_round()
        if not self._at_once:
            yield from self._merged(sifter, _END)
        for feed in self._feeds:
            if feed.alive:
                feed.count(self._clock())
            self._conclude(feed)
        self.close()

    def _over(self) -> bool:
        if self._at_once or not any(feed.alive for feed in self._feeds):
            return True
        if self._stop_at is None:
            return False
        late = self._clock() - self._stop_at
        behind = any(feed.full and (feed.state.last_at or 0) < self._stop_at for feed in self._feeds if feed.alive)
        return late > (DRAIN if behind else SETTLED)

    def _read(self) -> int:
        """Waits for packets, but not for long; the time before it took what was there."""
        waiting = any(feed.full for feed in self._feeds)
        if not waiting:
            time.sleep(max(0.0, self._fetched_at + self._pace / SECOND - time.monotonic()))
            self._poll.poll(NAP)
            self._fetched_at = time.monotonic()
        now = self._clock()
        for feed in self._feeds:
            if not feed.alive:
                continue
            try:
                feed.read()
            except Gone as gone:
                self._lost(feed, now, str(gone))
                continue
            if now - feed.counted_at >= COUNT_EVERY:
                feed.count(now)
        return now

    def _keep_out(self, now: int) -> None:
        """Connections that are none of ours and busy are kept out in the kernel."""
        numbers = self._bulk.keep_out(now)
        if numbers is None:
            return
        for feed in self._feeds:
            if feed.alive:
                feed.tap.set_filter(kernel_filter(feed.tap.link_type), numbers)

    def _lost(self, feed: _Feed, now: int, why: str) -> None:
        feed.count(now)
        feed.alive = False
        self._poll.unregister(feed.tap.fileno())
        feed.tap.close()
        feed.state.breaks_off(f"{why}: nothing was captured from it after that")
        self._on_gone(feed.tap.name, why)
        if not any(other.alive for other in self._feeds):
            self.errors.append(
                InterfaceUnusable(
                    f"{why}: nothing is left to listen to; what is known by now is reported",
                    path=feed.tap.name,
                    next_step=f"see 'ip link show {feed.tap.name}', and start again",
                )
            )

    def _merged(self, sifter: Sifter, until: int) -> Iterator[Item]:
        """What has come before ``until``, of all interfaces in the order of time."""
        if len(self._feeds) == 1:
            yield from self._feeds[0].deliver(sifter, until)
            return
        while True:
            feeds = sorted(self._feeds, key=_Feed.next_at)
            if feeds[0].next_at() >= until:
                return
            # Of packets of one time, those of the interface that was named first come first.
            bound = feeds[1].next_at() + (feeds[0].index < feeds[1].index)
            yield from feeds[0].deliver(sifter, min(until, bound))

    @staticmethod
    def _conclude(feed: _Feed) -> None:
        state = feed.state
        if state.dropped:
            times = "once" if len(state.losses) == 1 else f"at {len(state.losses)} times"
            state.notes.append(
                f"{state.dropped:,} packets were dropped by the kernel, {times}: there was no room for them; "
                "verdicts on what went on at that moment are less certain"
            )


def _time_of(item: Item) -> int:
    return item.ref.at if isinstance(item, Packet) else item.at
