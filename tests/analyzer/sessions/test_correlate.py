"""Streams to attempts: which lookup, connection and registration belong together."""

from __future__ import annotations

from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Kind, Quality, Stage
from analyzer.sessions.correlate import Correlator
from analyzer.sessions.endpoints import Ports
from analyzer.sessions.events import Leg
from analyzer.sessions.lookups import CLAIM_WINDOW
from analyzer.streams.stream import ForgetReason, OpenerKnownBy, StreamEvent
from dissectors import epmd, handshake
from tests.analyzer.sessions.hostile import assert_sound, misbehave
from tests.analyzer.sessions.talking import (
    ANN,
    BACK,
    BOB,
    MILLISECOND,
    OUT,
    PORT,
    Clock,
    Talk,
    ask_epmd,
    attempts,
    correlate,
    framed,
    lookup,
    port2_resp,
    words,
)

CID = "10.0.0.3"


def legs(attempt: Attempt) -> tuple[Endpoint | None, Endpoint | None]:
    """Where its lookup and its link come from."""
    return (attempt.epmd.opener if attempt.epmd else None), (attempt.link.opener if attempt.link else None)


def ends(*talks: Talk) -> tuple[Endpoint, ...]:
    """Where these connections come from."""
    return tuple(talk.stream.opener for talk in talks)


def open_things(correlator: Correlator) -> tuple[int, int]:
    """How many connections are held, and how many are being ignored."""
    return len(correlator._open), len(correlator._ignored)


# --- One attempt ------------------------------------------------------------------------------------------------------


def test_lookup_and_link_are_one_attempt() -> None:
    """From the first SYN to EPMD to the last FIN of the link."""
    clock = Clock()
    asked = lookup(clock)
    link = Talk(clock).dial().greet().chat().fin(BACK).fin(OUT)
    [attempt] = attempts(clock)
    assert attempt.kind is Kind.CONNECT
    assert attempt.stage is Stage.ENDED
    assert attempt.called_name == "bob"
    assert attempt.called == f"bob@{BOB}"
    assert (attempt.initiator.node, attempt.initiator.address) == (f"ann@{ANN}", ANN)
    assert attempt.initiator.port == link.stream.opener.port
    assert (attempt.acceptor.node, attempt.acceptor.address, attempt.acceptor.port) == (f"bob@{BOB}", BOB, PORT)
    assert legs(attempt) == ends(asked, link)
    assert attempt.started_at == clock.told[0].packet.at
    assert attempt.qualities == set()


def test_a_link_without_a_lookup() -> None:
    """A capture without EPMD's port: the name message is unmistakable on any port."""
    clock = Clock()
    Talk(clock, listener=Endpoint(BOB, 9100)).dial().greet()
    [attempt] = attempts(clock)
    assert attempt.epmd is None
    assert words(attempt.timeline)[2:4] == ["initiator established", "initiator send-name"]


def test_a_refused_dial_needs_a_promise() -> None:
    """A refused connection to any port is no news; to a port that EPMD told, or the user named, it is."""
    clock = Clock()
    Talk(clock).syn().refuse()
    assert attempts(clock) == []
    assert len(attempts(clock, Ports(distribution=frozenset({PORT})))) == 1
    lookup(clock)
    Talk(clock).syn().refuse()
    [attempt] = attempts(clock)
    assert attempt.link is not None and attempt.link.refused is not None


def test_epmd_on_another_port() -> None:
    """Named by the user: even an unanswered dial to it is an attempt.  Not named: a request on it is recognised."""
    clock = Clock()
    Talk(clock, listener=Endpoint(BOB, 14369)).syn()
    assert attempts(clock) == []
    [unreachable] = attempts(clock, Ports(epmd=frozenset({14369})))
    assert unreachable.epmd is not None and unreachable.link is None
    for ports in (None, Ports(epmd=frozenset({14369}))):
        clock = Clock()
        lookup(clock, epmd_port=14369)
        Talk(clock).dial().greet()
        [attempt] = attempts(clock, ports)
        assert attempt.epmd is not None and attempt.epmd.listener.port == 14369
        correlator = Correlator(ports)
        placed = [event for told in clock.told for _, event in correlator.take(told)]
        assert placed == attempt.timeline, "what is told as it falls is what is kept"
        assert attempt.link is not None
        assert {event.leg for event in attempt.timeline[:7]} == {Leg.EPMD}


