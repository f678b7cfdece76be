"""analyze(source) → Analysis: the stages wired in order.

Incremental: nothing waits for the end of the input but what only the end can tell.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from analyzer import rules
from analyzer.capture import Elapsed, Packet, PacketRef, Run, Sifting, Source
from analyzer.decode import Decoder
from analyzer.decode.address import endpoint
from analyzer.decode.segment import Endpoint, Segment, Skipped, SkipReason
from analyzer.findings import Analysis, Diagnosis
from analyzer.sessions.archive import Shelf, opened
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.correlate import Correlator
from analyzer.sessions.endpoints import EPMD_PORT, Ports
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.half_open import LISTED, HalfOpen
from analyzer.sessions.surroundings import Extent, Surroundings
from analyzer.sessions.views import join_views
from analyzer.streams.stream import Data, ForgetReason, Forgotten, Stream, StreamEvent, Syn
from analyzer.streams.syn_cache import Opening, SynCache
from analyzer.streams.table import Place, StreamTable
from analyzer.summary import Incidents, Nodes, Shown
from dissectors.cookie import CookieJar
from dissectors.dataclass import dataclass, field
from dissectors.dialogue import Side

if TYPE_CHECKING:
    from analyzer.sieve import Sieve

NEIGHBOURS = 64
"""Attempts that a verdict given while packets still come takes into account."""
BUSY_EVERY = 16
"""Packets of one direction of a stream, after which it is worth looking for runs."""
PROGRESS_EVERY = 4096
"""Packets between two calls of ``on_progress``."""

SIEVE_FROM = 1 << 20
"""Bytes: a smaller capture is analysed before the sieve's tools are loaded."""


ROOM = 1024
"""Attempts that are over: with more, the earlier ones are packed away until they are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user said beside the captures."""

    epmd_ports: frozenset[int] = frozenset({EPMD_PORT})
    dist_ports: frozenset[int] = frozenset()
    cookies: CookieJar = field(default_factory=CookieJar)
    nodes: tuple[str, ...] = ()
    """Only attempts with one of these nodes (full name or part before the @) on either side."""
    hosts: tuple[str, ...] = ()
    """Only attempts with one of these addresses on either side."""
    since: int | None = None
    until: int | None = None
    """Nanoseconds since 1970 UTC: packets outside are not looked at."""
    sieve_from: int | None = SIEVE_FROM
    """Bytes of the largest capture from which on all are sifted; None: none is.  The report is the same."""
    room: int | None = ROOM
    """Attempts that are over, and verdicts, that stay unpacked; None: all do.  The report is the same."""
    half_open: int | None = LISTED
    """Attempts of a listener that were never more than a dial: with more, the later ones are counted only; None: all
    are listed."""
    in_crowd: int | None = LISTED
    """Openings of a listener that are followed while very many connections open at once; None: all are."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event with the ends of its packet, for ``distscope decode``."""

    event: Event
    source: Endpoint
    destination: Endpoint


class Witness(Protocol):
    """Looks at every packet that is looked at, with what it belongs to: whoever wants to keep some of them."""

    def saw(self, packet: Packet, pieces: tuple[PacketRef, ...], place: Place | None) -> None:
        """``pieces``: all packets that carry its datagram, if it came in fragments; no place: it is such a piece."""

    def saw_run(self, run: Run, stream: Stream) -> None:
        """The packets of ``run`` can be asked for until this returns."""

    def joined(self, stream: Stream, attempt: Attempt) -> None:
        """``stream`` is a part of ``attempt``."""

    def cited(self, stream: Stream, event: Event) -> None:
        """The packets of ``event``, of ``stream``, tell the story of its attempt."""

    def ended(self, stream: Stream) -> None:
        """Nothing more comes of ``stream``, or nothing of it matters."""

    def finished(self, extents: dict[int, Extent]) -> None:
        """The end of the input; what each point of observation covers."""


