"""EPMD conversations: which reply answers which request, in any cut, with holes, and with others than EPMD."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.dataclass import replace
from dissectors.dialogue import Decoded, Problem, Side, Undecoded
from dissectors.epmd import (
    REPLY_LIMIT,
    TEXT_LIMIT,
    Alive2Req,
    Alive2Resp,
    Alive2XResp,
    AliveReq,
    AliveResp,
    DumpReq,
    DumpResp,
    EpmdDialogue,
    KillReq,
    KillResp,
    NamesReq,
    NamesResp,
    Port2Refusal,
    Port2Req,
    Port2Resp,
    PortReq,
    PortResp,
    StopReq,
    StopResp,
    looks_like_request,
)
from dissectors.wire import Message
from tests.generate import A, Event, I, assert_accounted, bytewise, events, framed, recut, said, talk

ALIVE2 = Alive2Req(38929, 77, 0, 6, 5, "ann")
PORT2 = Port2Resp(0, 42265, 77, 0, 6, 5, "store")
PAIRS: list[tuple[Message, Message]] = [
    (ALIVE2, Alive2XResp(0, 1_763_830_000)),
    (ALIVE2, Alive2Resp(1, 99)),
    (Port2Req("store"), PORT2),
    (Port2Req("store"), Port2Refusal(1)),
    (NamesReq(), NamesResp(4369, "name a at port 1\nname b at port 2\n")),
    (NamesReq(), NamesResp(4369, "")),
    (DumpReq(), DumpResp(4369, "active name     <a> at port 1, fd = 5\n\0")),
    (KillReq(), KillResp("OK")),
    (KillReq(), KillResp("NO")),
    (StopReq("a"), StopResp("NOEXISTSTOPPED")),
    (StopReq("a"), StopResp("STOPPED")),
    (AliveReq(4000, "old"), AliveResp(1)),
    (PortReq("old"), PortResp(4000)),
]
ENDED_BY_CLOSE = (NamesResp, DumpResp, KillResp, StopResp)


def conversation(request: Message, reply: Message) -> list[Event]:
    """A whole conversation, EPMD closing first."""
    return [(I, framed(request.write())), (A, reply.write()), (A, None), (I, None)]


@pytest.mark.parametrize(("request_", "reply"), PAIRS)
def test_whole(request_: Message, reply: Message) -> None:
    """The request, then the reply, each with its place."""
    dialogue = EpmdDialogue()
    asked, answered = request_.write(), reply.write()
    assert dialogue.feed(I, framed(asked)) == [Decoded(I, 0, 2 + len(asked), request_)]
    assert dialogue.request == request_
    item = Decoded(A, 0, len(answered), reply)
    at_once = dialogue.feed(A, answered)
    at_close = dialogue.close(A)
    assert (at_once, at_close) == (([], [item]) if isinstance(reply, ENDED_BY_CLOSE) else ([item], []))
    assert dialogue.close(I) == []


@given(st.data(), st.sampled_from(PAIRS))
def test_any_cut(data: st.DataObject, pair: tuple[Message, Message]) -> None:
    """The items do not depend on the cuts, nor on one byte at a time."""
    whole = conversation(*pair)
    items = talk(EpmdDialogue(), whole)
    assert said(items) == [*pair]
    assert talk(EpmdDialogue(), bytewise(whole)) == items
    assert talk(EpmdDialogue(), data.draw(recut(whole))) == items


@pytest.mark.parametrize(("request_", "reply"), PAIRS)
def test_cut_off_at_every_index(request_: Message, reply: Message) -> None:
    """A stream that ends early is TRUNCATED, or a shorter text."""
    asked, answered = framed(request_.write()), reply.write()
    for end in range(1, len(asked)):
        assert said(talk(EpmdDialogue(), [(I, asked[:end]), (I, None)])) == ["truncated"]
    for end in range(1, len(answered)):
        (item,) = talk(EpmdDialogue(), [(I, asked), (A, answered[:end]), (A, None)])[1:]
        if isinstance(item, Decoded):
            assert isinstance(reply, ENDED_BY_CLOSE)
        else:
            assert isinstance(item, Undecoded)
            assert item.problem is Problem.TRUNCATED
            assert (item.start, item.end, item.data) == (0, end, answered[:end])


@pytest.mark.parametrize(("request_", "reply"), PAIRS)
def test_trailing_junk(request_: Message, reply: Message) -> None:
    """What follows the request, or the reply, is given as MALFORMED."""
    asked, answered = framed(request_.write()), reply.write()
    items = talk(EpmdDialogue(), [(I, asked + b"more"), (A, answered), (A, None)])
    assert said(items) == [request_, "malformed", reply]
    if not isinstance(reply, ENDED_BY_CLOSE):
        items = talk(EpmdDialogue(), [(I, asked), (A, answered + b"more"), (A, None)])
        assert said(items) == [request_, reply, "malformed"]


def test_registration_stays_open() -> None:
    """Any byte on a registered connection is Undecoded (and unregisters the name)."""
    items = talk(EpmdDialogue(), [(I, framed(ALIVE2.write())), (A, b"v\0\0\0\0\5"), (I, b"x"), (I, None)])
    assert said(items) == [ALIVE2, Alive2XResp(0, 5), "malformed"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
        b"\x15\x03\x01\x00\x02\x02\x0a",
        b"\x00\x03sok",
        b"w\x00",
    ],
)
@pytest.mark.parametrize("request_", [NamesReq(), KillReq(), ALIVE2, Port2Req("store")], ids=lambda r: type(r).__name__)
def test_answers_that_are_no_epmd(request_: Message, answer: bytes) -> None:
    """Another protocol is MALFORMED, as a whole, however it was cut."""
    if answer == b"w\x00" and isinstance(request_, Port2Req):
        answer += b"\xff" * REPLY_LIMIT
    whole: list[Event] = [(I, framed(request_.write())), (A, answer), (I, None)]
    for cut in (whole, bytewise(whole)):
        (item,) = talk(EpmdDialogue(), cut)[1:]
        assert isinstance(item, Undecoded)
        assert (item.start, item.end, item.problem) == (0, len(answer), Problem.MALFORMED)
        assert item.data == answer[:64]


def test_banner_before_the_request() -> None:
    """Who speaks first, and not like EPMD, is no EPMD."""
    banner = b"SSH-2.0-OpenSSH_9.2p1\r\n"
    assert said(talk(EpmdDialogue(), [(A, banner), (I, framed(b"zstore")), (A, None)])) == [
        "malformed",
        Port2Req("store"),
    ]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (b"\x00\x00", "a request of 0 bytes (1 to 3057 are possible)"),
        (b"GET / HTTP/1.0\r\n\r\n", "a request of 18245 bytes (1 to 3057 are possible)"),
        (b"\x00\x01Q", "no request has the tag b'Q'"),
        (b"\x00\x02nn", "NamesReq: end at byte 1: no more bytes wanted, 1 bytes found"),
        (b"\x00\x04x\x10\x00\x4d", "Alive2Req: protocol at byte 4: 1 bytes wanted, 0 there"),
    ],
)
def test_requests_that_are_none(request_: bytes, reason: str) -> None:
    """The reason says what is wrong; no byte is lost."""
    whole: list[Event] = [(I, request_), (I, None), (A, None)]
    for cut in (whole, bytewise(whole)):
        items = talk(EpmdDialogue(), cut)
        assert [(item.problem, item.reason) for item in items if isinstance(item, Undecoded)] == [
            (Problem.MALFORMED, reason)
        ]
        assert_accounted(items, whole)


@pytest.mark.parametrize("reply", [PORT2, Port2Refusal(1), Alive2Resp(0, 2), Alive2XResp(1, 99)])
def test_reply_without_its_request(reply: Message) -> None:
    """Half a capture: replies with a tag are recognised if every field is sane."""
    whole: list[Event] = [(A, reply.write()), (A, None)]
    assert said(talk(EpmdDialogue(), whole)) == [reply]
    assert said(talk(EpmdDialogue(midstream=True), bytewise(whole))) == [reply]
    assert said(talk(EpmdDialogue(), [(I, 10), *whole])) == [10, reply]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (NamesResp(4369, "name a at port 1\n").write(), "out-of-step"),
        (b"Y\0\1", "out-of-step"),
        (b"OK", "out-of-step"),
        (b"w\x05", "out-of-step"),
        (b"w\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "out-of-step"),
        (b"HTTP/1.1 200 OK\r\n", "malformed"),
    ],
)
def test_reply_that_nothing_tells(data: bytes, problem: str) -> None:
    """Without the request nothing is guessed; bytes that begin no reply at all are malformed."""
    whole: list[Event] = [(A, data), (A, None)]
    assert said(talk(EpmdDialogue(), whole)) == [problem]
    assert talk(EpmdDialogue(), bytewise(whole)) == talk(EpmdDialogue(), whole)
    assert said(talk(EpmdDialogue(midstream=True), whole)) == ["out-of-step"]


def test_hole_in_the_request() -> None:
    """A request cut by a hole still tells which reply is due."""
    asked = framed(NamesReq().write() + b"")
    answer = NamesResp(4369, "name a at port 1\n")
    assert said(talk(EpmdDialogue(), [(I, asked[:2]), (I, 1), (A, answer.write()), (A, None)])) == [
        "truncated",
        1,
        "out-of-step",
    ]
    request = framed(ALIVE2.write())
    items = talk(EpmdDialogue(), [(I, request[:9]), (I, len(request) - 9), (A, b"y\0\0\1"), (I, b"x"), (I, None)])
    assert said(items) == ["truncated", len(request) - 9, Alive2Resp(0, 1), "out-of-step"]


def test_hole_in_the_reply() -> None:
    """What came before the hole is TRUNCATED, what comes after it is OUT_OF_STEP."""
    items = talk(EpmdDialogue(), [(I, b"\0\6zstore"), (A, b"w\0\xa5"), (A, 4), (A, b"rest"), (A, None)])
    assert said(items) == [Port2Req("store"), "truncated", 4, "out-of-step"]
    assert [(item.start, item.end) for item in items[1:]] == [(0, 3), (3, 7), (7, 11)]


@pytest.mark.parametrize(
    ("kept", "reply"),
    [(9, "truncated"), (10, replace(PORT2, name="")), (14, replace(PORT2, name="st")), (17, PORT2)],
)
def test_hole_behind_what_an_initiator_acts_on(kept: int, reply: Message | str) -> None:
    """The port and the versions stand before the name: they are known though the rest was lost."""
    answered = PORT2.write()
    asked = framed(Port2Req("store").write())
    items = talk(EpmdDialogue(), [(I, asked), (A, answered[:kept]), (A, len(answered) - kept), (A, None)])
    assert said(items) == [Port2Req("store"), reply, len(answered) - kept]
    assert (items[1].start, items[1].end) == (0, kept)


def test_endless_text_is_bounded() -> None:
    """A list of names that does not end is given up."""
    dialogue = EpmdDialogue()
    dialogue.feed(I, b"\0\1n")
    items = dialogue.feed(A, b"\0\0\x11\x11")
    for _ in range(TEXT_LIMIT // 65536 + 1):
        items += dialogue.feed(A, b"name x at port 1" * 4096)
    items += dialogue.close(A)
    assert {item.problem for item in items if isinstance(item, Undecoded)} == {Problem.MALFORMED}


@given(
    events(
        st.binary(max_size=40) | st.sampled_from([framed(r.write()) for r, _ in PAIRS] + [r.write() for _, r in PAIRS])
    )
)
def test_total(hostile: list[Event]) -> None:
    """No conversation raises or loses a byte."""
    whole: list[Event] = [*hostile, (I, None), (A, None)]
    assert_accounted(talk(EpmdDialogue(), whole), whole)
    assert_accounted(talk(EpmdDialogue(midstream=True), whole), whole)


@given(st.data(), events(st.binary(max_size=40) | st.sampled_from([framed(r.write()) for r, _ in PAIRS])))
def test_total_in_any_cut(data: st.DataObject, hostile: list[Event]) -> None:
    """The items of hostile bytes do not depend on the cuts either."""
    whole: list[Event] = [*hostile, (I, None), (A, None)]
    assert talk(EpmdDialogue(), data.draw(recut(whole))) == talk(EpmdDialogue(), whole)


@pytest.mark.parametrize("request_", [request for request, _ in PAIRS], ids=lambda r: type(r).__name__)
def test_looks_like_a_request(request_: Message) -> None:
    """Yes for exactly a request, unknown for its beginning, no for more than it."""
    data = framed(request_.write())
    assert looks_like_request(data) is True
    assert all(looks_like_request(data[:end]) is None for end in range(len(data)))
    assert looks_like_request(data + b"\0") is False


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.0\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        bytes.fromhex("00184e0000000d07df7fbd6b0305df000961707040616c706861"),  # a send_name
        bytes.fromhex("00156e000500df7fbd6d6978314031302e37372e302e31"),  # an old one
        b"\0\0",
        b"\0\2z\0",
        b"\0\4za@b",
        b"\0\3z\x1b[",
        framed(Alive2Req(0, 77, 0, 6, 5, "ann").write()),
        framed(Alive2Req(1, 1, 0, 6, 5, "ann").write()),
        framed(Alive2Req(1, 77, 0, 5, 6, "ann").write()),
        framed(Alive2Req(1, 77, 0, 6, 5, "").write()),
        framed(AliveReq(0, "old").write()),
        framed(PortReq("\udcff").write()),
    ],
)
def test_does_not_look_like_a_request(data: bytes) -> None:
    """Other protocols, and requests that no node sends."""
    assert looks_like_request(data) is False


@given(st.binary(max_size=40))
def test_looks_total(data: bytes) -> None:
    """An answer for any bytes; more bytes never turn a no into something else."""
    if looks_like_request(data) is False:
        assert looks_like_request(data + b"x") is False


def test_sides() -> None:
    """The other side of a side."""
    assert Side.INITIATOR.other is Side.ACCEPTOR
    assert Side.ACCEPTOR.other is Side.INITIATOR
