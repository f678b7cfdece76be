"""What a user is told of questions to EPMD that belong to no attempt, answered or refused."""

from __future__ import annotations

import pytest

from dissectors.epmd_messages import DumpReq, KillReq, NamesReq, StopReq
from dissectors.wire import Message
from samples.conversation import EPMD, Connection, Network, framed
from tests.judged import names, said, verdict

NAME = "answered"
PORT = EPMD.to_bytes(4, "big")


def asked(net: Network, request: Message) -> Connection:
    """Packets 4 and 5."""
    link = net.connect("10.0.0.1", "10.0.0.2", EPMD)
    link.initiator.sends(framed(request))
    return link


@pytest.mark.parametrize(
    ("request_", "reply", "name"),
    [
        (NamesReq(), PORT + b"name bob at port 9100\n", "NAMES_REQ"),
        (NamesReq(), PORT, "NAMES_REQ"),
        (DumpReq(), PORT + b"active name     <bob> at port 9100, fd = 6\n", "DUMP_REQ"),
        (KillReq(), b"OK", "KILL_REQ"),
        (StopReq(name="bob"), b"STOPPED", "STOP_REQ"),
    ],
)
def test_answered(request_: Message, reply: bytes, name: str) -> None:
    """With the question's name, and both packets."""
    net = Network()
    link = asked(net, request_)
    link.acceptor.sends(reply)
    link.acceptor.closes()
    link.initiator.closes()
    assert verdict(net) == NAME
    found = said(net, NAME)
    assert (found.certainty, found.alternatives) == ("certain", ())
    assert found.says == f"10.0.0.1 asked the EPMD of 10.0.0.2 ({name}) and got an answer."
    assert found.detail == {"request": name}
    assert found.shown == [f"the request: {name}", "the answer"]
    assert found.evidence[0][0] == 4


@pytest.mark.parametrize(
    ("request_", "name"), [(DumpReq(), "DUMP_REQ"), (KillReq(), "KILL_REQ"), (StopReq(name="bob"), "STOP_REQ")]
)
def test_refused(request_: Message, name: str) -> None:
    """EPMD closes without a word; a proxy would look the same."""
    net = Network()
    link = asked(net, request_)
    link.acceptor.closes()
    link.initiator.closes()
    assert verdict(net) == NAME
    found = said(net, NAME)
    assert (found.certainty, len(found.alternatives)) == ("likely", 1)
    assert found.detail == {"request": name, "refused": True}
    assert [packet for packet, _ in found.evidence] == [4, 6]
    assert f"({name}, refused)" in found.says


def test_who_asks_and_leaves_was_not_refused() -> None:
    """The client closes first."""
    net = Network()
    link = asked(net, DumpReq())
    link.initiator.closes()
    link.acceptor.closes()
    assert NAME not in names(net)


def test_a_close_after_a_timeout_is_no_refusal() -> None:
    """EPMD refuses at once."""
    net = Network()
    link = asked(net, DumpReq())
    net.wait(60)
    link.acceptor.closes()
    link.initiator.closes()
    assert NAME not in names(net)


def test_a_list_of_names_is_never_refused() -> None:
    """Everybody may ask for it: a close without an answer is a fault."""
    net = Network()
    link = asked(net, NamesReq())
    link.acceptor.closes()
    link.initiator.closes()
    assert verdict(net) == "epmd-no-reply"