class Pipeline:
    """The stages of one analysis; :meth:`run` drives packets through them."""

    def __init__(self, source: Source, options: Options, witness: Witness | None = None) -> None:
        self.source = source
        self.options = options
        self.streams = StreamTable(listening=options.epmd_ports)
        self.correlator = Correlator(
            Ports(epmd=options.epmd_ports, distribution=options.dist_ports),
            self.streams.listening.learn,
            joined=witness.joined if witness is not None else None,
            room=options.room,
            half_open=HalfOpen(options.half_open, options.in_crowd),
        )
        self._witness = witness
        self.extents: dict[int, Extent] = {}
        self.skipped: dict[tuple[int, SkipReason], int] = {}
        self._vantages: dict[int, int] = {}
        """Vantage → its latest capture."""
        self._decoder = Decoder()
        self._syn_cache = SynCache(self.streams, self.correlator.can_wait, self._came_to_nothing)
        self._sieve: Sieve | None = None

    def _items(self) -> Iterator[Packet | Run | Elapsed]:
        """The packets that go on, through the sieve where there are many."""
        sieve_from, size = self.options.sieve_from, self.source.worth_sifting
        if sieve_from is None or (size is not None and size < sieve_from):
            return iter(self.source)
        # numpy takes longer to load than a small capture takes to read, and half of that goes into starting the threads
        # of a library for matrices.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from analyzer.sieve import Sieve

        listening = self.streams.listening
        self._sieve = Sieve(
            self.options.epmd_ports | self.options.dist_ports,
            lambda address, port: listening.learn(endpoint(address, port)),
            self.streams.forgets_none_before,
            self._decoder.glance,
        )
        self.correlator.tell_ports(self._sieve.learn)
        return self.source.sifted(
            Sifting(self._sieve, self.options.since, self.options.until, self._sieve.tell_passed_over)
        )

    def run(
        self, on_progress: Callable[[Source], None] | None = None, on_time: Callable[[int], None] | None = None
    ) -> Iterator[tuple[Attempt, Event]]:
        """Every event as it falls, with its attempt; ``on_time`` hears of the time of each packet."""
        since, until = self.options.since, self.options.until
        for count, packet in enumerate(self._items()):
            if on_progress is not None and (count % PROGRESS_EVERY == 0 or isinstance(packet, Elapsed)):
                on_progress(self.source)
            capture, at = packet.ref[::2] if isinstance(packet, Packet) else (packet.capture, packet.at)
            if (since is not None and at < since) or (until is not None and at > until):
                continue
            self._vantages[packet.vantage] = capture
            extent = self.extents.get(packet.vantage)
            if extent is None:
                extent = self.extents[packet.vantage] = Extent(at, at)
            elif at > extent.last_at:
                extent.last_at = at
            if due := self.streams.advance(at):
                yield from self._correlate(due)
            self._syn_cache.advance(at)
            if on_time is not None:
                on_time(at)
            if isinstance(packet, Elapsed):
                continue
            if isinstance(packet, Run):
                yield from self._take_run(packet)
                continue
            yield from self._take(packet)
        yield from self._finish()

    def _take(self, packet: Packet) -> Iterator[tuple[Attempt, Event]]:
        decoded = self._decoder.decode(packet)
        if isinstance(decoded, Skipped):
            key = (packet.ref.capture, decoded.reason)
            self.skipped[key] = self.skipped.get(key, 0) + 1
            if self._witness is not None and decoded.reason is SkipReason.FRAGMENT:
                self._witness.saw(packet, (), None)
            return
        for each, taken in self._syn_cache.let_in(packet, decoded):
            found = self.streams.feed(taken) if isinstance(taken, Segment) else self.streams.unreachable(taken)
            if self._witness is not None:
                place = self.streams.place(taken)
                if place is not None and place.stream.watched:
                    self._witness.saw(each, taken.pieces if isinstance(taken, Segment) else (), place)
            if found:
                yield from self._correlate(found)

    def _take_run(self, run: Run) -> Iterator[tuple[Attempt, Event]]:
        """At once if that comes to the same, else packet by packet."""
        found = self.streams.feed_run(run)
        if found is not None:
            yield from self._correlate(found)
            stream = self.streams.stream_of(run)
            if self._witness is not None and stream is not None:
                self._witness.saw_run(run, stream)
            return
        for packet in run.packets():
            yield from self._correlate(self.streams.advance(packet.ref.at))
            yield from self._take(packet)

    def _came_to_nothing(self, opening: Opening) -> None:
        """It was not followed, and never became more than an opening."""
        self.correlator.came_to_nothing(opening)
        if opening.listener.port not in self.options.epmd_ports:
            self.extents[opening.vantage].others += 1
        if self._sieve is not None:
            self._sieve.forget(opening)

    def _finish(self) -> Iterator[tuple[Attempt, Event]]:
        self._syn_cache.finish()
        if self._sieve is not None:
            for vantage, count in self._sieve.unseen.items():
                self.extents[vantage].others += count
        for vantage, capture in self._vantages.items():
            self.extents[vantage].cut = self.source.captures[capture].cut
        for interface in (view for capture in self.source.captures for view in capture.views):
            extent = self.extents.get(-1 if interface.vantage is None else interface.vantage)
            if extent is not None and interface.origin is not None:
                extent.widen(interface.started_at, interface.ended_at)
                extent.others = max(extent.others, interface.origin.others)
                extent.cut |= interface.origin.cut
        yield from self._correlate(
            self.streams.advance(max((extent.last_at for extent in self.extents.values()), default=0))
        )
        yield from self._correlate(self.streams.finish())
        yield from self.correlator.finish()

    def _correlate(self, found: list[StreamEvent]) -> Iterator[tuple[Attempt, Event]]:
        for event in found:
            if (
                isinstance(event, Syn)
                and event.retry == 0
                and event.stream.listener.port not in self.options.epmd_ports
            ):
                self.extents[event.stream.vantage].others += 1
            placed = self.correlator.take(event)
            if self._witness is not None:
                for _, made in placed:
                    self._witness.cited(event.stream, made)
                if isinstance(event, Forgotten) or not event.stream.watched:
                    self._witness.ended(event.stream)
            if self._sieve is not None:
                if isinstance(event, Forgotten):
                    self._sieve.forget(event.stream)
                elif not event.stream.watched:
                    self._sieve.pass_over(event.stream)
                elif isinstance(event, Data) and event.stream.segments[event.direction] % BUSY_EVERY == 0:
                    self._sieve.busy(event.stream)
            yield from placed

    def judge_now(self, attempt: Attempt) -> Diagnosis:
        """The verdict as far as it can be told now, among the latest attempts."""
        self._mark_losses([attempt])
        latest = self.correlator.attempts[-NEIGHBOURS:]
        return rules.judge(attempt, self.surroundings(latest if attempt in latest else [*latest, attempt]))

    def surroundings(self, attempts: list[Attempt]) -> Surroundings:
        return Surroundings(attempts, self.extents, self.options.cookies)

    def wanted(self, attempt: Attempt) -> bool:
        """It is of a node and an address that the user asked for."""
        return _wanted(attempt, self.options)

    def conclude(self, *notes: str) -> Analysis:
        """What all packets together show; ``notes`` come last in the report."""
        attempts = join_views(self.correlator.attempts)
        if self.options.nodes or self.options.hosts:
            attempts = [attempt for attempt in opened(attempts) if self.wanted(attempt)]
        attempts.sort(key=lambda attempt: (attempt.started_at, attempt.first_packet))
        self._mark_losses(attempts)
        around = self.surroundings(attempts)
        diagnoses = []
        judged, incidents, nodes, shown = Shelf(self.options.room), Incidents(), Nodes(), Shown()
        # What is packed away is opened once for all who look at it.
        for attempt in opened(attempts):
            diagnosis = rules.judge(attempt, around)
            diagnoses.append(diagnosis)
            incidents.add(diagnosis)
            nodes.add(attempt)
            shown.add(attempt)
            judged.put(diagnosis)
        source = self.source
        return Analysis(
            captures=shown.summaries(source, self.correlator.stray_qualities, self.skipped),
            diagnoses=tuple(diagnoses),
            incidents=incidents.all(),
            nodes=nodes.all(),
            notes=(
                *map(str, source.errors),
                *source.notes,
                *around.failures,
                *_forgotten(self.streams),
                *self.correlator.half_open.notes(),
                *notes,
            ),
        )

    def _mark_losses(self, attempts: Iterable[Attempt]) -> None:
        """An attempt is touched by what the capture lost while it went on; one that is not settled still goes on."""
        losses = [loss for capture in self.source.captures for loss in capture.losses]
        if not losses:
            return
        for attempt in attempts:
            since, until = attempt.started_at, attempt.ended_at if attempt.settled else losses[-1].until
            attempt.lossy = any(loss.since <= until and since <= loss.until for loss in losses)


