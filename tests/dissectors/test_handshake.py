"""Distribution connections: phases and sides, any cut, holes, snap lengths, starts in mid-stream, hostile bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.control import ControlMessage
from dissectors.dialogue import Decoded, Dialogue, Missing, Problem, Undecoded
from dissectors.handshake import (
    Challenge,
    ChallengeAck,
    ChallengeOld,
    ChallengeReply,
    Complement,
    HandshakeDialogue,
    Partial,
    SendName,
    SendNameOld,
    Status,
    StatusNamed,
)
from dissectors.traffic import DistributionHeader, OpaqueFrame, Sought, Tick
from dissectors.wire import Message
from tests.generate import A, Event, I, assert_accounted, bytewise, events, framed, lying, recut, said, talk

NAME = SendName(0xD07DF7FBD, 7, "ann@alpha")
OLD_NAME = SendNameOld(5, 0x01DF7FBD, "ann@alpha")
OK = Status("ok")
CHALLENGE = Challenge(0x2D07DF7FBD, 1, 8, "bob@beta")
OLD_CHALLENGE = ChallengeOld(5, 0xDF7FBD, 1, "bob@beta")
COMPLEMENT = Complement(0xD, 7)
REPLY = ChallengeReply(2, bytes(range(16)))
ACK = ChallengeAck(bytes(range(16, 32)))
TICK = bytes(4)
REX = bytes.fromhex(  # the first frame between two nodes of OTP 25: a cast to rex
    "00000059"  # length
    "8344"  # distribution header
    "04"  # four references
    "8caa00"  # the first three new
    "670e6d6978324031302e37372e302e32"  # mix2@10.77.0.2
    "0500"  # the empty atom
    "b503726578"  # rex
    "c71066656174757265735f72657175657374"  # features_request
    "6804 6106"  # {6 (REG_SEND),
    "58520000000036000000006b0309b2"  # from a process of mix2,
    "5201 5202"  # '', rex}
    "680258520000000036000000006b0309b25203"  # the message
)
REX_FRAME = DistributionHeader(89, ControlMessage(6, "rex", ("mix2@10.77.0.2", "", "rex", "features_request"), size=49))


def message(said_: Message, length_size: int = 2) -> bytes:
    """A message as it is on the wire."""
    return framed(said_.write(), length_size)


HANDSHAKES: list[list[Message]] = [
    [NAME, OK, CHALLENGE, REPLY, ACK],
    [OLD_NAME, OK, OLD_CHALLENGE, REPLY, ACK],
    [OLD_NAME, OK, CHALLENGE, COMPLEMENT, REPLY, ACK],
    [NAME, Status("alive"), Status("true"), CHALLENGE, REPLY, ACK],
    [SendName(1 << 33, 0, "alpha"), StatusNamed("3H@alpha", 9), CHALLENGE, REPLY, ACK],
    [OLD_NAME, OK, CHALLENGE, COMPLEMENT, REPLY, Status("not_allowed")],
    [NAME, Status("alive"), Status("false")],
    [NAME, Status("nok")],
]
OF_INITIATOR = (SendName, SendNameOld, Complement, ChallengeReply)


def conversation(handshake: list[Message], length_size: int = 2) -> list[Event]:
    """Who says what, and the closes."""
    talkers = [
        I if isinstance(said_, OF_INITIATOR) or said_ in (Status("true"), Status("false")) else A for said_ in handshake
    ]
    spoken: list[Event] = [(side, message(said_, length_size)) for side, said_ in zip(talkers, handshake, strict=True)]
    if handshake[-1] == ACK:
        spoken += [(A, REX), (I, REX + TICK), (A, TICK)]
    return [*spoken, (A, None), (I, None)]


def test_data_are_skimmed_when_both_are_connected() -> None:
    """The initiator may send frames once it has replied; until the acceptor has acknowledged, each is looked at."""
    dialogue = HandshakeDialogue()

    def skims() -> bool:
        return dialogue.skim(I, lying(REX), Sought(b"", ())) is not None

    for side, data in conversation([NAME, OK, CHALLENGE, REPLY, ACK]):
        if data == message(ACK):
            assert not skims()
            dialogue.feed(side, message(ACK))
            assert skims()
            return
        assert isinstance(data, bytes)
        dialogue.feed(side, data)
        assert not skims()


@pytest.mark.parametrize("length_size", [2, 4])
@pytest.mark.parametrize("handshake", HANDSHAKES)
def test_handshakes(handshake: list[Message], length_size: int) -> None:
    """Every message in order with its place, whole and byte by byte; then the frames."""
    whole = conversation(handshake, length_size)
    items = talk(HandshakeDialogue(length_size), whole)
    after: list[object] = [REX_FRAME, REX_FRAME, Tick(), Tick()] if handshake[-1] == ACK else []
    assert said(items) == handshake + after
    assert_accounted(items, whole)
    assert talk(HandshakeDialogue(length_size), bytewise(whole)) == items


@given(st.data(), st.sampled_from(HANDSHAKES), st.sampled_from([2, 4]))
def test_handshakes_in_any_cut(data: st.DataObject, handshake: list[Message], length_size: int) -> None:
    """The items do not depend on the cuts."""
    whole = conversation(handshake, length_size)
    items = talk(HandshakeDialogue(length_size), whole)
    assert talk(HandshakeDialogue(length_size), data.draw(recut(whole))) == items


def test_messages_that_share_a_segment() -> None:
    """Status with challenge, complement with reply, acknowledgement with first data."""
    whole: list[Event] = [
        (I, message(OLD_NAME)),
        (A, message(OK) + message(CHALLENGE)),
        (I, message(COMPLEMENT) + message(REPLY) + REX),
        (A, message(ACK) + REX + TICK),
    ]
    assert said(talk(HandshakeDialogue(), whole)) == [
        *(OLD_NAME, OK, CHALLENGE, COMPLEMENT, REPLY, REX_FRAME, ACK, REX_FRAME, Tick())
    ]


@pytest.mark.parametrize("side", [I, A])
@pytest.mark.parametrize("handshake", HANDSHAKES)
def test_one_side_alone(side: object, handshake: list[Message]) -> None:
    """Half a capture gives the same items of that half."""
    whole = conversation(handshake)
    both = [item for item in talk(HandshakeDialogue(), whole) if item.side is side]
    assert talk(HandshakeDialogue(), [event for event in whole if event[0] is side]) == both


@pytest.mark.parametrize("end", range(1, len(message(NAME))))
def test_name_cut_off(end: int) -> None:
    """A stream that ends inside a message: TRUNCATED, and as much as is known about it."""
    data = message(NAME)[:end]
    (item,) = talk(HandshakeDialogue(), [(I, data), (I, None)])
    what = "the length of a message" if end < 2 else "send_name of 24 bytes"
    reason = f"{what}, cut off after {end} bytes by the end of the stream"
    assert item == Undecoded(I, 0, end, Problem.TRUNCATED, reason, data)


@pytest.mark.parametrize(
    ("side", "data", "reason", "end"),
    [
        (I, b"\0\0", "a handshake message of 0 bytes (1 to 1500 are possible)", 2),
        (I, b"GET / HTTP/1.1\r\n", "a handshake message of 18245 bytes (1 to 1500 are possible)", 16),
        (A, b"SSH-2.0-OpenSSH", "a handshake message of 21331 bytes (1 to 1500 are possible)", 15),
        (A, b"\x15\x03\x03\0\2\2\x0a", "a handshake message of 5379 bytes (1 to 1500 are possible)", 7),
        (I, b"\0\x10QAAA", "no handshake message of the initiator has the tag b'Q'", 6),
        (A, b"\0\x15r", "no handshake message of the acceptor has the tag b'r'", 3),
        (I, b"\0\5rABCD", "ChallengeReply: digest at byte 5: 16 bytes wanted, 0 there", 7),
        (A, b"\0\x09N12345678", "Challenge: challenge at byte 9: 4 bytes wanted, 0 there", 11),
        (I, framed(b"N" + bytes(12) + b"\0\xc8evil@x"), "SendName: name at byte 15: 200 bytes wanted, 6 there", 23),
        (I, framed(REPLY.write() + b"!"), "ChallengeReply: end at byte 21: no more bytes wanted, 1 bytes found", 24),
        (A, framed(b"snamed:\0"), "StatusNamed: name at byte 7: 2 bytes wanted, 1 there", 10),
    ],
)
def test_malformed(side: object, data: bytes, reason: str, end: int) -> None:
    """The reason is precise and the same in any cut; what follows in that direction is given, not read."""
    assert side in (I, A)
    speaker = I if side is I else A
    (item,) = talk(HandshakeDialogue(), [*bytewise([(speaker, data)]), (speaker, None)])
    assert item == Undecoded(speaker, 0, end, Problem.MALFORMED, reason, data)
    whole: list[Event] = [(speaker, data), (speaker.other, b"\0\3sok"), (speaker, message(NAME)), (speaker, None)]
    items = talk(HandshakeDialogue(), whole)
    assert_accounted([item for item in items if item.side is speaker], whole[:1] + whole[2:])
    assert not any(isinstance(item, Decoded) for item in items if item.side is speaker)


def test_bad_names_are_decoded() -> None:
    """A name that no acceptor takes is a message like others, and says so."""
    long_name = SendName(0, 0, "x" * 1000)
    assert said(talk(HandshakeDialogue(), [(I, message(long_name))])) == [long_name]
    assert not long_name.valid_name()


def test_undecodable_bytes_appear_when_the_peer_acts() -> None:
    """A banner is given as one item as soon as the other side says something."""
    dialogue = HandshakeDialogue()
    assert dialogue.feed(A, b"220 mail.example") == []
    assert dialogue.feed(A, b".net ESMTP\r\n") == []
    assert said(dialogue.feed(I, message(NAME))) == ["malformed", NAME]


class TestHoles:
    """Bytes that are not to be had."""

    def test_snap_length_inside_a_challenge(self) -> None:
        """A message with its length and a part is a Partial, and its side stays in step."""
        whole = message(CHALLENGE)
        events_: list[Event] = [
            (A, message(OK)),
            (A, whole[:20]),
            (A, len(whole) - 20),
            (A, message(ACK)),
            (A, REX),
        ]
        items = talk(HandshakeDialogue(), events_)
        body = CHALLENGE.write()
        cut = Partial(A, "N", "challenge", len(body), body[:18])
        assert items[1:3] == [Decoded(A, 5, 5 + len(whole), cut), Missing(A, 25, 5 + len(whole))]
        assert said(items[3:]) == [ACK, REX_FRAME]
        assert cut.read_partial()["challenge"] == 1

    def test_hole_in_the_middle_of_a_message(self) -> None:
        """The rest of the message is passed over, whatever the cut."""
        whole = message(REPLY)
        events_: list[Event] = [(I, message(NAME)), (I, whole[:7]), (I, 10), (I, whole[17:] + REX)]
        items = talk(HandshakeDialogue(), events_)
        assert said(items) == [NAME, 10, Partial(I, "r", "challenge_reply", 21, whole[2:7]), REX_FRAME]
        assert [(item.start, item.end) for item in items[2:]] == [(26, 49), (49, 142)]
        assert talk(HandshakeDialogue(), bytewise(events_)) == items

    def test_two_holes_in_one_message(self) -> None:
        """A second hole in the same message changes nothing."""
        whole = message(REPLY)
        items = talk(HandshakeDialogue(), [(I, whole[:7]), (I, 4), (I, whole[11:13]), (I, 10), (I, REX)])
        assert said(items) == [4, Partial(I, "r", "challenge_reply", 21, whole[2:7]), 10, REX_FRAME]

    def test_length_alone(self) -> None:
        """A snap length that leaves two bytes of each message: the lengths tell."""
        events_: list[Event] = []
        for said_ in (NAME, REPLY):
            whole = message(said_)
            events_ += [(I, whole[:2]), (I, len(whole) - 2)]
        items = talk(HandshakeDialogue(), [*events_, (I, REX[:2]), (I, len(REX) - 2)])
        assert said(items) == [
            *(Partial(I, "", "send_name", 24, b""), 24),
            *(Partial(I, "", "challenge_reply", 21, b""), 21),
            *("truncated", len(REX) - 2),
        ]

    def test_reply_lost(self) -> None:
        """The bytes behind the hole are frames: in step again."""
        items = talk(HandshakeDialogue(), [(I, message(NAME)), (I, 23), (I, REX), (I, TICK)])
        assert said(items) == [NAME, 23, REX_FRAME, Tick()]

    def test_challenge_lost(self) -> None:
        """The bytes behind the hole are an acknowledgement: in step again."""
        lost = len(message(CHALLENGE))
        items = talk(HandshakeDialogue(), [(A, message(OK)), (A, lost), (A, message(ACK) + REX)])
        assert said(items) == [OK, lost, ACK, REX_FRAME]

    def test_other_side_is_not_concerned(self) -> None:
        """A hole on one side does not disturb the other."""
        items = talk(
            HandshakeDialogue(),
            [(I, message(NAME)), (A, 5 + len(message(CHALLENGE))), (I, message(REPLY)), (A, message(ACK)), (I, REX)],
        )
        assert said(items) == [NAME, 5 + len(message(CHALLENGE)), REPLY, ACK, REX_FRAME]

    def test_the_smallest_hole(self) -> None:
        """One byte is a hole, none is not."""
        dialogue = HandshakeDialogue()
        assert dialogue.gap(I, 0) == []
        assert dialogue.gap(I, 1) == [Missing(I, 0, 1)]

    def test_hole_beyond_the_message(self) -> None:
        """The cut message is known, what follows is not; nothing is guessed until a segment begins like something."""
        whole = message(CHALLENGE)
        items = talk(HandshakeDialogue(), [(A, whole[:5]), (A, 100), (A, b"\xab" * 10), (A, b"\xcd" * 10), (A, REX)])
        assert said(items) == [
            Partial(A, "N", "challenge", len(whole) - 2, whole[2:5]),
            100,
            "out-of-step",
            REX_FRAME,
        ]
        (unknown,) = (item for item in items if isinstance(item, Undecoded))
        assert (unknown.start, unknown.end, unknown.reason) == (105, 125, "after a hole")

    def test_partial_right_behind_a_hole(self) -> None:
        """A cut message is recognised after a hole too, by length and tag."""
        whole = message(REPLY)
        items = talk(HandshakeDialogue(), [(I, 26), (I, whole[:10]), (I, 13), (I, REX)])
        assert said(items) == [26, Partial(I, "r", "challenge_reply", 21, whole[2:10]), 13, REX_FRAME]

    def test_hole_in_a_length(self) -> None:
        """One byte of a length is no Partial."""
        assert said(talk(HandshakeDialogue(), [(I, b"\0"), (I, 5), (I, None)])) == ["truncated", 5]

    def test_hole_inside_traffic(self) -> None:
        """Inside a frame, or up to its end, it does no harm; beyond, the next segment start is tried."""
        start: list[Event] = [(A, message(ACK))]
        items = talk(HandshakeDialogue(), [*start, (A, REX[:80]), (A, 5), (A, REX[85:] + TICK)])
        assert said(items) == [ACK, 5, REX_FRAME, Tick()]
        items = talk(HandshakeDialogue(), [*start, (A, REX[:80]), (A, len(REX) - 80), (A, TICK)])
        assert said(items) == [ACK, REX_FRAME, len(REX) - 80, Tick()]
        items = talk(HandshakeDialogue(), [*start, (A, REX[:80]), (A, 1000), (A, b"x" * 50), (A, REX + TICK)])
        assert said(items) == [ACK, "truncated", 1000, "out-of-step", REX_FRAME, Tick()]

    def test_end_inside_a_cut_message(self) -> None:
        """A cut message of which the rest does not come is still a Partial."""
        items = talk(HandshakeDialogue(), [(I, message(REPLY)[:7]), (I, 4), (I, None)])
        assert said(items) == [4, Partial(I, "r", "challenge_reply", 21, message(REPLY)[2:7])]
        assert (items[1].start, items[1].end) == (0, 11)


class TestMidstream:
    """The first bytes of a side may belong to any phase."""

    @pytest.mark.parametrize("first", [OK, CHALLENGE, OLD_CHALLENGE, ACK, StatusNamed("a@b", 1)])
    def test_any_message_of_the_acceptor(self, first: Message) -> None:
        """A whole message is a start."""
        ending: list[Message] = [] if first == ACK else [ACK]
        whole: list[Event] = [(A, message(said_)) for said_ in [first, *ending]]
        items = talk(HandshakeDialogue(midstream=True), [*whole, (A, TICK), (A, None)])
        assert said(items) == [first, *ending, Tick()]

    @pytest.mark.parametrize("first", [NAME, OLD_NAME, Status("true"), COMPLEMENT, REPLY])
    def test_any_message_of_the_initiator(self, first: Message) -> None:
        """A whole message is a start, and byte by byte too."""
        whole: list[Event] = [(I, message(first)), (I, None)]
        assert said(talk(HandshakeDialogue(midstream=True), whole)) == [first]
        assert said(talk(HandshakeDialogue(midstream=True), bytewise(whole))) == [first]

    def test_established(self) -> None:
        """Ticks and frames; the middle of a frame is passed over until a segment begins with one."""
        whole: list[Event] = [
            (I, TICK),
            (A, REX[40:]),
            (A, REX + REX),
            (I, REX),
            (A, None),
            (I, None),
        ]
        items = talk(HandshakeDialogue(midstream=True), whole)
        assert said(items) == [Tick(), "out-of-step", REX_FRAME, REX_FRAME, REX_FRAME]
        assert_accounted(items, whole)

    def test_frames_that_turn_out_to_be_none(self) -> None:
        """Without a handshake to trust, a frame that begins like none loses the step."""
        items = talk(HandshakeDialogue(midstream=True), [(I, REX), (I, b"\0\0\0\x08garbage!"), (I, TICK), (I, None)])
        assert said(items) == [REX_FRAME, "out-of-step", Tick()]
        (unknown,) = (item for item in items if isinstance(item, Undecoded))
        assert (unknown.start, unknown.end) == (93, 105)

    def test_after_a_handshake_everything_is_a_frame(self) -> None:
        """With a handshake to trust, it is opaque."""
        items = talk(HandshakeDialogue(), [(A, message(ACK)), (A, b"\0\0\0\x08garbage!"), (A, TICK)])
        assert said(items) == [ACK, OpaqueFrame(8, b"garbage!"), Tick()]

    def test_nothing_known(self) -> None:
        """Bytes that fit nothing are one item."""
        whole: list[Event] = [(I, b"\xffnonsense"), (I, b"\xffmore"), (I, None)]
        (item,) = talk(HandshakeDialogue(midstream=True), whole)
        assert item == Undecoded(I, 0, 14, Problem.OUT_OF_STEP, "after a start in mid-stream", b"\xffnonsense\xffmore")

    def test_undecided_at_the_end(self) -> None:
        """Bytes that might still have become something are given at the close."""
        assert said(talk(HandshakeDialogue(midstream=True), [(A, b"\0\x11a"), (A, None)])) == ["out-of-step"]
        assert said(talk(HandshakeDialogue(midstream=True), [(A, b"\0\x11"), (A, 5), (A, None)])) == ["out-of-step", 5]

    def test_second_segment_decides(self) -> None:
        """A beginning that comes to nothing does not hide the frame in the next segment."""
        items = talk(HandshakeDialogue(midstream=True), [(A, b"\0\x11"), (A, REX)])
        assert said(items) == ["out-of-step", REX_FRAME]


PIECES = st.sampled_from([message(m) for m in (NAME, OK, CHALLENGE, REPLY, ACK, COMPLEMENT)] + [REX, TICK, REX[:50]])


@given(events(st.binary(max_size=40) | PIECES), st.booleans(), st.sampled_from([2, 4]))
def test_total(hostile: list[Event], midstream: bool, length_size: int) -> None:
    """No conversation raises or loses a byte."""
    whole: list[Event] = [*hostile, (I, None), (A, None)]
    assert_accounted(talk(HandshakeDialogue(length_size, midstream), whole), whole)


@given(st.data(), st.lists(st.tuples(st.sampled_from([I, A]), st.binary(max_size=40) | PIECES), max_size=12))
def test_total_in_any_cut(data: st.DataObject, hostile: list[Event]) -> None:
    """Without holes the items of hostile bytes do not depend on the cuts."""
    whole: list[Event] = [*hostile, (I, None), (A, None)]
    assert talk(HandshakeDialogue(), data.draw(recut(whole))) == talk(HandshakeDialogue(), whole)


def test_is_a_dialogue() -> None:
    """The type checker agrees, and nothing happens for nothing."""
    dialogue: Dialogue = HandshakeDialogue()
    assert dialogue.feed(I, b"") == dialogue.gap(I, 0) == dialogue.gap(A, -1) == dialogue.close(A) == []
