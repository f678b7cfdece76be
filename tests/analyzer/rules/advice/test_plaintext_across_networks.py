"""When a user is advised to encrypt: where a readable handshake has a public address."""

from __future__ import annotations

import pytest

from dissectors.handshake_messages import SendName, Status
from samples.conversation import Network, framed
from tests.judged import DIST, names, said

NAME = "plaintext-across-networks"
PUBLIC, OTHER, PRIVATE = "8.8.4.4", "9.9.9.9", "10.0.0.2"


def refused(initiator: str, acceptor: str) -> Network:
    """An attempt that shows a name, and little more."""
    net = Network()
    link = net.connect(initiator, acceptor, DIST)
    link.initiator.sends(framed(SendName(flags=0xD_07DF_7FBD, creation=1, name="ann@host")))
    link.acceptor.sends(framed(Status(text="not_allowed")))
    link.acceptor.closes()
    link.initiator.closes()
    return net


@pytest.mark.parametrize(
    ("initiator", "acceptor", "which"),
    [
        (PUBLIC, PRIVATE, f"{PUBLIC} is public."),
        (PRIVATE, PUBLIC, f"{PUBLIC} is public."),
        (PUBLIC, OTHER, f"{PUBLIC} and {OTHER} are public."),
    ],
)
def test_public(initiator: str, acceptor: str, which: str) -> None:
    """On either side, or both."""
    found = said(refused(initiator, acceptor), NAME)
    assert found.why == f"The handshake is readable, and {which}"
    assert (found.certainty, found.evidence) == ("likely", ((4, "send_name in the clear"),))


def test_private() -> None:
    """A network of one's own."""
    assert NAME not in names(refused("10.0.0.1", PRIVATE))


def test_one_host() -> None:
    """What does not leave a host can't be read on the way, whatever its address."""
    assert NAME not in names(refused(PUBLIC, PUBLIC))


def test_no_name_was_read() -> None:
    """Bytes that the capture lacks show no plain text."""
    net = refused(PUBLIC, PRIVATE)
    del net.packets[3]
    assert NAME not in names(net)
