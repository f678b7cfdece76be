"""What a user is told of an EPMD that takes a question and gives no answer, and when another rule has to speak."""

from __future__ import annotations

import pytest

from dissectors.epmd_messages import DumpReq, KillReq, Port2Req, Port2Resp, StopReq
from dissectors.wire import Message
from samples.conversation import ACK, EPMD, FIN, PUSH, Connection, Network, framed
from tests.judged import Said, judged, names, said, slow_connect, verdict

NAME = "epmd-no-reply"
ANSWER = Port2Resp(result=0, port=9100, type=77, protocol=0, highest=6, lowest=5, name="bob").write()


def asked(net: Network, request: Message | None = None) -> Connection:
    """A question that TCP has taken: packets 4 and 5."""
    link = net.connect("10.0.0.1", "10.0.0.2", EPMD)
    link.initiator.sends(framed(request or Port2Req(name="bob")))
    return link


def told(net: Network) -> Said:
    """What the rule says, which is the verdict."""
    assert verdict(net) == NAME
    return said(net, NAME)


def test_closed_at_once() -> None:
    """By what stands there in EPMD's place."""
    net = Network()
    link = asked(net)
    net.wait(0.01)
    link.acceptor.closes()
    link.initiator.closes()
    found = told(net)
    assert (found.certainty, found.alternatives, found.detail) == ("certain", (), {"closed_by": "acceptor"})
    assert found.why.startswith("The request was sent and acknowledged by TCP; EPMD's side closed the connection 10 ms")
    assert [packet for packet, _ in found.evidence] == [4, 6]
    assert found.shown[0] == "request to EPMD for 'bob'"


def test_reset() -> None:
    """The same with RST, and called so."""
    net = Network()
    link = asked(net)
    link.acceptor.resets()
    assert "EPMD's side reset the connection" in told(net).why


def test_the_initiator_gives_up() -> None:
    """After its 7 seconds."""
    net = Network()
    link = asked(net)
    net.wait(7)
    link.initiator.closes()
    link.acceptor.raw(ACK)
    found = told(net)
    assert found.certainty == "certain"
    assert found.why.endswith("the initiator gave up after 7.0 s.")
    assert found.detail == {"closed_by": "initiator"}


@pytest.mark.parametrize(("seconds", "expected"), [(4.9, "inconclusive"), (5.1, NAME)])
def test_silence_until_the_capture_ends(seconds: float, expected: str) -> None:
    """A short one may be the capture's end; of a longer one it is said how long it was."""
    net = Network()
    asked(net)
    net.wait(seconds)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert verdict(net) == expected
    if expected == NAME:
        found = told(net)
        assert found.why.endswith("no answer came in the 5.1 s that the capture goes on.")
        assert (found.certainty, found.detail, len(found.evidence)) == ("certain", {}, 1)


