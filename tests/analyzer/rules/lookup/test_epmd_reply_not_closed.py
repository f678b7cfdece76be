"""When a user is told that EPMD's FIN is missing: only where it is, and was waited for."""

from __future__ import annotations

import pytest

from dissectors.epmd_messages import Port2Refusal, Port2Req, Port2Resp
from samples.conversation import EPMD, Network, framed
from tests.analyzer.rules.asking import said as asked
from tests.analyzer.sessions.talking import BACK, OUT, Clock, ask_epmd, port2_resp
from tests.judged import names, said

NAME = "epmd-reply-not-closed"
ANSWER = Port2Resp(result=0, port=9100, type=77, protocol=0, highest=6, lowest=5, name="bob").write()


@pytest.mark.parametrize(("seconds", "told"), [(0.9, False), (1.1, True)])
@pytest.mark.parametrize("closes", [False, True])
def test_no_fin(seconds: float, closes: bool, told: bool) -> None:
    """For a second, until the initiator gives up or the capture ends."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", EPMD)
    link.initiator.sends(framed(Port2Req(name="bob")))
    link.acceptor.sends(ANSWER)
    net.wait(seconds)
    if closes:
        link.initiator.closes()
    else:
        net.connect("10.0.0.8", "10.0.0.9", 80)
    assert (NAME in names(net)) is told
    if told:
        found = said(net, NAME)
        assert f"{'gave up' if closes else 'still waits'} after 1.1 s" in found.why
        assert len(found.evidence) == 1 + closes


@pytest.mark.parametrize("first", ["acceptor", "initiator"])
def test_a_fin_is_one(first: str) -> None:
    """Whoever closes first: an initiator that asked for no more may."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", EPMD)
    link.initiator.sends(framed(Port2Req(name="bob")))
    link.acceptor.sends(ANSWER)
    ends = [link.acceptor, link.initiator] if first == "acceptor" else [link.initiator, link.acceptor]
    for end in ends:
        end.closes()
    net.wait(9)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert NAME not in names(net)


def test_a_refusal_names_no_port() -> None:
    """Nobody waits to dial."""
    talk = ask_epmd(Clock()).ask(Port2Req(name="bob")).answer(Port2Refusal(result=1)).fin(OUT, after=9000)
    assert asked(NAME, talk.clock) is None


@pytest.mark.parametrize(("milliseconds", "told"), [(999, False), (1000, True)])
@pytest.mark.parametrize("closes", [False, True])
def test_the_initiator_waits(milliseconds: int, closes: bool, told: bool) -> None:
    """A second is what no EPMD takes; what it was is said in milliseconds."""
    talk = ask_epmd(Clock()).ask(Port2Req(name="bob")).answer(port2_resp())
    if closes:
        talk.fin(OUT, after=milliseconds - 0.01).fin(BACK)
    else:
        talk.clock.wait(milliseconds - 0.01)
    found = asked(NAME, talk.clock)
    assert (found is not None) is told
    if found is not None:
        assert found.detail == {"waited_ms": 1000}
