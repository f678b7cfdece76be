"""What is left out stays out until it opens anew, or its port is learned in time, and is counted once."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.capture.batch import Batch
from analyzer.sieve.keys import marked
from analyzer.sieve.prepared import Prepared, prepared_of
from analyzer.sieve.strangers import Strangers
from analyzer.sieve.wrapped import Wrapped
from samples.conversation import ACK, SYN, Connection, Network
from tests.analyzer.sieve.sifted import batch_of

PORT = 2222


@pytest.fixture
def net() -> Network:
    """A clock."""
    return Network()


@pytest.fixture
def heard() -> list[tuple[bytes, int]]:
    """Listeners."""
    return []


@pytest.fixture
def strangers(heard: list[tuple[bytes, int]]) -> Strangers:
    """None yet; a port is known to be ours."""
    return Strangers(marked(1 << 16, [4369]), lambda address, port: heard.append((address, port)))


def since(net: Network, begin: int = 0) -> tuple[Batch, Prepared]:
    """All packets from one on, as a batch."""
    batch = batch_of(net.packets[begin:])
    return batch, prepared_of(batch, 0, ())


def left_out(
    strangers: Strangers,
    part: tuple[Batch, Prepared],
    followed: set[int] | None = None,
    *,
    sure: bool = True,
    **wrapped: Wrapped,
) -> list[int]:
    """Rows; ``wrapped`` by ``row_N``."""
    rows = {int(name.removeprefix("row_")): each for name, each in wrapped.items()}
    known = np.zeros(len(part[0]), np.bool_)
    out, _ = strangers.leave_out(*part, known, followed or set(), rows, 0, sure=sure)
    found: list[int] = np.flatnonzero(out).tolist()
    return found


def stranger(net: Network, port: int = PORT) -> Connection:
    """A browser."""
    link = net.connect("10.0.0.1", "10.0.0.2", port)
    link.initiator.sends(b"GET / HTTP/1.0\r\n")
    return link


def test_from_the_syn_on_until_another(net: Network, strangers: Strangers, heard: list[tuple[bytes, int]]) -> None:
    """In this batch and the next; who listens is told."""
    link = stranger(net)
    seen = len(net.packets)
    assert left_out(strangers, since(net)) == list(range(seen))
    assert heard == [(bytes([10, 0, 0, 2]), PORT)]
    link.acceptor.sends(b"HTTP/1.0 200 OK\r\n")
    link.acceptor.closes()
    assert left_out(strangers, since(net, seen)) == list(range(len(net.packets) - seen))
    seen = len(net.packets)
    link.initiator.raw(SYN)
    link.initiator.raw(ACK)
    assert left_out(strangers, since(net, seen)) == []
    assert strangers.counts == {0: 1}


def test_who_is_followed_or_speaks_on_a_port_of_ours_stays(net: Network, strangers: Strangers) -> None:
    """Whatever it says."""
    stranger(net)
    part = since(net)
    assert left_out(strangers, part, {int(part[1].columns.keys[0])}) == []
    seen = len(net.packets)
    stranger(net, 4369)
    assert left_out(strangers, since(net, seen)) == []
    assert strangers.counts == {}


def test_where_nobody_is_sure_of_first_bytes(net: Network, strangers: Strangers) -> None:
    """Nobody is left out any more; who was stays so."""
    link = stranger(net)
    assert left_out(strangers, since(net), sure=False) == []
    assert len(left_out(strangers, since(net))) == len(net.packets)
    seen = len(net.packets)
    link.acceptor.sends(b"HTTP/1.0 200 OK\r\n")
    assert left_out(strangers, since(net, seen), sure=False) == list(range(len(net.packets) - seen))


def test_a_port_that_is_learned_before_it_speaks(net: Network) -> None:
    """Its packets are fetched again, and it is no stranger; behind its first words it is too late."""
    ours = marked(1 << 16, ())
    strangers = Strangers(ours, lambda address, port: None)
    stranger(net)
    batch, prepared = since(net)
    assert prepared.openings is not None
    known = np.zeros(len(batch), np.bool_)
    _, which = strangers.leave_out(batch, prepared, known, set(), {}, 0, sure=True)
    ours[PORT] = True
    assert strangers.reopened(len(batch) - 1, prepared.openings, which, 0) == []
    (found,) = strangers.reopened(0, prepared.openings, which, 0)
    assert found.tolist() == list(range(len(batch)))
    assert strangers.counts == {0: 0}
    assert strangers.reopened(0, prepared.openings, which, 0) == []


def test_where_a_packet_is_wrapped_the_others_do_not_tell(net: Network, strangers: Strangers) -> None:
    """It may say what they do not."""
    stranger(net)
    part = since(net)
    key = int(part[1].columns.keys[0])
    assert left_out(strangers, part, row_2=Wrapped(key, opens=False)) == []
    assert left_out(strangers, part, row_2=Wrapped(12345, opens=False)) == list(range(len(part[0])))


def test_a_wrapped_packet_of_one_that_was_left_out(net: Network, strangers: Strangers) -> None:
    """Is left out, too, unless it opens the connection anew: then what follows it matters."""
    link = stranger(net)
    part = since(net)
    key = int(part[1].columns.keys[0])
    left_out(strangers, part)
    seen = len(net.packets)
    for _ in range(3):
        link.acceptor.sends(b"more")
    later = since(net, seen)
    assert left_out(strangers, later, row_2=Wrapped(key, opens=False)) == list(range(6))
    assert left_out(strangers, later, row_2=Wrapped(key, opens=True)) == [0, 1]
    assert left_out(strangers, later) == []
