"""Names of both sides."""

from __future__ import annotations

import ipaddress

import pytest

from analyzer.sessions.attempt import Attempt
from analyzer.sessions.naming import _PRIVATE, is_address, is_long, is_public
from dissectors import epmd, handshake
from tests.analyzer.sessions.talking import (
    ANN,
    BACK,
    BOB,
    OTP_26,
    OUT,
    PORT,
    Clock,
    Talk,
    ask_epmd,
    attempts,
    framed,
    lookup,
)


def told(talk: Talk) -> Attempt:
    [attempt] = attempts(talk.clock)
    return attempt


def test_a_node_says_its_own_name() -> None:
    """The initiator in its name, the acceptor in its challenge."""
    attempt = told(Talk(Clock()).dial().name("ann@near").status().challenge("bob@far"))
    assert (attempt.initiator.node, attempt.acceptor.node) == ("ann@near", "bob@far")


def test_a_dynamic_name() -> None:
    """The acceptor's gift replaces what the initiator said of itself."""
    clock = Clock()
    flags = OTP_26 | 1 << 33
    talk = Talk(clock).dial().name("near", flags=flags)
    talk.send(BACK, framed(handshake.StatusNamed(name="3XDS@near", creation=7)))
    assert told(talk).initiator.node == "3XDS@near"


def test_old_messages_name_too() -> None:
    """Both old forms."""
    clock = Clock()
    talk = Talk(clock).dial().send(OUT, framed(handshake.SendNameOld(version=5, flags=1, name="ann@near"))).status()
    talk.send(BACK, framed(handshake.ChallengeOld(version=5, flags=1, challenge=2, name="bob@far")))
    attempt = told(talk)
    assert (attempt.initiator.node, attempt.acceptor.node) == ("ann@near", "bob@far")


def test_a_registration_knows_half_a_name() -> None:
    """EPMD hears no host part; and nobody is called."""
    clock = Clock()
    request = epmd.Alive2Req(port=PORT, type=77, protocol=0, highest=6, lowest=5, name="bob")
    attempt = told(ask_epmd(clock, BOB, BOB).ask(request).answer(epmd.Alive2XResp(result=0, creation=9)))
    assert (attempt.initiator.node, attempt.called_name, attempt.called) == ("bob", "bob", None)


def test_a_reply_proves_the_called_name() -> None:
    """An initiator replies only to the node that it called."""
    clock = Clock()
    lookup(clock)
    talk = Talk(clock).dial().name("ann@near").status().challenge("bob@far")
    assert told(talk).called is None, "the acceptor may be another one than was called"
    talk.reply()
    assert told(talk).called == "bob@far"


def test_calls_by_address() -> None:
    """An initiator whose own name has its address calls others by theirs."""
    clock = Clock()
    lookup(clock)
    talk = Talk(clock).dial().name(f"ann@{ANN}")
    assert told(talk).called == f"bob@{BOB}"
    talk.status().challenge("rob@10.0.0.9")
    assert told(talk).called == f"bob@{BOB}", "what was called, not what answered"


def test_nothing_is_guessed_without_a_lookup() -> None:
    """Without EPMD's request even the first half is unknown."""
    assert told(Talk(Clock()).dial().name(f"ann@{ANN}")).called is None


@pytest.mark.parametrize(
    ("host", "address", "long"),
    [
        ("10.0.0.1", True, True),
        ("fe80::1", True, True),
        ("near", False, False),
        ("near.lab.test", False, True),
        ("", False, False),
        ("10.0.0", False, True),
    ],
)
def test_host_parts(host: str, address: bool, long: bool) -> None:
    """Short names have no dot; an address is a long name too."""
    assert is_address(host) is address
    assert is_long(host) is long


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("10.0.0.1", False),
        ("192.168.7.1", False),
        ("127.0.0.1", False),
        ("fe80::1", False),
        ("172.16.0.1", False),
        ("fd00::1", False),
        ("100.64.0.1", False),
        ("8.8.8.8", True),
        ("100.1.2.3", True),
        ("2a00::1", True),
        ("host", False),
        (None, False),
    ],
)
def test_public_addresses(address: str | None, public: bool) -> None:
    """Those of the internet; what is told by its beginning alone is what the library of Python says, too."""
    assert is_public(address) is public
    if address is not None and address.startswith(_PRIVATE):
        assert not ipaddress.ip_address(address).is_global
