"""One connection's stream events to events of an attempt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.conversation import MAX_WAITING, Conversation
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.identify import Expectation, Speech
from analyzer.streams.stream import Data, Direction, HoleCause, KeepAlive, OpenerKnownBy, ResetFit, StreamEvent
from dissectors import epmd, handshake
from dissectors.dataclass import replace
from dissectors.dialogue import Side
from tests.analyzer.sessions.hostile import misbehave
from tests.analyzer.sessions.talking import (
    ANN,
    BACK,
    BOB,
    DATA,
    MILLISECOND,
    OUT,
    PORT,
    TICK,
    Clock,
    Talk,
    ask_epmd,
    converse,
    cut,
    framed,
    lookup,
    words,
)

I, A = Side.INITIATOR, Side.ACCEPTOR  # noqa: E741  # as in docs/protocol.md
NAMED = Expectation(Speech.HANDSHAKE, "EPMD named port 41123")
EPMD = Expectation(Speech.EPMD, "port 4369 is EPMD's")

WHOLE = [
    "initiator syn",
    "acceptor syn-ack",
    "initiator established",
    "initiator send-name",
    "acceptor status",
    "acceptor challenge",
    "initiator challenge-reply",
    "acceptor challenge-ack",
    "acceptor first-data",
    "initiator first-data",
    "acceptor fin",
    "initiator fin",
]


def whole(clock: Clock | None = None) -> Talk:
    """A link from the first packet to the last."""
    return Talk(clock or Clock()).dial().greet().chat().fin(BACK).fin(OUT)


def bare(made: list[Event]) -> list[Event]:
    """Events without the list of the packets that carry them."""
    return [replace(event, packets=()) for event in made]


def test_a_whole_link() -> None:
    """Each message is one event, in order; nothing else is told."""
    talk = whole()
    conversation, made = converse(talk)
    assert words(made) == WHOLE
    assert all(event.leg is Leg.LINK for event in made)
    assert conversation.identity is not None and conversation.identity.speech is Speech.HANDSHAKE
    assert not conversation.swapped


def test_an_event_has_the_packet_that_carries_it() -> None:
    """Provenance: the packet of a message is the one with its last byte, and all of its packets are listed."""
    clock = Clock()
    name = framed(handshake.SendName(flags=1, creation=1, name="ann@host"))
    talk = Talk(clock).dial().send(OUT, name[:10], acked=False).send(OUT, name[10:], acked=False)
    first, second = clock.told[-2].packet, clock.told[-1].packet
    [named] = [event for event in converse(talk)[1] if isinstance(event, events.NameSent)]
    assert named.packet == second
    assert named.packets == (first, second)


def test_two_messages_in_one_packet() -> None:
    """A status and a challenge that share a packet both cite it."""
    clock = Clock()
    both = framed(handshake.Status(text="ok"), handshake.Challenge(flags=1, challenge=2, creation=3, name=f"bob@{BOB}"))
    made = converse(Talk(clock).dial().name().send(BACK, both, acked=False))[1]
    assert words(made)[-2:] == ["acceptor status", "acceptor challenge"]
    assert made[-1].packet == made[-2].packet == clock.told[-1].packet
    assert made[-1].packets == ()


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("expected", [None, NAMED])
def test_chunks_do_not_matter(pieces: int, expected: Expectation | None) -> None:
    """Whole or byte by byte: the same events of the same packets."""
    clock = Clock()
    talk = whole(clock)
    plain, told = converse(talk, expected=expected)
    chunked, told_in_pieces = converse(talk, cut(clock.told, pieces), expected)
    assert bare(told_in_pieces) == bare(told)
    assert plain.identity == chunked.identity
    for side in Side:
        one, other = plain.connection.flows[side], chunked.connection.flows[side]
        assert (one.sent, one.acknowledged, one.frames) == (other.sent, other.acknowledged, other.frames)


@pytest.mark.parametrize("pieces", [1, 3])
def test_chunks_do_not_matter_to_epmd(pieces: int) -> None:
    """The same for a lookup, on EPMD's port and on one that nobody told of."""
    for port, expected in ((4369, EPMD), (14369, None)):
        clock = Clock()
        talk = lookup(clock, epmd_port=port)
        assert bare(converse(talk, cut(clock.told, pieces), expected)[1]) == bare(converse(talk, None, expected)[1])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_cut_at_all(data: st.DataObject) -> None:
    """Each side's bytes in any pieces."""
    clock = Clock()
    talk = whole(clock)
    pieces: list[StreamEvent] = []
    for event in clock.told:
        if isinstance(event, Data):
            pieces += cut([event], data.draw(st.integers(1, len(event.data))))
        else:
            pieces.append(event)
    assert bare(converse(talk, pieces)[1]) == bare(converse(talk)[1])


