"""EPMD messages against bytes of real nodes, and against their own declarations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.epmd import (
    Alive2Req,
    Alive2Resp,
    Alive2XResp,
    AliveReq,
    AliveResp,
    DumpEntry,
    DumpReq,
    DumpResp,
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
)
from dissectors.epmd_messages import REPLIES, REQUESTS
from dissectors.wire import Message, Truncated, WireError
from tests.generate import messages

CASES: list[tuple[Message, bytes]] = [
    (
        Alive2Req(38929, 77, 0, 6, 5, "ann"),
        b"x"  # tag
        b"\x98\x11"  # port
        b"\x4d"  # type: a node
        b"\x00"  # protocol: TCP
        b"\x00\x06\x00\x05"  # highest, lowest
        b"\x00\x03ann"  # name
        b"\x00\x00",  # extra
    ),
    (Alive2Resp(1, 99), b"y\x01\x00\x63"),  # docs/protocol.md 1.4: the name is taken
    (Alive2XResp(1, 99), b"v\x01\x00\x00\x00\x63"),
    (Port2Req("store"), b"zstore"),
    (Port2Resp(0, 42265, 77, 0, 6, 5, "store"), bytes.fromhex("7700a5194d0000060005000573746f72650000")),
    (Port2Refusal(1), b"w\x01"),
    (NamesReq(), b"n"),
    (
        NamesResp(4369, "name beta2 at port 45453\nname alpha1 at port 39313\n"),
        b"\x00\x00\x11\x11name beta2 at port 45453\nname alpha1 at port 39313\n",
    ),
    (DumpReq(), b"d"),
    (
        DumpResp(4369, "active name     <beta2> at port 45453, fd = 6\n\0"),
        b"\x00\x00\x11\x11active name     <beta2> at port 45453, fd = 6\n\x00",
    ),
    (KillReq(), b"k"),
    (KillResp("OK"), b"OK"),
    (StopReq("nosuch"), b"snosuch"),
    (StopResp("NOEXISTSTOPPED"), b"NOEXISTSTOPPED"),
    (AliveReq(4000, "old"), b"a\x0f\xa0old"),
    (AliveResp(3), b"Y\x00\x03"),
    (PortReq("old"), b"pold"),
    (PortResp(4000), b"\x0f\xa0"),
]
DECLARED = sorted({*REQUESTS.values(), *(reply for replies in REPLIES.values() for reply in replies)}, key=str)


def test_all_messages_have_a_case() -> None:
    """No declaration without an example."""
    assert {type(case) for case, _ in CASES} == set(DECLARED)


@pytest.mark.parametrize(("message", "body"), CASES, ids=lambda case: type(case).__name__)
def test_both_ways(message: Message, body: bytes) -> None:
    """Reading gives the message, writing gives the bytes, spans cover them."""
    assert type(message).read(body) == message
    assert message.write() == body
    ends = [end for _, end in type(message).spans(body).values()]
    assert (ends or [len(message.TAG)])[-1] == len(body)


@pytest.mark.parametrize(("message", "body"), CASES, ids=lambda case: type(case).__name__)
def test_cut_at_every_index(message: Message, body: bytes) -> None:
    """A cut body is an error, or, where the last field runs to the end, a shorter message."""
    for end in range(len(body)):
        try:
            read = type(message).read(body[:end])
        except WireError as error:
            assert isinstance(error, Truncated)
        else:
            assert read.write() == body[:end]


@given(st.sampled_from(DECLARED).flatmap(messages))
def test_round_trip(message: Message) -> None:
    """What is written is read back, whatever the fields hold."""
    assert type(message).read(message.write()) == message


@given(st.sampled_from(DECLARED), st.binary(max_size=60))
def test_any_body(declared: type[Message], body: bytes) -> None:
    """Any bytes are a message that writes them back, or one of the two errors."""
    try:
        message = declared.read(declared.TAG + body)
    except WireError:
        return
    assert message.write() == declared.TAG + body


def test_nodes_of_names() -> None:
    """Complete lines only; a name may look like a line."""
    text = "name a b at port 3\nnonsense\nname x at port 1 at port 2\nname cut at port 12"
    assert NamesResp(4369, text).nodes == [("a b", 3), ("x at port 1", 2)]
    assert NamesResp(4369, "").nodes == []


def test_entries_of_dump() -> None:
    """Active names, and old ones with their other punctuation (docs/protocol.md 1.2)."""
    text = "active name     <ann> at port 38929, fd = 7\n\0old/unused name <bob>, port = 4711, fd = -1 \n\0active name"
    assert DumpResp(4369, text).entries == [
        DumpEntry("ann", 38929, 7, active=True),
        DumpEntry("bob", 4711, -1, active=False),
    ]


def test_names_that_are_not_utf8() -> None:
    """Bytes that are no UTF-8 come back unchanged."""
    request = Port2Req.read(b"z\xff\xfe\x00")
    assert request.name == "\udcff\udcfe\0"
    assert request.node == "\udcff\udcfe"
    assert request.write() == b"z\xff\xfe\x00"