def test_a_registration_stays_by_itself() -> None:
    """A node's registration is an attempt, not a lookup; the port that it registers is then known."""
    clock = Clock()
    request = epmd.Alive2Req(port=PORT, type=77, protocol=0, highest=6, lowest=5, name="bob")
    ask_epmd(clock, BOB, BOB).ask(request).answer(epmd.Alive2XResp(result=0, creation=9))
    Talk(clock).syn().refuse()
    registration, dial = attempts(clock)
    assert (registration.kind, registration.called_name) == (Kind.REGISTER, "bob")
    assert registration.initiator.node == "bob"
    assert dial.link is not None and dial.link.refused is not None
    assert dial.identified_by == "'bob' registered port 41123"


def test_a_registration_over_loopback() -> None:
    """EPMD hears 127.0.0.1, and the node listens on every address of the host."""
    clock = Clock()
    request = epmd.Alive2Req(port=PORT, type=77, protocol=0, highest=6, lowest=5, name="bob")
    ask_epmd(clock, "127.0.0.1", "127.0.0.1").ask(request).answer(epmd.Alive2XResp(result=0, creation=9))
    Talk(clock, ANN, BOB).syn().refuse()
    assert [attempt.kind for attempt in attempts(clock)] == [Kind.REGISTER, Kind.CONNECT]


@pytest.mark.parametrize(
    "request_",
    [epmd.NamesReq(), epmd.DumpReq(), epmd.KillReq(), epmd.StopReq(name="bob")],
    ids=lambda m: type(m).__name__,
)
def test_a_query_stays_by_itself(request_: epmd.NamesReq) -> None:
    """Whatever else is asked of EPMD is no attempt to connect."""
    clock = Clock()
    ask_epmd(clock).ask(request_)
    [attempt] = attempts(clock)
    assert attempt.kind is Kind.QUERY
    assert attempt.acceptor.port == 4369


# --- Which lookup belongs to which dial ------------------------------------------------------------------------------