def test_epmd_lookup() -> None:
    """On EPMD's port all is on the EPMD leg from the first packet on."""
    clock = Clock()
    made = converse(lookup(clock), expected=EPMD)[1]
    assert words(made)[3:] == ["initiator epmd-request", "acceptor epmd-response", "acceptor fin", "initiator fin"]
    assert {event.leg for event in made} == {Leg.EPMD}


def test_epmd_on_another_port() -> None:
    """The request itself tells what it is."""
    clock = Clock()
    conversation, made = converse(lookup(clock, epmd_port=14369))
    assert conversation.connection.leg is Leg.EPMD
    assert words(made)[3:5] == ["initiator epmd-request", "acceptor epmd-response"]


def test_what_is_not_ours() -> None:
    """A web server is recognised by the first bytes, and no event is made of them."""
    conversation, made = converse(Talk(Clock()).dial().send(OUT, b"GET / HTTP/1.1\r\n\r\n").send(BACK, b"HTTP/1.1 200"))
    assert conversation.identity is not None and conversation.identity.speech is Speech.NOT_OURS
    assert words(made) == ["initiator syn", "acceptor syn-ack", "initiator established"]


def test_another_protocol_on_a_distribution_port() -> None:
    """Where EPMD promised a node, another protocol is told by its name."""
    talk = Talk(Clock()).dial().name().send(BACK, b"SSH-2.0-OpenSSH_9.6\r\n").fin(OUT)
    made = converse(talk, None, NAMED)[1]
    [foreign] = [event for event in made if isinstance(event, events.ForeignSpoken)]
    assert (foreign.side, foreign.protocol) == (A, "ssh")


@pytest.mark.parametrize("finish", ["fin", "rst", "end"])
def test_half_a_message_is_told_in_the_end(finish: str) -> None:
    """What was cut off by a close, a reset or the end of the capture is told with its reason."""
    clock = Clock()
    talk = Talk(clock).dial().send(OUT, framed(handshake.SendName(flags=1, creation=1, name="ann@host"))[:9])
    if finish == "fin":
        talk.fin(OUT).fin(BACK)
    elif finish == "rst":
        talk.rst(BACK)
    made = converse(talk, None, NAMED)[1]
    [cut_off] = [event for event in made if isinstance(event, events.NotUnderstood)]
    assert (cut_off.side, cut_off.problem, cut_off.length) == (I, "truncated", 9)
    assert (made[-1] is cut_off) is (finish == "end"), "a live reader knows it once both have closed"


def test_bytes_after_the_handshake_count() -> None:
    """Ticks and frames: the first of each is an event, the rest only counts, and their spacing is kept."""
    clock = Clock()
    talk = Talk(clock).dial().greet().chat()
    for _ in range(12):
        talk.send(OUT, TICK, after=15_000, acked=False)
    conversation, made = converse(talk)
    flow = conversation.connection.flows[I]
    assert words(made).count("initiator first-tick") == 1
    assert (flow.ticks, flow.frames) == (12, 1)
    assert flow.intervals == [15_000 * MILLISECOND] * 8


# --- TCP --------------------------------------------------------------------------------------------------------------


def test_repeated_dials() -> None:
    """Each SYN is told and counted; the first and the last are kept."""
    conversation, made = converse(Talk(Clock()).syn().syn(retry=1, after=1000).syn(retry=2, after=2000))
    assert [event.retry for event in made if isinstance(event, events.Dialled)] == [0, 1, 2]
    assert conversation.connection.dials == 3
    assert (conversation.connection.first_dial, conversation.connection.last_dial) == (made[0], made[-1])
    assert not conversation.connection.is_open


def test_refused() -> None:
    """A RST that answers the SYN is no reset of a connection."""
    conversation, made = converse(Talk(Clock()).syn().refuse())
    assert words(made) == ["initiator syn", "acceptor refused"]
    assert conversation.connection.refused is made[-1]
    assert conversation.connection.closings == []


