"""Verdicts while they fall, and the analysis at the end: the same that the recorded file gives."""

from __future__ import annotations

import io
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.findings import Analysis, Certainty, Diagnosis, Outcome
from analyzer.live.ring import Interface, Ring
from analyzer.live.session import Counters, Limits, Session
from analyzer.pipeline import Options
from analyzer.sessions.attempt import Attempt, Quality
from samples.conversation import MILLISECOND, Network
from tests.analyzer.live.scripted import ScriptedTap
from tests.analyzer.test_pipeline import ANN, refused, rejected
from tests.corpus import ROOT, SAMPLES, report


class Audience:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, bool]] = []
        self.waited: list[Attempt] = []
        self.troubles: list[str] = []
        self.counters_heard: list[Counters] = []

    def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
        """With its id."""
        self.told.append((name, diagnosis.verdict, closing))

    def waiting(self, attempt: Attempt) -> None:
        """Whose SYNs nobody answers."""
        self.waited.append(attempt)

    def trouble(self, text: str) -> None:
        """A sentence."""
        self.troubles.append(text)

    def counters(self, counters: Counters) -> None:
        """About once a second."""
        self.counters_heard.append(counters)


def session(
    net: Network | list[tuple[int, bytes]],
    audience: Audience | None = None,
    *,
    link_type: int = 1,
    options: Options | None = None,
    limits: Limits | None = None,
    kept: int = 1000,
    clock: Callable[[], float] = time.monotonic,
    gone: bool = False,
    ring: Ring | None = None,
) -> Session:
    """A session that hears these packets from one interface, which is ``gone`` then, or is listened to no more."""
    records = net.packets if isinstance(net, Network) else net
    tap = ScriptedTap(records, link_type=link_type)
    moments = itertools.count(records[0][0] if records else 0, MILLISECOND)
    made = Session(
        [tap],
        options or Options(),
        [audience] if audience else [],
        limits=limits,
        kept=kept,
        ring=ring,
        clock=clock,
        wall=lambda: next(moments),
        pace=0,
    )
    tap.at_end = None if gone else made.stop
    return made


def verdicts(analysis: Analysis) -> Counter[str]:
    """How many attempts have which."""
    return Counter(diagnosis.verdict for diagnosis in analysis.diagnoses)


def silent(net: Network) -> None:
    """Nobody answers."""
    net.dial(ANN, "10.0.0.2", 4369).unanswered()
    net.wait(9)


def recorded(path: Path) -> tuple[int, list[tuple[int, bytes]]] | None:
    """The packets of a capture that one interface could have shown."""
    with open_source([str(path)], stdin=io.BytesIO()) as source:
        packets = list(source)
    types = {packet.link_type for packet in packets}
    whole = all(packet.wire_length == len(packet.data) for packet in packets)
    if len(types) != 1 or not whole:
        return None
    return types.pop(), [(packet.ref.at, packet.data) for packet in packets]


LIVE = [name for name, sample in SAMPLES.items() if len(sample.files) == 1]


@pytest.mark.parametrize("name", LIVE)
def test_the_live_verdict_is_that_of_the_file(name: str, tmp_path: Path) -> None:
    """Law: whatever is heard live is what the recording tells afterwards, and what the packets tell that were kept."""
    sample = SAMPLES[name]
    heard = recorded(ROOT / "samples" / sample.files[0])
    if heard is None:
        return
    link_type, packets = heard
    audience = Audience()
    options, kept = Options(dist_ports=frozenset(sample.dist_ports)), tmp_path / "kept.pcapng"
    ring = Ring(str(kept), [Interface("eth7", link_type)])
    analysis = session(packets, audience, link_type=link_type, options=options, ring=ring).run()
    with open_source([str(kept)], stdin=io.BytesIO()) as source:
        assert verdicts(pipeline.analyze(source, options)) == verdicts(analysis)
    assert dict(verdicts(analysis)) == report(name)["summary"]["verdicts"]
    final = {name: verdict for name, verdict, _ in audience.told}
    assert Counter(final.values()) == verdicts(analysis)


def test_a_verdict_is_told_when_its_connection_has_ended() -> None:
    """Not at the end; and the same attempt keeps its id."""
    net = Network()
    rejected(net)
    net.wait(10)
    refused(net, "10.0.0.7")
    audience = Audience()
    session(net, audience).run()
    assert audience.told == [("A1", "cookie-mismatch", False), ("A2", "epmd-refused", False)]


def test_a_silent_port_is_told_while_it_happens() -> None:
    """First that somebody waits, then the verdict."""
    net = Network()
    net.dial("10.0.0.1", "10.0.0.2", 4369).unanswered()
    net.wait(9)
    refused(net, "10.0.0.7")
    audience = Audience()
    session(net, audience).run()
    assert len(audience.waited) == 1
    assert audience.told[0] == ("A1", "epmd-unreachable", False)


@pytest.mark.parametrize(("limits", "told"), [(Limits(verdicts=2), 2), (Limits(until_problem=True), 1)])
def test_it_ends_by_itself(limits: Limits, told: int) -> None:
    """After so many verdicts, or with the first problem."""
    net = Network()
    for number in range(5):
        refused(net, f"10.0.0.{number + 10}")
        net.wait(1)
    audience = Audience()
    session(net, audience, limits=limits).run()
    assert len([each for each in audience.told if not each[2]]) == told