def analyze(
    source: Source,
    options: Options | None = None,
    *,
    on_progress: Callable[[Source], None] | None = None,
    on_verdict: Callable[[Diagnosis], None] | None = None,
    witness: Witness | None = None,
    extents: Mapping[int, Extent] | None = None,
) -> Analysis:
    """Diagnose every attempt in ``source``, of whose points of observation ``extents`` may know more than it shows.

    ``on_verdict`` hears of each attempt as soon as its connection has ended, with what is known then; the analysis that
    is returned knows the whole capture.  A KeyboardInterrupt ends the reading, not the report."""
    pipeline = Pipeline(source, options or Options(), witness)
    interrupted = False
    try:
        if on_verdict is None:
            for _ in pipeline.run(on_progress):
                pass
        else:
            from analyzer.watch import Watch  # for whoever cannot wait for the end

            watch = Watch(pipeline.judge_now, on_verdict)
            for attempt, event in pipeline.run(on_progress, watch.passed):
                if pipeline.wanted(attempt):
                    watch.heard(attempt, event.packet.at)
    except KeyboardInterrupt:
        interrupted = True
        for _ in pipeline.correlator.finish():
            pass
    pipeline.extents.update(extents or {})
    if witness is not None:
        witness.finished(pipeline.extents)
    return pipeline.conclude(*["interrupted: the rest of the input was not read"] * interrupted)


def _forgotten(streams: StreamTable) -> list[str]:
    return [
        f"{count} connections were not followed to their end: {reason.value}"
        for reason, count in streams.forgotten.items()
        if reason is ForgetReason.PRESSURE
    ]


def decode(source: Source, options: Options | None = None) -> Iterator[Message]:
    """Every message of EPMD, the handshake and TLS as it falls."""
    pipeline = Pipeline(source, options or Options())
    for attempt, event in pipeline.run():
        if not pipeline.wanted(attempt):
            continue
        connection = attempt.epmd if event.leg is Leg.EPMD else attempt.link
        if connection is None:
            continue
        ends = (connection.opener, connection.listener)
        source_end, destination = ends if event.side is Side.INITIATOR else ends[::-1]
        yield Message(event, source_end, destination)


def _wanted(attempt: Attempt, options: Options) -> bool:
    names = {attempt.initiator.node, attempt.acceptor.node, attempt.called_name, attempt.called} - {None}
    names |= {str(name).partition("@")[0] for name in names}
    addresses = {attempt.initiator.address, attempt.acceptor.address}
    return (not options.nodes or bool(names & set(options.nodes))) and (
        not options.hosts or bool(addresses & set(options.hosts))
    )
