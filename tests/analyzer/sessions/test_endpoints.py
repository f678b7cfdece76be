"""What is expected at a port, and why."""

from __future__ import annotations

from analyzer.decode.segment import Endpoint
from analyzer.sessions.endpoints import MOST, Endpoints, Ports
from analyzer.sessions.identify import Speech

BOB = Endpoint("10.0.0.2", 41000)


def speech(endpoints: Endpoints, listener: Endpoint, vantage: int = 0) -> Speech | None:
    expected = endpoints.expectation(vantage, listener)
    return None if expected is None else expected.speech


def test_ports_that_the_user_named() -> None:
    """EPMD's port, and distribution ports on any host."""
    known = Endpoints(Ports(epmd=frozenset({5555}), distribution=frozenset({9100})))
    assert speech(known, Endpoint("10.0.0.9", 5555)) is Speech.EPMD
    assert speech(known, Endpoint("10.0.0.9", 9100)) is Speech.HANDSHAKE
    assert speech(known, Endpoint("10.0.0.9", 4369)) is None


def test_a_listener_that_epmd_told_of() -> None:
    """Known at the point of observation that saw it, and nowhere else; the first reason stays."""
    known = Endpoints(Ports())
    known.learn(0, BOB, "EPMD named it")
    known.learn(0, BOB, "an earlier connection")
    expected = known.expectation(0, BOB)
    assert expected is not None and expected.why == "EPMD named it"
    assert speech(known, BOB, vantage=1) is None
    assert speech(known, Endpoint("10.0.0.3", BOB.port)) is None


def test_a_registration_over_loopback() -> None:
    """The node listens on some address of that host."""
    known = Endpoints(Ports())
    known.learn(0, Endpoint("127.0.0.1", 41000), "it registered")
    assert speech(known, BOB) is Speech.HANDSHAKE
    assert speech(known, Endpoint("10.0.0.2", 41001)) is None


def test_bounded() -> None:
    """The listener that was heard of longest ago is forgotten; one that is looked up every day never is."""
    known = Endpoints(Ports())
    for number in range(MOST + 10):
        known.learn(0, Endpoint(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 41000), "EPMD named it")
        known.learn(0, BOB, "EPMD named it")
    assert len(known) == MOST
    assert speech(known, Endpoint("10.0.0.0", 41000)) is None
    assert speech(known, Endpoint("10.0.64.9", 41000)) is Speech.HANDSHAKE
    assert speech(known, BOB) is Speech.HANDSHAKE
