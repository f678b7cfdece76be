"""Incidents, nodes and captures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import pytest

from analyzer.capture import Source, open_source
from analyzer.decode.segment import Endpoint, SkipReason
from analyzer.findings import Analysis, Certainty, Diagnosis, Incident, NodeSummary, Outcome
from analyzer.sessions.attempt import Attempt, Quality
from analyzer.sessions.views import join_views
from analyzer.summary import Incidents, Nodes, Shown, fingerprinted
from dissectors import epmd, handshake
from dissectors.dataclass import replace
from samples.conversation import Network
from tests.analyzer.sessions.talking import (
    ANN,
    BACK,
    BOB,
    OTP_26,
    OUT,
    PORT,
    Clock,
    Talk,
    ask_epmd,
    attempts,
    framed,
    lookup,
)

CID = "10.0.0.3"
OTP_19, OTP_22, OTP_28 = 0x77FFD, 0xDF7FBD, 0x2D_07DF_7FBD


def diagnosis(attempt: Attempt, verdict: str = "cookie-mismatch", outcome: Outcome = Outcome.PROBLEM) -> Diagnosis:
    return Diagnosis(attempt, verdict, outcome, Certainty.CERTAIN, {}, ())


# --- Incidents --------------------------------------------------------------------------------------------------------


def incidents_of(diagnoses: Iterable[Diagnosis]) -> tuple[Incident, ...]:
    folded = Incidents()
    for each in diagnoses:
        folded.add(each)
    return folded.all()


def test_repeated_attempts_are_one_incident() -> None:
    """Of one pair, with one verdict; times are those of the first and the last packet of all."""
    clock = Clock()
    for _ in range(3):
        Talk(clock).dial().greet().fin(BACK)
        clock.wait(1000)
    found = attempts(clock)
    [incident] = incidents_of(map(diagnosis, found))
    assert incident.attempts == (0, 1, 2)
    assert (incident.initiator, incident.acceptor) == (f"ann@{ANN}", f"bob@{BOB}")
    assert (incident.first_at, incident.last_at) == (found[0].started_at, found[-1].ended_at)


def test_what_differs_is_another_incident() -> None:
    """Another verdict, another direction, another peer."""
    clock = Clock()
    Talk(clock).dial().greet()
    Talk(clock).dial().greet()
    Talk(clock, BOB, Endpoint(ANN, PORT)).dial().greet(f"bob@{BOB}", f"ann@{ANN}")
    Talk(clock, ANN, Endpoint(CID, PORT)).dial().greet(f"ann@{ANN}", f"cid@{CID}")
    one, other, back, elsewhere = attempts(clock)
    incidents = incidents_of(
        [diagnosis(one), diagnosis(other, "connected", Outcome.OK), diagnosis(back), diagnosis(elsewhere)]
    )
    assert [incident.attempts for incident in incidents] == [(0,), (1,), (2,), (3,)]
    assert [incident.outcome for incident in incidents][:2] == [Outcome.PROBLEM, Outcome.OK]


def test_no_attempts_no_incidents() -> None:
    """Nothing from nothing."""
    assert incidents_of([]) == ()


# --- Nodes ------------------------------------------------------------------------------------------------------------


def by_name(found: list[Attempt]) -> dict[str, NodeSummary]:
    nodes = Nodes()
    for each in found:
        nodes.add(each)
    return {node.name: node for node in nodes.all()}


def test_both_sides_of_a_handshake() -> None:
    """Names, addresses, flags, release, creation, and the port that EPMD told."""
    clock = Clock()
    lookup(clock)
    Talk(clock).dial().name(flags=OTP_28).status().challenge(flags=OTP_26).reply().ack()
    nodes = by_name(attempts(clock))
    assert list(nodes) == [f"ann@{ANN}", f"bob@{BOB}"]
    assert nodes[f"ann@{ANN}"] == NodeSummary(
        name=f"ann@{ANN}",
        addresses=(ANN,),
        release=(28, 28),
        flags=OTP_28,
        hidden=False,
        implementation="OTP",
        creations=(1,),
        registered_port=None,
    )
    assert nodes[f"bob@{BOB}"].registered_port == PORT
    assert nodes[f"bob@{BOB}"].release == (25, 27)


def test_one_node_on_both_sides() -> None:
    """Seen as initiator and as acceptor it is one node; addresses and creations are gathered."""
    clock = Clock()
    Talk(clock).dial().greet()
    Talk(clock, CID, Endpoint(CID, PORT)).dial().name(f"bob@{BOB}")
    nodes = by_name(attempts(clock))
    assert nodes[f"bob@{BOB}"].addresses == (BOB, CID)
    assert nodes[f"bob@{BOB}"].creations == (2, 1)


def test_a_hidden_node() -> None:
    """It lacks the flag PUBLISHED."""
    clock = Clock()
    Talk(clock).dial().name(flags=OTP_26 & ~1)
    assert by_name(attempts(clock))[f"ann@{ANN}"].hidden is True


@pytest.mark.parametrize("first", ["old", "new"])
def test_an_old_challenge_is_a_lower_bound(first: str) -> None:
    """OTP 21 and 22 send only what both sides have; what the node says itself wins, whichever came first."""
    clock = Clock()
    message = handshake.ChallengeOld(version=5, flags=OTP_19, challenge=3, name=f"bob@{BOB}")

    def old() -> None:
        Talk(clock).dial().name().status().send(BACK, framed(message))

    def new() -> None:
        own = handshake.SendNameOld(version=5, flags=OTP_22, name=f"bob@{BOB}")
        Talk(clock, BOB, Endpoint(ANN, PORT)).dial().send(OUT, framed(own))

    old()
    assert by_name(attempts(clock))[f"bob@{BOB}"].release == (19, None)
    clock.told.clear()
    for tell in (old, new) if first == "old" else (new, old):
        tell()
    assert by_name(attempts(clock))[f"bob@{BOB}"].flags == OTP_22


def test_a_registration_tells_the_port() -> None:
    """Of the node of that name at that address; of another host's node of the same name it tells nothing."""
    clock = Clock()
    request = epmd.Alive2Req(port=PORT, type=77, protocol=0, highest=6, lowest=5, name="bob")
    ask_epmd(clock, BOB, BOB).ask(request).answer(epmd.Alive2XResp(result=0, creation=9))
    Talk(clock).dial().greet()
    Talk(clock, ANN, Endpoint(CID, PORT)).dial().greet(f"ann@{ANN}", f"bob@{CID}")
    nodes = by_name(attempts(clock))
    assert nodes[f"bob@{BOB}"].registered_port == PORT
    assert nodes[f"bob@{CID}"].registered_port is None
    assert set(nodes) == {f"ann@{ANN}", f"bob@{BOB}", f"bob@{CID}"}, "a registration alone has no full name"


