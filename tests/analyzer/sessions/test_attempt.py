"""Attempts: their timeline, and what they know."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.attempt import MAX_TIMELINE, Attempt, Kind, Party, Quality, Stage, qualities_of
from analyzer.sessions.correlate import Correlator
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.streams.stream import HoleCause, OpenerKnownBy
from dissectors import epmd, flags, handshake
from dissectors.dialogue import Side
from tests.analyzer.sessions.happening import every_event
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
    port2_resp,
)


def new() -> Attempt:
    return Attempt(Kind.CONNECT, Party(), Party())


def ticked(number: int) -> events.Ticked:
    return events.Ticked(packet=PacketRef(0, number, number * 10), side=Side.INITIATOR, leg=Leg.LINK)


def test_the_timeline_is_in_order() -> None:
    """What stands behind a hole is told late, and still stands where its packet does."""
    numbers = list(range(1, 50))
    random.Random(1).shuffle(numbers)
    attempt = new()
    for number in numbers:
        attempt.add(ticked(number))
    assert [event.packet.number for event in attempt.timeline] == sorted(numbers)
    assert (attempt.started_at, attempt.ended_at) == (10, 490)


def resent(number: int) -> events.Resent:
    packet = PacketRef(0, number, number)
    return events.Resent(packet=packet, side=Side.INITIATOR, leg=Leg.LINK, offset=0, length=4, retry=number)


def test_repetitions_leave_room_for_the_rest() -> None:
    """A storm of them is counted; what is said afterwards, and how it ended, is kept all the same."""
    attempt = new()
    for number in range(1, MAX_TIMELINE + 101):
        attempt.add(resent(number))
    attempt.add(ticked(9998))
    attempt.add(events.Closed(packet=PacketRef(0, 9999, 99_999), side=Side.ACCEPTOR, leg=Leg.LINK))
    assert len(attempt.timeline) == MAX_TIMELINE + 2
    assert attempt.omitted == 100
    assert attempt.stage is Stage.ENDED
    assert isinstance(attempt.timeline[-1], events.Closed)


def test_the_timeline_is_bounded() -> None:
    """A peer that makes events without end does not fill the memory."""
    attempt = new()
    for number in range(1, 3 * MAX_TIMELINE):
        attempt.add(ticked(number))
    assert len(attempt.timeline) == 2 * MAX_TIMELINE
    assert attempt.omitted == MAX_TIMELINE - 1


def test_looking_up_events() -> None:
    """By class, and if wanted by side and leg."""
    attempt = new()
    for leg in Leg:
        for side in Side:
            for event in every_event(leg, side):
                attempt.add(event)
    assert len(list(attempt.all(events.Opened))) == 4
    assert len(list(attempt.all(events.Opened, Side.ACCEPTOR))) == 2
    found = list(attempt.all(events.Opened, Side.ACCEPTOR, Leg.EPMD))
    assert [(event.side, event.leg) for event in found] == [(Side.ACCEPTOR, Leg.EPMD)]
    assert attempt.first(events.Opened) == next(attempt.all(events.Opened))
    assert attempt.last(events.Opened) == list(attempt.all(events.Opened))[-1]
    assert len(list(attempt.all(events.HandshakeEvent, Side.INITIATOR, Leg.LINK))) == 7, "a family of events"
    assert new().first(events.Opened) is None
    assert new().last(events.Opened) is None


def test_labels() -> None:
    """The name, else the address."""
    attempt = Attempt(Kind.CONNECT, Party("ann@host", ANN, 1), Party(None, BOB, 2))
    assert attempt.label(Side.INITIATOR) == "ann@host"
    assert attempt.label(Side.ACCEPTOR) == BOB
    assert Party().label == "an unknown node"


def test_messages_of_the_handshake() -> None:
    """The first of each; None where it is not there, or can't be read."""
    clock = Clock()
    lookup(clock)
    Talk(clock).dial().name().status().challenge()
    [attempt] = attempts(clock)
    assert isinstance(attempt.send_name, handshake.SendName)
    assert isinstance(attempt.challenge, handshake.Challenge)
    assert attempt.port2_resp == port2_resp()
    assert attempt.initiator_flags == OTP_26
    empty = new()
    assert (empty.send_name, empty.challenge, empty.port2_resp, empty.initiator_flags) == (None, None, None, None)


def test_flags_of_an_old_name_and_its_complement() -> None:
    """The complement carries the high half."""
    clock = Clock()
    name = handshake.SendNameOld(version=5, flags=OTP_26 & flags.LOW_HALF, name=f"ann@{ANN}")
    talk = Talk(clock).dial().send(OUT, framed(name)).status()
    assert attempts(clock)[0].initiator_flags == OTP_26 & flags.LOW_HALF
    talk.challenge().send(OUT, framed(handshake.Complement(flags_high=OTP_26 >> 32, creation=1)))
    assert attempts(clock)[0].initiator_flags == OTP_26


def test_a_refusal_is_no_port2_resp() -> None:
    """EPMD's good answer only."""
    clock = Clock()
    ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(epmd.Port2Refusal(result=1)).fin(BACK)
    [attempt] = attempts(clock)
    assert attempt.port2_resp is None
    assert attempt.first(events.EpmdAnswered) is not None


def test_product() -> None:
    """By the acceptor's name, the initiator's, or the name that was asked for."""
    clock = Clock()
    lookup(clock, name="rabbit")
    Talk(clock).dial().name("x@10.0.0.1").status().challenge("rabbit@10.0.0.2").reply().ack()
    assert attempts(clock)[0].product is Product.RABBITMQ