def test_signals_end_it_with_the_report() -> None:
    """And are handled as before afterwards."""
    net = Network()
    rejected(net)
    before = signal.getsignal(signal.SIGTERM)

    class Ending(Audience):
        def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
            super().verdict(name, diagnosis, closing=closing)
            os.kill(os.getpid(), signal.SIGTERM)

    analysis = session(net, Ending()).run()
    assert verdicts(analysis) == {"cookie-mismatch": 1}
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_was_told_is_let_go_and_counted() -> None:
    """Memory stays flat: the latest ones are in the report, the others in a note, and all of them were told."""
    net = Network()
    many = 200
    for number in range(many):
        refused(net, f"10.0.{number // 250}.{number % 250 + 1}")
        net.wait(1)
    audience = Audience()
    seconds = itertools.count()
    ticking = session(net, audience, kept=10, clock=lambda: float(next(seconds)))
    analysis = ticking.run()
    assert len(audience.told) == many == ticking.counters.attempts == ticking.problems
    assert len(analysis.diagnoses) < 100
    [note] = [note for note in analysis.notes if "let go" in note]
    assert f"epmd-refused {many - len(analysis.diagnoses):,}" in note


def translated(net: Network) -> list[tuple[int, bytes]]:
    """What a router sees that hides ann behind an address of its own, and captures on both sides: all of it twice."""
    inside, outside = IPv4Address(ANN).packed, IPv4Address("192.0.2.1").packed
    seen = []
    for at, data in net.packets:
        ttl = data[22]
        copy = (data[:22] + bytes([ttl - 1]) + data[23:]).replace(inside, outside)
        seen += [(at, data), (at + 5_000, copy)]
    return seen


@pytest.mark.parametrize("story", [rejected, refused, silent])
def test_both_sides_of_a_nat_are_told_as_one(story: Callable[[Network], None]) -> None:
    """Once, not twice: lines, counters, those who wait, and the report."""
    net = Network()
    story(net)
    audience = Audience()
    heard = session(translated(net), audience)
    analysis = heard.run()
    assert len(audience.told) == len(analysis.diagnoses) == heard.counters.attempts == heard.problems == 1
    assert len(audience.waited) == (story is silent)
    assert len(analysis.diagnoses[0].attempt.views) == 1


RESETS_AND_TIMERS = (
    "tls/tls-listener-misconfigured",
    "handshake/handshake-timeout-acceptor",
    "handshake/handshake-timeout-initiator",
    "handshake/handshake-timeout-after-status",
    "link/connection-reset",
    "link/connection-reset-host-back",
    "shapes/midstream-reset",
)


@pytest.mark.parametrize("name", RESETS_AND_TIMERS)
@pytest.mark.parametrize("queued", [20_000, 8 * MILLISECOND, 40 * MILLISECOND])
def test_a_router_shows_each_packet_twice(name: str, queued: int) -> None:
    """Coming, and going out when it has left its queue: the verdict is that of the packets as they came."""
    heard = recorded(ROOT / "samples" / SAMPLES[name].files[0])
    assert heard is not None
    link_type, packets = heard
    ttl = {1: 14, 113: 16}[link_type] + 8
    going = [(at + queued, data[:ttl] + bytes([data[ttl] - 1]) + data[ttl + 1 :]) for at, data in packets]
    options = Options(dist_ports=frozenset(SAMPLES[name].dist_ports))
    analysis = session(sorted([*packets, *going]), link_type=link_type, options=options).run()
    assert dict(verdicts(analysis)) == report(name)["summary"]["verdicts"]


def test_what_was_seen_twice_is_let_go_once() -> None:
    """The note counts attempts, not views."""
    net = Network()
    for number in range(100):
        rejected(net, acceptor=f"10.0.1.{number + 1}")
        net.wait(1)
    seconds = itertools.count()
    heard = session(translated(net), kept=10, clock=lambda: float(next(seconds)))
    analysis = heard.run()
    assert heard.problems == 100
    [note] = [note for note in analysis.notes if "let go" in note]
    assert f"cookie-mismatch {100 - len(analysis.diagnoses)}" in note


def test_losses_make_verdicts_less_certain() -> None:
    """Those of attempts that went on when the kernel dropped packets; and the report says so."""
    net = Network()
    refused(net)
    clean = session(net).run().diagnoses[0]
    assert clean.certainty is Certainty.CERTAIN
    lossy = session(net)
    [state] = lossy.source.captures
    state.lose(net.packets[0][0], net.packets[0][0], 3)
    analysis = lossy.run()
    [diagnosis] = analysis.diagnoses
    assert (diagnosis.verdict, diagnosis.certainty) == ("epmd-refused", Certainty.LIKELY)
    assert Quality.GAP in diagnosis.attempt.qualities
    assert analysis.captures[0].flags == ("capture-gap",)
    assert diagnosis.findings[0].alternatives
    assert diagnosis.outcome is Outcome.PROBLEM
    elsewhere = session(net)
    elsewhere.source.captures[0].lose(1, 2, 3)
    assert elsewhere.run().diagnoses[0].certainty is Certainty.CERTAIN


def test_the_listeners_hear_the_counters_and_of_trouble() -> None:
    """At the end at least; the interface that went away is named."""
    net = Network()
    refused(net)
    audience = Audience()
    session(net, audience, gone=True).run()
    assert audience.counters_heard[-1].packets == len(net.packets)
    assert audience.counters_heard[-1].verdicts == {"epmd-refused": 1}
    assert audience.troubles == ["eth7: The interface went down"]


def test_filters_hold_live_too() -> None:
    """Attempts of others are not told."""
    net = Network()
    refused(net, "10.0.0.7")
    refused(net, "10.0.0.8")
    audience = Audience()
    analysis = session(net, audience, options=Options(hosts=("10.0.0.8",))).run()
    assert len(audience.told) == 1 == len(analysis.diagnoses)