# --- Captures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def source() -> Source:
    """A capture of one packet, read to its end."""
    net = Network()
    net.dial(ANN, BOB, PORT).initiator.raw(2)
    opened = open_source(["-"], stdin=io.BytesIO(net.pcapng()))
    assert len(list(opened)) == 1
    return opened


def shown(found: Iterable[Attempt]) -> Shown:
    told = Shown()
    for each in found:
        told.add(each)
    return told


def test_a_capture_in_numbers(source: Source) -> None:
    """What was read, what was used, from when to when."""
    clock = Clock()
    Talk(clock).dial().name()
    [summary] = shown(attempts(clock)).summaries(source, [], {})
    assert (summary.path, summary.format, summary.link_types) == ("-", "pcapng", ("ETHERNET",))
    assert (summary.packets, summary.packets_used) == (1, 4)
    assert summary.first_packet_at == summary.last_packet_at is not None
    assert (summary.flags, summary.notes) == ((), ())
    [unused] = shown([]).summaries(source, [], {})
    assert unused.packets_used == 0


def test_what_was_skipped_is_said(source: Source) -> None:
    """Where the reader must know of it; that a packet is no TCP is nothing to report."""
    skipped = {
        (0, SkipReason.CUT): 3,
        (0, SkipReason.MALFORMED): 2,
        (0, SkipReason.LINK_TYPE): 1,
        (0, SkipReason.NOT_TCP): 500,
        (1, SkipReason.CUT): 9,
    }
    [summary] = shown([]).summaries(source, [], skipped)
    assert [note.split(":")[0] for note in summary.notes] == [
        "1 packets skipped",
        "3 packets skipped",
        "2 packets skipped",
    ]


def test_qualities_of_a_capture(source: Source) -> None:
    """Those of its attempts, and of what no attempt could be made of, each once and in order."""
    clock = Clock()
    Talk(clock).dial().name().hole(BACK, 5).challenge()
    strays = [(0, Quality.MIDSTREAM), (0, Quality.MIDSTREAM), (7, Quality.TRUNCATED)]
    [summary] = shown(attempts(clock)).summaries(source, strays, {})
    assert summary.flags == (Quality.GAP.value, Quality.MIDSTREAM.value)


def test_a_view_lacks_what_its_own_capture_lacks(source: Source) -> None:
    """A gap in the other capture is none of this one."""
    here, there = Clock(), Clock(capture=1, vantage=1)
    Talk(here).dial().name().status().challenge()
    Talk(there).dial().name().hole(BACK, 5).challenge()
    joined = join_views(attempts(here) + attempts(there))
    assert len(joined) == 1
    [summary] = shown(joined).summaries(source, [], {})
    assert summary.flags == ()


def test_captures_can_be_told_by_their_sha_256(source: Source) -> None:
    """Of the file; what has no file has none."""
    summaries = shown([]).summaries(source, [], {})
    path = Path(__file__)
    analysis = Analysis((replace(summaries[0], path=str(path)), replace(summaries[0], path="-")), (), (), (), ())
    assert [capture.sha256 for capture in analysis.captures] == [None, None]
    assert [capture.sha256 for capture in fingerprinted(analysis).captures] == [
        hashlib.sha256(path.read_bytes()).hexdigest(),
        None,
    ]