def test_two_vms_of_one_host_ask_at_once_for_two_nodes() -> None:
    """Two lookups from one address in the air at once: the port that EPMD told says whose dial it is."""
    clock = Clock()
    one, other = ask_epmd(clock), ask_epmd(clock)
    one.ask(epmd.Port2Req(name="bob"))
    other.ask(epmd.Port2Req(name="rob"))
    other.answer(port2_resp("rob", PORT + 1))
    one.answer(port2_resp("bob", PORT))
    other.fin(BACK).fin(OUT)
    one.fin(BACK).fin(OUT)
    to_bob = Talk(clock).dial().name("ann@10.0.0.1")
    to_rob = Talk(clock, listener=Endpoint(BOB, PORT + 1)).dial().name("amy@10.0.0.1")
    assert {(attempt.called_name, attempt.initiator.node, *legs(attempt)) for attempt in attempts(clock)} == {
        ("bob", "ann@10.0.0.1", *ends(one, to_bob)),
        ("rob", "amy@10.0.0.1", *ends(other, to_rob)),
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_vms_of_one_host_ask_for_one_node(order: tuple[int, int]) -> None:
    """A dial follows EPMD's FIN at once: it belongs to the lookup that was just closed, not to the one still open."""
    clock = Clock()
    asked = [ask_epmd(clock).ask(epmd.Port2Req(name="bob")) for _ in range(2)]
    for lookup_ in reversed(asked):
        lookup_.answer(port2_resp())
    joined = set()
    for lookup_ in (asked[number] for number in order):
        lookup_.fin(BACK).fin(OUT)
        joined.add(ends(lookup_, Talk(clock).dial().name()))
    assert {legs(attempt) for attempt in attempts(clock)} == joined


def test_each_lookup_is_claimed_once() -> None:
    """Two dials after one lookup: the second one is an attempt without a lookup."""
    clock = Clock()
    asked = lookup(clock)
    first, second = Talk(clock).dial().name(), Talk(clock).dial().name()
    assert [legs(attempt) for attempt in attempts(clock)] == [ends(asked, first), (None, *ends(second))]


@pytest.mark.parametrize(("seconds", "joined"), [(1, True), (9, True), (11, False), (3600, False)])
def test_a_lookup_grows_old(seconds: int, joined: bool) -> None:
    """A dial long after a lookup is not that lookup's: a node dials at once, or gives up."""
    clock = Clock()
    lookup(clock)
    clock.wait(seconds * 1000)
    Talk(clock).dial().name()
    assert (len(attempts(clock)) == 1) is joined
    assert CLAIM_WINDOW == 10 * 10**9


def test_a_dial_before_the_lookup_is_not_its_own() -> None:
    """A connection that stands open and silent since before the lookup has nothing to do with it."""
    clock = Clock()
    silent = Talk(clock).dial()
    asked = lookup(clock)
    silent.fin(OUT, after=50).fin(BACK)
    dial = Talk(clock).dial().name()
    assert {legs(attempt) for attempt in attempts(clock)} == {ends(asked, dial), (None, *ends(silent))}


def test_another_host_does_not_claim() -> None:
    """The lookup of one host is not for the dial of another."""
    clock = Clock()
    lookup(clock, CID)
    Talk(clock, ANN).dial().name()
    assert sorted((attempt.initiator.address, attempt.epmd is None) for attempt in attempts(clock)) == [
        (ANN, True),
        (CID, False),
    ]


def test_another_point_of_observation_does_not_claim() -> None:
    """What two captures show is joined later, by what can't be chance."""
    here, there = Clock(), Clock(capture=1, vantage=1)
    lookup(here)
    Talk(there).dial().name()
    assert len(attempts([*here.told, *there.told])) == 2


def test_an_endpoint_that_is_learned_late() -> None:
    """A silent connection becomes ours once EPMD tells what listens there, with all that went before."""
    clock = Clock()
    silent = Talk(clock).dial()
    assert attempts(clock) == []
    lookup(clock, CID)
    silent.fin(OUT, after=7000)
    found = [attempt for attempt in attempts(clock) if attempt.initiator.address == ANN]
    assert [words(attempt.timeline) for attempt in found] == [
        ["initiator syn", "acceptor syn-ack", "initiator established", "initiator fin"]
    ]


def test_a_listener_that_spoke_the_handshake_is_known() -> None:
    """After one connection that spoke it, a refused one to the same port is an attempt too."""
    clock = Clock()
    Talk(clock).dial().greet()
    Talk(clock).syn().refuse()
    assert [attempt.stage for attempt in attempts(clock)] == [Stage.ACK, Stage.TCP]


def test_hundreds_of_interleaved_attempts() -> None:
    """Every attempt gets its own lookup, its own link and its own events, however they are shuffled together."""
    stories: list[list[StreamEvent]] = []
    count = 300
    for number in range(count):
        clock = Clock(port=20_000 + 10 * number, now=1_700_000_000_000_000_000 + number * MILLISECOND)
        clock.number = number * 100
        host = f"10.1.{number // 250}.{number % 250}"
        name, port = f"node{number}", 30_000 + number
        lookup(clock, host, name=name, port=port)
        link = Talk(clock, host, Endpoint(BOB, port)).dial().name(f"cli@{host}").status().challenge(f"{name}@{BOB}")
        if number % 3:
            link.reply().ack().chat().fin(BACK).fin(OUT)
        else:
            link.reply(b"other").fin(BACK).fin(OUT)
        stories.append(clock.told)
    mixed = [event for row in zip_longest(*stories) for event in row if event is not None]
    correlator = correlate(mixed)
    assert len(correlator.attempts) == count
    alone = {attempt.called_name: attempt for story in stories for attempt in attempts(story)}
    for attempt in correlator.attempts:
        other = alone[attempt.called_name]
        assert [event.packet for event in attempt.timeline] == [event.packet for event in other.timeline]
        assert words(attempt.timeline) == words(other.timeline)
        assert (attempt.stage, attempt.called) == (other.stage, other.called)
    assert open_things(correlator) == (0, 0)


# --- What is not ours, and memory -------------------------------------------------------------------------------------


def test_other_traffic_costs_nothing() -> None:
    """As soon as its first bytes say so, a connection is no longer watched, and only its name is remembered."""
    clock = Clock()
    correlator = Correlator()
    talks = [Talk(clock, listener=Endpoint(BOB, 80)).dial().send(OUT, b"GET / HTTP/1.1\r\n\r\n") for _ in range(200)]
    for event in clock.told:
        correlator.take(event)
    assert open_things(correlator) == (0, 200)
    assert not any(talk.stream.watched for talk in talks)
    assert correlator.attempts == []
    told = len(clock.told)
    for talk in talks:
        talk.send(BACK, b"HTTP/1.1 200 OK\r\n\r\n").fin(BACK).fin(OUT).forget()
    for event in clock.told[told:]:
        assert correlator.take(event) == []
    assert open_things(correlator) == (0, 0)


@pytest.mark.parametrize("reason", ForgetReason)
def test_forgotten_streams_leave_nothing(reason: ForgetReason) -> None:
    """Links, lookups, silent and foreign connections: after the stream layer forgets them, nothing is held."""
    clock = Clock()
    talks = [
        lookup(clock),
        Talk(clock).dial().greet(),
        Talk(clock, listener=Endpoint(BOB, 5555)).dial(),
        Talk(clock, listener=Endpoint(BOB, 5556)).syn(),
        Talk(clock, listener=Endpoint(BOB, 22)).dial().send(BACK, b"SSH-2.0-x\r\n"),
    ]
    correlator = Correlator()
    for event in clock.told:
        correlator.take(event)
    told = len(clock.told)
    for talk in talks:
        talk.forget(reason)
    for event in clock.told[told:]:
        correlator.take(event)
    assert open_things(correlator) == (0, 0)
    [attempt] = correlator.attempts
    assert attempt.link is not None and attempt.link.forgotten == reason


def test_lookups_that_are_never_followed_are_bounded() -> None:
    """A health check that asks EPMD for years does not fill the memory with lookups that wait for a dial."""
    clock = Clock()
    correlator = Correlator()
    for _ in range(600):
        clock.told.clear()
        clock.wait(1000)
        lookup(clock).forget()
        for event in clock.told:
            correlator.take(event)
    assert len(correlator._lookups) <= 256


def test_the_rest_of_an_older_connection_is_no_attempt() -> None:
    """FINs of a connection to EPMD that began before the capture tell nothing."""
    clock = Clock()
    Talk(clock, listener=Endpoint(BOB, 4369), known_by=OpenerKnownBy.GUESS).fin(BACK).fin(OUT)
    correlator = correlate(clock)
    assert (correlator.attempts, correlator.stray_qualities) == ([], {(0, Quality.MIDSTREAM)})


def test_swapped_sides_in_mid_stream() -> None:
    """What is told of before the sides were known has the right side too."""
    clock = Clock()
    talk = Talk(clock, Endpoint(BOB, 39_999), Endpoint(ANN, 40_001), known_by=OpenerKnownBy.GUESS).midstream(BACK)
    reply = framed(handshake.ChallengeReply(challenge=1, digest=bytes(16)))
    talk.send(BACK, reply).send(OUT, framed(handshake.ChallengeAck(digest=bytes(16))))
    [attempt] = attempts(clock)
    said = ["initiator established", "initiator challenge-reply", "acceptor challenge-ack"]
    assert words(attempt.timeline) == said
    assert (attempt.initiator.address, attempt.acceptor.address) == (ANN, BOB)
    assert (attempt.initiator.port, attempt.acceptor.port) == (40_001, 39_999)
    assert attempt.qualities == {Quality.MIDSTREAM}


# --- Anything at all --------------------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_any_order_of_anything(data: st.DataObject) -> None:
    """Several connections in any order, with any events: nothing raises, and nothing is held after the end."""
    clock = Clock()
    listeners = [Endpoint(BOB, PORT), Endpoint(BOB, 4369), Endpoint(ANN, PORT)]
    talks = [
        Talk(clock, opener, listener, known_by=data.draw(st.sampled_from(OpenerKnownBy)))
        for opener, listener in zip((ANN, ANN, BOB), listeners, strict=True)
    ]
    misbehave(talks, data.draw, most=24)
    correlator = Correlator()
    placed = [pair for event in clock.told for pair in correlator.take(event)]
    placed += correlator.finish()
    assert open_things(correlator)[0] == 0
    told_of: dict[int, list[events.Event]] = {}
    for attempt, event in placed:
        told_of.setdefault(id(attempt), []).append(event)
    assert {id(attempt) for attempt in correlator.attempts} == set(told_of)
    for attempt in correlator.attempts:
        assert_sound(attempt)
        assert len(attempt.timeline) + attempt.omitted == len(told_of[id(attempt)])


def test_epmd_is_spoken_where_a_node_was_expected() -> None:
    """The attempt that an ICMP error made keeps its connection, and all events name one that it has."""
    strange = Talk(clock := Clock()).acknowledge(OUT)
    ask_epmd(clock).answer(port2_resp())
    strange.icmp().ask(epmd.NamesReq())
    for attempt in attempts(clock):
        assert_sound(attempt)