def test_a_reset_of_an_open_connection() -> None:
    """It is told with what tells whether it is genuine; a repetition is not told again."""
    talk = Talk(Clock()).dial().name().rst(BACK, ttl=33).rst(BACK, retry=1).rst(BACK, retry=2)
    conversation, made = converse(talk)
    [reset] = [event for event in made if isinstance(event, events.WasReset)]
    assert (reset.side, reset.fit, reset.ttl) == (A, "EXACT", 33)
    assert conversation.connection.closings == [reset]


def test_an_answers_syn_reset_after_the_opening() -> None:
    """Once bytes went through, a reset can't be a refusal, whatever its numbers say."""
    made = converse(Talk(Clock()).dial().name().rst(BACK, fit=ResetFit.ANSWERS_SYN))[1]
    assert words(made)[-1] == "acceptor rst"


def test_repeated_fins_are_told_once() -> None:
    """Each side closes once."""
    made = converse(Talk(Clock()).dial().greet().fin(BACK).fin(BACK, retry=1).fin(OUT).fin(OUT, retry=1))[1]
    assert words(made)[-2:] == ["acceptor fin", "initiator fin"]


def test_a_fin_that_is_implied() -> None:
    """The acknowledgment of a FIN that the capture lacks closes its side, and is no packet of that side."""
    clock = Clock()
    conversation, made = converse(Talk(clock).dial().greet().imply(BACK).fin(OUT))
    closed = [event for event in made if isinstance(event, events.Closed)]
    assert [(event.side, event.implied) for event in closed] == [(A, True), (I, False)]
    flow = conversation.connection.flows[A]
    assert flow.last is not None and flow.last < closed[0].packet
    assert conversation.connection.end is closed[0]


def test_icmp() -> None:
    """An ICMP error names its reporter, whether it answers the dial or comes later."""
    conversation, made = converse(Talk(Clock()).syn().icmp())
    assert isinstance(made[-1], events.DialProhibited)
    assert made[-1].reporter == "10.0.0.254"
    assert conversation.connection.prohibited is made[-1]
    later = converse(Talk(Clock()).dial().name().icmp())[1][-1]
    assert isinstance(later, events.DialProhibited)
    assert later.reporter == "10.0.0.254"


def test_retransmissions_are_counted_by_place() -> None:
    """The third copy of a segment says so."""
    talk = Talk(Clock()).dial().name().resend(OUT).resend(OUT, after=400).resend(OUT, after=800, length=5)
    conversation, made = converse(talk)
    resent = [event for event in made if isinstance(event, events.Resent)]
    assert [event.retry for event in resent] == [1, 2, 1]
    assert conversation.connection.flows[I].resent == 3
    assert conversation.connection.flows[I].last_resent is resent[-1]


def test_acknowledgments() -> None:
    """What the peer's TCP has received counts, never backwards, and the time is kept."""
    clock = Clock()
    talk = Talk(clock).dial().name().acknowledge(BACK)
    conversation = converse(talk)[0]
    flow = conversation.connection.flows[I]
    assert flow.acknowledged == flow.sent == talk.sent[OUT]
    assert flow.unacknowledged == 0
    assert flow.acknowledged_at == clock.told[-2].packet.at, "the first acknowledgment is what counts"


@pytest.mark.parametrize("kind", ["hole", "snapped"])
def test_a_hole_in_the_handshake(kind: str) -> None:
    """The hole is told, the message in it is inferred, and the events after it are read."""
    cause = HoleCause.SNAPPED if kind == "snapped" else HoleCause.NOT_CAPTURED
    clock = Clock()
    talk = Talk(clock).dial().name().status()
    body = framed(handshake.Challenge(flags=1, challenge=2, creation=3, name=f"bob@{BOB}"))
    talk.send(BACK, body[:12]).hole(BACK, len(body) - 12, cause=cause).reply().ack()
    conversation, made = converse(talk)
    assert words(made)[5:] == [
        "acceptor missing",
        "acceptor challenge",
        "initiator challenge-reply",
        "acceptor challenge-ack",
    ]
    [challenge] = [event for event in made if isinstance(event, events.ChallengeSent)]
    assert challenge.inferred and challenge.message is None
    [hole] = conversation.connection.holes
    assert (hole.delivered, hole.snapped) == (kind == "hole", kind == "snapped")


def test_holes_are_bounded() -> None:
    """A capture that drops half of everything does not fill the memory."""
    talk = Talk(Clock()).dial().greet()
    for _ in range(MAX_WAITING * 3):
        talk.hole(BACK, 5).send(BACK, DATA, acked=False)
    assert len(converse(talk)[0].connection.holes) == MAX_WAITING


