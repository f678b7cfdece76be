"""Messages without names."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.redact.messages import first_bytes, not_understood, rewritten
from analyzer.redact.redactor import Redactor
from dissectors import epmd, handshake, tls
from dissectors.dialogue import Decoded, Problem, Side, Undecoded
from dissectors.flags import Flag

KEY = bytes(32)
ANN = Redactor(KEY).node(b"ann@db7.example.com").decode()
BOB = Redactor(KEY).node(b"bob").decode()


def redacted(message: Any, *, before: int = 2) -> Any:
    """The message that reads in the place of ``message``, which has ``before`` bytes in front of its body."""
    body = message.write()
    (made,) = rewritten(Decoded(Side.INITIATOR, 100, 100 + before + len(body), message), Redactor(KEY))
    assert (made.start, len(made.data)) == (100 + before, len(body))
    return type(message).read(made.data)


@pytest.mark.parametrize(
    "message",
    [
        handshake.SendName(flags=1, creation=2, name="ann@db7.example.com"),
        handshake.SendNameOld(version=5, flags=1, name="ann@db7.example.com"),
        handshake.Challenge(flags=1, challenge=9, creation=2, name="ann@db7.example.com"),
        handshake.ChallengeOld(version=5, flags=1, challenge=9, name="ann@db7.example.com"),
        handshake.StatusNamed(name="ann@db7.example.com", creation=3),
    ],
)
def test_names_of_nodes(message: Any) -> None:
    """And nothing else of the message."""
    made = redacted(message)
    assert made.name == ANN
    assert [getattr(made, each.name) for each in message.FIELDS if each.name != "name"] == [
        getattr(message, each.name) for each in message.FIELDS if each.name != "name"
    ]


def test_the_host_of_a_node_without_name() -> None:
    """It is a host, not the name of a node."""
    made = redacted(handshake.SendName(flags=Flag.NAME_ME, creation=2, name="db7.example.com"))
    assert made.name == ANN.partition("@")[2]


def test_names_in_epmd() -> None:
    """Requests, answers, and lists of them."""
    assert redacted(epmd.Port2Req(name="bob")).name == BOB
    names = epmd.NamesResp(epmd_port=4369, text="name bob at port 41123\nname x at port 2\n")
    made = redacted(names, before=0)
    assert [port for _, port in made.nodes] == [41123, 2]
    assert made.nodes[0][0] == BOB
    dump = epmd.DumpResp(epmd_port=4369, text="active name     <bob> at port 41123, fd = 5\n\0")
    assert redacted(dump, before=0).entries[0].name == BOB


def test_the_name_in_a_hello() -> None:
    """What the initiator wants to reach; the rest of what it offers stays."""
    name = b"db7.example.com"
    data = (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name
    hello = tls.ClientHello(0x0303, bytes(32), b"", (0x1301,), extensions=(tls.Extension(0, data),))
    made = redacted(hello, before=9)
    assert made.server_name == ANN.partition("@")[2]
    assert made.cipher_suites == hello.cipher_suites


def test_a_message_over_several_records_is_blanked() -> None:
    """Where its bytes stand between the records' headers is not known."""
    hello = tls.ClientHello(0x0303, bytes(32), b"", (0x1301,), extensions=(tls.Extension(0, b"\0\4\0\0\1x"),))
    (made,) = rewritten(Decoded(Side.INITIATOR, 0, len(hello.write()) + 14, hello), Redactor(KEY))
    assert made == (0, b"j" * (len(hello.write()) + 14))


def test_a_cut_name() -> None:
    """The beginning of its pseudonym."""
    have = handshake.SendName(flags=1, creation=2, name="ann@db7.example.com").write()[:20]
    message = handshake.Partial(Side.INITIATOR, "N", "send_name", 34, have)
    (made,) = rewritten(Decoded(Side.INITIATOR, 0, 36, message), Redactor(KEY))
    assert (made.start, made.data) == (17, ANN[:5].encode())


def test_what_has_no_name_is_left_alone() -> None:
    """No rewriting of what need not be rewritten."""
    status = handshake.Status(text="ok")
    assert list(rewritten(Decoded(Side.ACCEPTOR, 0, 5, status), Redactor(KEY))) == []


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r"),
        (b"\x16\x03\x01" + b"db7.example.com" * 3, b"\x16\x03\x01db7.example.c"[:16]),
    ],
)
def test_first_bytes_of_other_protocols(data: bytes, shown: bytes) -> None:
    """So many that it is recognised."""
    assert first_bytes(Undecoded(Side.ACCEPTOR, 0, 64, Problem.MALFORMED, "", data), Redactor(KEY)) == shown


def test_hosts_in_a_first_line() -> None:
    """And no second line: hosts are named there."""
    item = Undecoded(Side.INITIATOR, 0, 64, Problem.MALFORMED, "", b"220 mx.example.com ESMTP\r\nHost: db7\r\n")
    made = first_bytes(item, Redactor(KEY))
    assert len(made) == len(b"220 mx.example.com ESMTP\r")
    assert b"example" not in made
    assert made.endswith(b" ESMTP\r")


def test_bytes_that_are_no_message() -> None:
    """Every word of them may be a name."""
    made = not_understood(b"\0\x20Nxx ann@db7 \xff", Redactor(KEY))
    assert len(made) == 15
    assert made[:6] == b"\0\x20Nxx "
    assert b"ann" not in made
