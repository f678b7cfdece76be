"""What other protocols say first, and what Erlang says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.dialogue import RECOGNISED_BY, Side
from dissectors.foreign import PROTOCOLS, may_be_erlang, recognise
from dissectors.handshake_messages import ChallengeAck, ChallengeReply, Complement, SendName, SendNameOld, Status
from dissectors.wire import Message

INI, ACC = Side.INITIATOR, Side.ACCEPTOR


def h(text: str) -> bytes:
    return bytes.fromhex(text)


# slug, who says it, first bytes; those marked with a capture are from it, the others from the protocols' documents
SPOKEN: list[tuple[str, Side, bytes]] = [
    ("tls", INI, h("16 0303 0107 01 000103 0303 6b0308da")),  # tls-cert-expired-client-tls12
    ("tls", ACC, h("16 0303 0057 02 000053 0303 6b0308da")),  # the same
    ("tls-alert", ACC, h("15 0303 0002 02 0a")),  # plain-to-tls-listener-13
    ("proxy-protocol", INI, b"PROXY TCP4 10.0.0.9 10.0.0.1 56324 25672\r\n"),
    ("proxy-protocol", INI, b"PROXY UNKNOWN\r\n"),
    ("proxy-protocol", INI, h("0d0a0d0a000d0a515549540a 21 11 000c")),
    ("socks", INI, h("05 01 00")),
    ("socks", ACC, h("05 ff")),
    ("socks", INI, h("04 01 6448 0a4d0001") + b"user\0"),
    ("epmd", ACC, h("77 00 238c 4d 00 0006 0005 0002 6c62 0000")),  # not-erlang-peer-ssh-25, port 4369
    ("epmd", ACC, h("77 01")),  # epmd-name-unknown-25
    ("epmd", ACC, h("76 01 00000063")),  # epmd-name-taken-25
    ("epmd", ACC, h("00001111") + b"name bob at port 9100\n"),  # epmd-tool-names
    ("epmd", INI, h("0004 7a") + b"bob"),  # plain-to-tls-listener-13, port 4369
    ("epmd", INI, h("0001 6e")),  # epmd-tool-names
    ("epmd", INI, h("0010 78 238c 4d 00 0006 0005 0003 626f62 0000")),
    ("http2", INI, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("http2", ACC, h("000012 04 00 00000000 0003 00000080")),
    ("http2", ACC, h("000008 07 00 00000000 00000000 00000001")),
    ("http", INI, b"GET / HTTP/1.1\r\nHost: 10.77.0.2\r\n"),  # malformed-http-request-28
    ("http", INI, b"CONNECT mq1:25672 HTTP/1.1\r\n"),
    ("http", ACC, b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n"),  # not-erlang-peer-http-28
    ("http", ACC, b"<html>\r\n<head><title>400 Bad Request</title></head>"),
    ("rtsp", ACC, b"RTSP/1.0 400 Bad Request\r\n"),
    ("sip", INI, b"OPTIONS sip:health@10.0.0.1 SIP/2.0\r\n"),
    ("sip", ACC, b"SIP/2.0 400 Bad Request\r\n"),
    ("ssh", ACC, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),  # not-erlang-peer-ssh-25
    ("telnet", ACC, h("fffd18 fffd20 fffd23 fffd27")),
    ("rdp", INI, h("0300 0013 0e e0 0000 0000 00 0100 0800 03000000")),
    ("rdp", ACC, h("0300 0013 0e d0 0000 1234 00 0209 0800 02000000")),
    ("vnc", ACC, b"RFB 003.008\n"),
    ("rsync", ACC, b"@RSYNCD: 31.0\n"),
    ("smtp", ACC, b"220 mail.example.net ESMTP Postfix (Debian/GNU)\r\n"),  # not-erlang-peer-smtp-28
    ("smtp", INI, b"EHLO probe\r\n"),
    ("ftp", ACC, b"220 (vsFTPd 3.0.3)\r\n"),
    ("ftp", ACC, b"220-Welcome to Pure-FTPd\r\n"),
    ("nntp", ACC, b"200 news.example.net InterNetNews NNRP server INN 2.7.1 ready\r\n"),
    ("pop3", ACC, b"+OK Dovecot (Debian) ready.\r\n"),
    ("imap", ACC, b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"),
    ("xmpp", ACC, b"<?xml version='1.0'?><stream:stream id='1' version='1.0' xml:lang='en'>"),
    ("xmpp", INI, b"<stream:stream to='example.net'>"),
    ("irc", ACC, b":irc.example.net NOTICE * :*** Looking up your hostname...\r\n"),
    ("smb", INI, h("00000054 ff534d42 72000000")),
    ("ldap", INI, h("30 0c 02 01 01 60 07 020103")),
    ("ldap", ACC, h("30 84 00000024 02 01 00 78 84")),
    ("amqp", ACC, b"AMQP\x00\x00\x09\x01"),
    ("amqp", INI, b"AMQP\x03\x01\x00\x00"),
    ("mqtt", INI, h("10 0c 0004 4d515454 04 02 003c 0000")),
    ("mqtt", ACC, h("20 02 00 00")),
    ("nats", ACC, b'INFO {"server_id":"N"}\r\n'),
    ("nats", ACC, b"-ERR 'Unknown Protocol Operation'\r\n"),
    ("nats", INI, b'CONNECT {"verbose":false}\r\n'),
    ("stomp", INI, b"CONNECT\naccept-version:1.2\n\n\0"),
    ("stomp", ACC, b"ERROR\nmessage:Bad command\n\n\0"),
    ("kafka", INI, h("00000020 0012 0003 00000001 0008") + b"producer"),
    ("redis", ACC, b"-ERR unknown command\r\n"),  # not-erlang-peer-redis-25
    ("redis", ACC, b"-DENIED Redis is running in protected mode"),
    ("redis", ACC, b"+PONG\r\n"),
    ("redis", INI, b"*1\r\n$4\r\nPING\r\n"),
    ("postgresql", ACC, h("45 0000008c 53") + b"FATAL\0VFATAL\0"),
    ("postgresql", ACC, b"EFATAL:  unsupported frontend protocol"),
    ("postgresql", INI, h("00000008 04d2162f")),
    ("postgresql", INI, h("00000029 00030000") + b"user\0postgres\0"),
    ("mysql", ACC, h("4a0000 00 0a") + b"8.0.36\0"),
    ("mysql", ACC, h("450000 00 ff 6a04") + b"Host '10.0.0.9' is not allowed"),
    ("mongodb", INI, h("3a000000 01000000 00000000 dd070000")),
    ("memcached", ACC, b"ERROR\r\n"),
    ("memcached", INI, b"stats\r\n"),
    ("cassandra", ACC, h("84 00 0000 00 00000048 0000000a")),
    ("cassandra", INI, h("04 00 0000 05 00000000")),
    ("zookeeper", INI, h("0000002d 00000000 0000000000000000 00007530 0000000000000000 00000010") + bytes(17)),
    ("zookeeper", INI, b"ruok"),
    ("zookeeper", ACC, b"imok"),
    ("dns", INI, h("001d 1a2b 0100 0001 0000 0000 0000 07") + b"example\x03com\0\0\x01\0\x01"),
]

ERLANG: list[bytes] = [
    h("001c 4e 0000000d07df7fbd 6b030769 000d") + b"ann@10.77.0.1",
    h("0014 6e 0005 00077ffd") + b"ann@10.77.0.1",
    h("0003 736f6b"),
    h("000c 736e6f745f616c6c6f776564"),
    h("0009 63 0000000d 6b030769"),
    h("0015 72 7bd9fb10 4f8163b3db870be2537d04b057510acb 00000000"),
    h("0011 61 61e8f4597ff70a7191c00d41cabbd48d"),
    h("00000000 00000000"),
    h("0000005b 8344 048f"),
    h("00000019 7083 68"),
    b"",
    b"\x00",
    b"\x00\x1c",
]


@pytest.mark.parametrize(("slug", "side", "data"), SPOKEN)
def test_known_protocols(slug: str, side: Side, data: bytes) -> None:
    """Each protocol is known by the first bytes that its side sends, and the reason shows them."""
    found = recognise(side, data)
    assert found is not None
    assert found.slug == slug
    assert found.why.startswith(f"the {side.value}'s first bytes are ")


@pytest.mark.parametrize(("slug", "side", "data"), SPOKEN)
def test_fewer_bytes_are_never_another_protocol(slug: str, side: Side, data: bytes) -> None:
    """While bytes come in, the answer is none, and then the right one."""
    assert {found.slug for size in range(len(data)) if (found := recognise(side, data[:size]))} <= {slug}


@pytest.mark.parametrize(("slug", "side", "data"), SPOKEN)
def test_more_bytes_are_the_same_protocol(slug: str, side: Side, data: bytes) -> None:
    """What follows does not change the answer, unless the message must be all that was said."""
    found = recognise(side, data + b"\r\nmore")
    assert found is None or found.slug == slug
    assert found is not None or len(data) <= 6


def test_every_protocol_is_tried_here() -> None:
    """A new row needs an example above."""
    assert {row.slug for row in PROTOCOLS} == {slug for slug, _, _ in SPOKEN}


@pytest.mark.parametrize("data", ERLANG)
@pytest.mark.parametrize("side", Side)
def test_erlang_is_nothing_else(side: Side, data: bytes) -> None:
    """Handshake messages, ticks and frames are left alone, and so is every beginning of them."""
    assert all(recognise(side, data[:size]) is None for size in range(len(data) + 1))
    assert may_be_erlang(data)


@pytest.mark.parametrize(
    "shortest",
    [
        SendName(flags=0, creation=0, name="h"),
        SendNameOld(version=5, flags=0, name="h"),
        Status(text="o"),
        ChallengeReply(challenge=0, digest=bytes(16)),
        ChallengeAck(digest=bytes(16)),
        Complement(flags_high=0, creation=0),
    ],
)
def test_the_length_of_a_message_is_its_own(shortest: Message) -> None:
    """From the shortest message with its tag to 600 bytes; less may be something else, as may another tag."""
    body = shortest.write()
    taken = [length for length in range(0x300) if may_be_erlang(length.to_bytes(2, "big") + body[:1])]
    assert taken == list(range(len(body), 601))
    assert [length for length in range(0x300) if may_be_erlang(length.to_bytes(2, "big"))] == list(range(601))
    assert not any(may_be_erlang(length.to_bytes(2, "big") + b"Z") for length in range(0x300))


@pytest.mark.parametrize(
    "data",
    [
        b"220 ready\r\n",  # who says so?
        b"hello\r\n",
        h("162f 162f 162f 162f"),  # malformed-garbage-25
        h("0005 5a 00000000"),  # malformed-bad-tag-28
        h("0000"),  # malformed-empty-message-25
        b"GET",
    ],
)
@pytest.mark.parametrize("side", Side)
def test_what_is_not_known_is_not_guessed(side: Side, data: bytes) -> None:
    """Bytes that no protocol begins with have no name."""
    assert recognise(side, data) is None


def test_who_says_it_matters() -> None:
    """An answer is not a question."""
    assert recognise(INI, b"HTTP/1.1 400 Bad Request") is None
    assert recognise(ACC, b"GET / HTTP/1.1") is None


def test_what_is_shown_is_short_and_printable() -> None:
    """A long line is cut, binary is shown as hexadecimal, and nothing behind the first line is shown."""
    long = recognise(ACC, b"SSH-2.0-" + b"x" * 200)
    assert long is not None
    assert long.why == "the acceptor's first bytes are \"SSH-2.0-" + "x" * 52 + '"'
    secret = recognise(INI, b"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n")
    assert secret is not None
    assert secret.why == 'the initiator\'s first bytes are "*2"'
    assert "secret" not in secret.why
    binary = recognise(ACC, b"AMQP\x00\x00\x09\x01")
    assert binary is not None
    assert binary.why == "the acceptor's first bytes are 41 4d 51 50 00 00 09 01"
    longer = recognise(ACC, b"AMQP\x00\x00\x09\x01" + bytes(40))
    assert longer is not None
    assert longer.why == "the acceptor's first bytes are 41 4d 51 50 00 00 09 01 00 00 00 00 00 00 00 00"
    escaped = recognise(ACC, b"+OK \x1f")
    assert escaped is not None
    assert escaped.why == "the acceptor's first bytes are 2b 4f 4b 20 1f"
    blank = recognise(INI, b"GET / HTTP/1.1\r\n")
    assert blank is not None
    assert blank.why == 'the initiator\'s first bytes are "GET / HTTP/1.1"'
    letter = recognise(INI, h("410a0000 01000000 00000000 dd070000"))
    assert letter is not None
    assert letter.why == "the initiator's first bytes are 41 0a 00 00 01 00 00 00 00 00 00 00 dd 07 00 00"


names = st.binary(max_size=255)
handshakes = st.one_of(
    st.builds(
        lambda rest, name: b"N" + rest + len(name).to_bytes(2, "big") + name, st.binary(min_size=12, max_size=16), names
    ),
    st.builds(lambda rest, name: b"n" + rest + name, st.binary(min_size=7, max_size=10), names),
    st.builds(lambda text: b"s" + text, st.binary(min_size=1, max_size=300)),
    st.builds(lambda rest: b"r" + rest, st.binary(min_size=20, max_size=20)),
    st.builds(lambda rest: b"a" + rest, st.binary(min_size=16, max_size=16)),
    st.builds(lambda rest: b"c" + rest, st.binary(min_size=8, max_size=8)),
).map(lambda body: len(body).to_bytes(2, "big") + body)


@given(st.sampled_from(Side), handshakes, st.binary(max_size=80))
def test_no_handshake_is_mistaken(side: Side, message: bytes, more: bytes) -> None:
    """Whatever a name, a challenge or a digest holds: a message in its frame is Erlang."""
    assert recognise(side, message + more) is None


@given(st.sampled_from(Side), st.binary(max_size=RECOGNISED_BY + 20))
def test_any_bytes(side: Side, data: bytes) -> None:
    """Every answer is a row of the table."""
    found = recognise(side, data)
    assert found is None or (found.slug, found.title) in {(row.slug, row.title) for row in PROTOCOLS}
