"""When a user is told that another program has EPMD's port: where its first bytes are none of EPMD's."""

from __future__ import annotations

import pytest

from dissectors.epmd_messages import Port2Req, Port2Resp
from samples.conversation import EPMD, Network, framed
from tests.judged import names, verdict

NAME = "epmd-not-epmd"
ANSWER = Port2Resp(result=0, port=9100, type=77, protocol=0, highest=6, lowest=5, name="bob").write()


def answered(data: bytes) -> Network:
    """By a program that closes then."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", EPMD)
    link.initiator.sends(framed(Port2Req(name="bob")))
    link.acceptor.sends(data)
    link.acceptor.closes()
    link.initiator.closes()
    return net


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x9a\x9b\x9c\x9d\x9e\x9f", b"+OK ready\r\n"])
def test_bytes_of_something_else(data: bytes) -> None:
    """Known or not."""
    assert verdict(answered(data)) == NAME


@pytest.mark.parametrize("data", [ANSWER, ANSWER + b"\x9a\x9b\x9c", ANSWER[:6]])
def test_bytes_of_epmd(data: bytes) -> None:
    """Whole, with something behind them, or cut short."""
    assert NAME not in names(answered(data))