def test_the_request_was_never_acknowledged() -> None:
    """Then nothing says that it was."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", EPMD)
    link.initiator.raw(PUSH | ACK, framed(Port2Req(name="bob")))
    net.wait(7)
    link.initiator.closes()
    assert told(net).why.startswith("The request was sent; ")


@pytest.mark.parametrize(("request_", "says"), [(DumpReq(), "DUMP_REQ"), (KillReq(), "KILL_REQ")])
def test_a_refused_command_is_no_silence(request_: Message, says: str) -> None:
    """EPMD closes at once: that is its answer."""
    net = Network()
    link = asked(net, request_)
    link.acceptor.closes()
    link.initiator.closes()
    assert names(net) == ["answered"]
    assert judged(net)[0]["detail"] == {"request": says, "refused": True}


def test_a_command_that_hangs_is_silence() -> None:
    """The client gives up: no refusal, whatever was asked; and the request has no name to show."""
    net = Network()
    link = asked(net, StopReq(name="bob"))
    net.wait(8)
    link.initiator.closes()
    found = told(net)
    assert found.detail == {"closed_by": "initiator"}
    net = Network()
    link = asked(net, DumpReq())
    net.wait(8)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert told(net).detail == {}
    link.initiator.closes()
    assert told(net).shown[0] == "request to EPMD"


def test_an_answer_that_breaks_off() -> None:
    """Its beginning is shown, too."""
    net = Network()
    link = asked(net)
    link.acceptor.sends(ANSWER[:5])
    link.acceptor.closes()
    link.initiator.closes()
    assert told(net).shown[1] == "the answer begins and breaks off"


def test_bytes_of_another_protocol_are_another_story() -> None:
    """EPMD's port speaks HTTP."""
    net = Network()
    link = asked(net)
    link.acceptor.sends(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    link.acceptor.closes()
    link.initiator.closes()
    assert NAME not in names(net)


def test_bytes_that_never_arrived() -> None:
    """EPMD closed with a number that shows that it had sent something: lost on the way, or by the capture."""
    net = Network()
    link = asked(net)
    net.wait(0.01)
    link.acceptor.sequence += len(ANSWER)
    link.acceptor.raw(FIN | ACK)
    link.initiator.raw(ACK, sequence=link.initiator.sequence)
    net.packets.pop()
    found = told(net)
    assert found.certainty == "likely"
    assert f"{len(ANSWER)} bytes that it sent before that never arrived" in found.why
    assert found.alternatives == ("the capture lost the answer, not the network",)


def test_the_answer_may_be_missing_from_the_capture() -> None:
    """Without EPMD's SYN-ACK nothing tells where its bytes begin."""
    net = Network()
    link = asked(net)
    link.acceptor.closes()
    link.initiator.closes()
    del net.packets[1]
    found = told(net)
    assert found.certainty == "possible"
    assert found.alternatives == ("the answer is not in the capture",)


def test_a_slow_path() -> None:
    """With a round trip of seconds the answer may come after the initiator's patience."""
    net = Network()
    link = slow_connect(net, 3, EPMD)
    link.initiator.raw(PUSH | ACK, framed(Port2Req(name="bob")))
    net.wait(3)
    link.acceptor.raw(ACK)
    net.wait(4)
    link.initiator.closes()
    found = told(net)
    assert found.certainty == "possible"
    assert found.alternatives == ("the path is too slow for the initiator's net_setuptime",)


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_the_answer_is_sent_again_and_again(copies: int) -> None:
    """As EPMD's end of the connection sees it: one copy can be chance, two are not."""
    net = Network()
    link = asked(net)
    first = link.acceptor.sequence
    link.acceptor.raw(FIN | PUSH | ACK, ANSWER)
    for number in range(copies):
        net.wait(0.3 * 2**number)
        link.acceptor.raw(PUSH | ACK, ANSWER, sequence=first)
    net.wait(7)
    link.acceptor.sequence = first  # as far as the initiator knows
    link.initiator.closes()
    if copies < 2:
        assert NAME not in names(net)
        return
    found = told(net)
    assert found.certainty == "likely"
    assert f"sent {copies + 1} times and never acknowledged" in found.why
    assert found.detail == {"closed_by": "initiator", "direction": "acceptor to initiator"}
    assert found.shown == ["EPMD answers", f"the answer again, retransmission {copies}", "the initiator gives up"]
    assert found.alternatives == ("the acknowledgments are what gets lost",)


def test_an_answer_that_was_acknowledged_arrived() -> None:
    """However often it was sent."""
    net = Network()
    link = asked(net)
    first = link.acceptor.sequence
    link.acceptor.raw(PUSH | ACK, ANSWER)
    for _ in range(3):
        net.wait(0.4)
        link.acceptor.raw(PUSH | ACK, ANSWER, sequence=first)
    link.initiator.raw(ACK)
    net.wait(7)
    link.initiator.closes()
    assert NAME not in names(net)