def test_the_end_of_an_attempt() -> None:
    """The last packet of its connections, told or not; a registration is over when it is answered."""
    clock = Clock()
    talk = Talk(clock).dial().greet()
    talk.acknowledge(OUT, after=60_000)
    [attempt] = attempts(clock)
    assert attempt.ended_at == clock.told[-1].packet.at
    clock = Clock()
    request = epmd.Alive2Req(port=PORT, type=77, protocol=0, highest=6, lowest=5, name="bob")
    talk = ask_epmd(clock, BOB, BOB).ask(request).answer(epmd.Alive2XResp(result=0, creation=9))
    answered = next(event.packet for event in reversed(clock.told) if event.direction is BACK)
    talk.acknowledge(OUT, after=60_000)
    assert attempts(clock)[0].ended_at == answered.at


SETTLED: dict[str, tuple[Callable[[Talk], Talk], bool]] = {
    "refused": (lambda talk: talk.syn().refuse(), True),
    "prohibited": (lambda talk: talk.syn().icmp(), True),
    "unanswered": (lambda talk: talk.syn(), False),
    "open": (lambda talk: talk.dial().greet(), False),
    "half closed": (lambda talk: talk.dial().greet().fin(BACK), False),
    "closed": (lambda talk: talk.dial().greet().fin(BACK).fin(OUT), True),
    "reset": (lambda talk: talk.dial().greet().rst(BACK), True),
}


@pytest.mark.parametrize("story", SETTLED)
def test_settled(story: str) -> None:
    """When a live capture can speak: refused, prohibited, closed by both or reset."""
    tell, expected = SETTLED[story]
    clock = Clock()
    lookup(clock)
    tell(Talk(clock))
    assert attempts(clock)[0].settled is expected


def test_a_good_lookup_waits_for_its_dial() -> None:
    """Both sides have closed, and yet more can be expected; after a refusal nothing can."""
    clock = Clock()
    lookup(clock)
    [attempt] = attempts(clock)
    assert (attempt.settled, attempt.stage, attempt.acceptor.port) == (False, Stage.LOOKUP, PORT)
    clock = Clock()
    ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(epmd.Port2Refusal(result=1)).fin(BACK).fin(OUT)
    assert attempts(clock)[0].settled
    assert not new().settled


# --- Qualities --------------------------------------------------------------------------------------------------------


def test_qualities_of_a_whole_connection() -> None:
    """There is nothing to complain of."""
    clock = Clock()
    Talk(clock).dial().greet()
    [attempt] = attempts(clock)
    assert attempt.link is not None
    assert list(qualities_of(attempt.link)) == []
    assert attempt.qualities == frozenset()


def test_a_gap_in_one_direction_is_one_sidedness() -> None:
    """Where a whole direction is missing, its holes are no news."""
    clock = Clock()
    Talk(clock).syn().send(OUT, framed(handshake.SendName(flags=1, creation=1, name="a@b")), acked=False).hole(BACK, 40)
    [attempt] = attempts(clock)
    assert attempt.qualities == {Quality.ONE_SIDED}


def test_one_sided() -> None:
    """Only the opener's packets are in the capture."""
    clock = Clock()
    talk = Talk(clock, listener=Endpoint(BOB, 4369)).syn()
    talk.send(OUT, framed(epmd.Port2Req(name="bob")), acked=False).fin(OUT)
    [attempt] = attempts(clock)
    assert attempt.qualities == {Quality.ONE_SIDED}


def test_not_yet_answered_is_not_one_sided() -> None:
    """In mid-stream the first packet has no answer yet: what comes a millisecond later counts."""
    clock = Clock(live=Correlator())
    talk = Talk(clock, listener=Endpoint(BOB, 4369), known_by=OpenerKnownBy.GUESS).midstream()
    talk.send(OUT, framed(epmd.Port2Req(name="bob")), acked=False)
    assert clock.live is not None
    [attempt] = clock.live.attempts
    assert attempt.qualities == {Quality.MIDSTREAM, Quality.ONE_SIDED}, "as far as it is known now"
    talk.answer(port2_resp()).fin(BACK).fin(OUT)
    assert attempt.qualities == {Quality.MIDSTREAM}


@pytest.mark.parametrize(
    ("cause", "quality"),
    [
        (HoleCause.NOT_CAPTURED, {Quality.GAP}),
        (HoleCause.SNAPPED, {Quality.TRUNCATED}),
        (HoleCause.NEVER_SEEN, set()),
    ],
)
def test_holes(cause: HoleCause, quality: set[Quality]) -> None:
    """A hole that the peer filled is the capture's; one that nobody saw filled is the network's."""
    clock = Clock()
    Talk(clock).dial().name().hole(BACK, 5, cause=cause).challenge()
    [attempt] = attempts(clock)
    assert attempt.qualities == quality


def test_qualities_of_both_legs() -> None:
    """What the lookup lacks stays said when the link lacks something else."""
    clock = Clock()
    talk = Talk(clock, listener=Endpoint(BOB, 4369), known_by=OpenerKnownBy.GUESS).midstream()
    talk.send(OUT, framed(epmd.Port2Req(name="bob"))).answer(port2_resp()).fin(BACK).fin(OUT)
    Talk(clock).dial().name().hole(BACK, 5).challenge()
    [attempt] = attempts(clock)
    assert attempt.qualities == {Quality.MIDSTREAM, Quality.GAP}