def test_the_wait_for_identification_is_bounded() -> None:
    """A server that drips a byte at a time is let go after so many pieces."""
    talk = Talk(Clock()).dial()
    for _ in range(MAX_WAITING + 1):
        talk.send(BACK, b"x", acked=False)
    conversation, _ = converse(talk, finish=False)
    assert conversation.identity is not None and conversation.identity.speech is Speech.NOT_OURS


def test_keep_alives_make_no_event() -> None:
    """They only show that the side lives."""
    clock = Clock()
    talk = Talk(clock).dial().greet()
    talk.tell(KeepAlive(stream=talk.stream, packet=clock.packet(5000), direction=OUT))
    conversation, made = converse(talk)
    assert words(made) == WHOLE[:8]
    assert conversation.connection.flows[I].last == clock.told[-1].packet
    assert conversation.connection.last == clock.told[-1].packet


# --- Joined in the middle ---------------------------------------------------------------------------------------------


def swapped_talk(clock: Clock) -> Talk:
    """The stream takes bob's side for the opener; the capture begins with ann's name."""
    talk = Talk(clock, Endpoint(BOB, 39_999), Endpoint(ANN, 40_001), known_by=OpenerKnownBy.GUESS).midstream(BACK)
    name = handshake.SendName(flags=1, creation=1, name=f"ann@{ANN}")
    return talk.send(BACK, framed(name)).send(OUT, framed(handshake.Status(text="ok")))


def test_swapped_sides_in_mid_stream() -> None:
    """What is said shows who the initiator is, though the stream guessed otherwise."""
    conversation, made = converse(swapped_talk(Clock()))
    assert conversation.swapped
    assert words(made)[-2:] == ["initiator send-name", "acceptor status"]
    connection = conversation.connection
    assert (connection.opener, connection.listener) == (Endpoint(ANN, 40_001), Endpoint(BOB, 39_999))
    assert conversation.connection.flows[I].sent == len(
        framed(handshake.SendName(flags=1, creation=1, name=f"ann@{ANN}"))
    )


def test_swapped_sides_of_a_close() -> None:
    """A FIN that comes with the identification has the right side, on the timeline as on the connection."""
    clock = Clock()
    talk = Talk(clock, Endpoint(BOB, 39_999), Endpoint(ANN, 40_001), known_by=OpenerKnownBy.GUESS).midstream(BACK)
    # Ann's half arrives in pieces too small to be told apart before she closes.
    reply = framed(handshake.ChallengeReply(challenge=1, digest=bytes(16)))
    talk.send(BACK, reply).fin(BACK)
    conversation, made = converse(talk)
    assert conversation.swapped
    assert [closing.side for closing in conversation.connection.closings] == [I]
    assert [event.side for event in made if isinstance(event, events.Closed)] == [I]


@pytest.mark.parametrize("direction", Direction)
def test_frames_in_mid_stream(direction: Direction) -> None:
    """Traffic of a link that is older than the capture is recognised by its frames."""
    talk = Talk(Clock()).midstream().send(direction, DATA).send(direction.other, DATA)
    conversation, made = converse(talk)
    assert conversation.identity is not None and conversation.identity.speech is Speech.LINK
    assert sorted(words(made)) == ["acceptor first-data", "initiator established", "initiator first-data"]


# --- Anything at all --------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_order_of_stream_events(data: st.DataObject) -> None:
    """Nothing raises, every event has a packet of the stream, and counters hold."""
    clock = Clock()
    talk = Talk(clock, listener=Endpoint(BOB, data.draw(st.sampled_from([PORT, 4369]))))
    talk.stream.opener_known_by = data.draw(st.sampled_from(OpenerKnownBy))

    misbehave([talk], data.draw)
    conversation, made = converse(talk, None, data.draw(st.sampled_from([None, NAMED, EPMD])))
    known = {event.packet for event in clock.told}
    for event in made:
        assert event.packet in known and set(event.packets) <= known
        event.fields()
    for flow in conversation.connection.flows.values():
        assert 0 <= flow.unacknowledged <= flow.sent
    assert len({closing.side for closing in conversation.connection.closings}) <= 2


def test_finish_twice() -> None:
    """The end of the input comes once, but a second call must not hurt."""
    clock = Clock()
    conversation: Conversation = converse(ask_epmd(clock).ask(epmd.Port2Req(name="bob")), None, EPMD)[0]
    assert conversation.finish() == []
