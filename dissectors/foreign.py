"""A side's first bytes to the protocol that they are, where they are no Erlang (docs/protocol.md 4.2 row 19).

What answers on a distribution port, or knocks at it, by mistake: a wrong port, a load balancer, a health check.  The
rows of :data:`PROTOCOLS` are tried in order, each strict enough to stand alone; what may be Erlang is nothing else.
Their patterns are compiled when one is needed: most captures have no such bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dissectors.dataclass import dataclass
from dissectors.dialogue import Side

CLIENT, SERVER, BOTH = Side.INITIATOR, Side.ACCEPTOR, None
"""Who says it: the side that opened the connection, the side that listens, or either."""

LONGEST_HANDSHAKE = 600
"""A legal message of the distribution handshake is shorter (docs/protocol.md 2.1)."""
SHORTEST_BY_TAG = {ord("n"): 8, ord("N"): 16, ord("s"): 2, ord("r"): 21, ord("a"): 17, ord("c"): 9}
"""Least value of the length field of a handshake message, by its tag (docs/protocol.md 2.2)."""
TRAFFIC = rb"\x00{4}|(?s:....)(\x83[\x44-\x46]|\x70\x83)"
"""A tick, or a frame behind its 4-byte length (docs/protocol.md 2.6)."""
SHOWN = 60
"""Bytes of a first line that are shown to people."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol and the first bytes that one of its sides sends."""

    slug: str
    """Public: goes into reports and must not change."""
    title: str
    speaker: Side | None
    test: Callable[[bytes], object]
    """Truthy if the bytes are this protocol's."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a side speaks instead of Erlang."""

    slug: str
    title: str
    why: str
    """For people: who said what."""


def recognise(side: Side, data: bytes) -> Recognition | None:
    """What the first bytes of ``side`` are, if they are a protocol that we know and can't be Erlang.

    None is no verdict: fewer than :data:`~dissectors.dialogue.RECOGNISED_BY` bytes may be too few.
    """
    if may_be_erlang(data):
        return None
    for protocol in PROTOCOLS:
        if protocol.speaker in (BOTH, side) and protocol.test(data):
            return Recognition(protocol.slug, protocol.title, f"the {side.value}'s first bytes are {_show(data)}")
    return None


def may_be_erlang(data: bytes) -> bool:
    """Whether the bytes may begin a handshake message on plain TCP, or be traffic after a handshake."""
    length = int.from_bytes(data[:2], "big")
    if len(data) < 3:
        return length <= LONGEST_HANDSHAKE
    shortest = SHORTEST_BY_TAG.get(data[2])
    if shortest is not None and shortest <= length <= LONGEST_HANDSHAKE:
        return True
    return re.match(TRAFFIC, data) is not None


def _show(data: bytes) -> str:
    line = data.split(b"\n", 1)[0].rstrip(b"\r")[:SHOWN]
    if len(line) >= 2 and all(0x20 <= byte < 0x7F for byte in line):
        return f'"{line.decode("ascii")}"'
    return data[:16].hex(" ")


def _starts(pattern: bytes) -> Callable[[bytes], object]:
    return lambda data: re.match(pattern, data, re.DOTALL)


def _tls(first: bytes) -> Callable[[bytes], object]:
    def test(data: bytes) -> object:
        from dissectors.tls_records import looks_like_tls  # which few captures need

        return data.startswith(first) and looks_like_tls(data)

    return test


PROTOCOLS: tuple[Protocol, ...] = (
    # Numbers mark families; inside one the stricter row comes first.
    # 1. TLS, and what stands in front of other protocols
    Protocol("tls", "TLS", BOTH, _tls(b"\x16")),
    Protocol("tls-alert", "a TLS alert", BOTH, _tls(b"\x15")),
    Protocol("proxy-protocol", "PROXY protocol, version 1", CLIENT, _starts(rb"PROXY (TCP[46]|UNKNOWN)")),
    Protocol("proxy-protocol", "PROXY protocol, version 2", CLIENT, _starts(rb"\r\n\r\n\0\r\nQUIT\n[\x20\x21]")),
    Protocol("socks", "SOCKS 5", CLIENT, _starts(rb"\x05([\x01-\x08])[\x00-\x09]")),
    Protocol("socks", "SOCKS 5", SERVER, _starts(rb"\x05[\x00-\x02\xff]\Z")),
    Protocol("socks", "SOCKS 4", CLIENT, _starts(rb"\x04[\x01\x02].{6}[^\0]*\0")),
    # 2. Erlang's own other services
    Protocol("epmd", "an EPMD answer", SERVER, _starts(rb"w\x01\Z|w\x00..[MHhmn]\x00\x00[\x04-\x06]\x00[\x00-\x06]")),
    Protocol("epmd", "an EPMD answer", SERVER, _starts(rb"[yv][\x00\x01](..|....)\Z")),
    Protocol("epmd", "an EPMD list of names", SERVER, _starts(rb"\x00\x00..name \S+ at port \d")),
    Protocol("epmd", "an EPMD request", CLIENT, _starts(rb"\x00[\x02-\xff]z[^\x00-\x20]|\x00\x01[ndk]\Z")),
    Protocol("epmd", "an EPMD registration", CLIENT, _starts(rb"\x00.x..[MHhmn]\x00\x00[\x04-\x06]")),
    # 3. The web
    Protocol("http2", "HTTP/2", CLIENT, _starts(rb"PRI \* HTTP/2\.0\r\n")),
    Protocol("http2", "HTTP/2", SERVER, _starts(rb"\x00\x00[\x00-\x60]\x04\x00\x00\x00\x00\x00")),
    Protocol("http2", "HTTP/2 (GOAWAY)", SERVER, _starts(rb"\x00\x00[\x08-\xff]\x07\x00\x00\x00\x00\x00")),
    Protocol(
        "http", "an HTTP request", CLIENT, _starts(rb"(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE) (/|\*|http)")
    ),
    Protocol("http", "an HTTP proxy request", CLIENT, _starts(rb"CONNECT [^\s{}]+ HTTP/1\.[01]\r?\n")),
    Protocol("http", "HTTP", SERVER, _starts(rb"HTTP/\d\.\d(?: |$|\r|\n)")),
    Protocol("http", "HTTP 0.9", SERVER, _starts(rb"(?i:\s{0,4}<(!doctype html|html))[\s>]")),
    Protocol("rtsp", "RTSP", BOTH, _starts(rb"RTSP/1\.0 \d|(OPTIONS|DESCRIBE) rtsps?://")),
    Protocol("sip", "SIP", BOTH, _starts(rb"SIP/2\.0 \d|(REGISTER|OPTIONS|INVITE|SUBSCRIBE|MESSAGE) sips?:")),
    # 4. Shells and desktops
    Protocol("ssh", "SSH", BOTH, _starts(rb"SSH-(1\.\d|2\.)")),
    Protocol("telnet", "Telnet", BOTH, _starts(rb"\xff[\xfb-\xfe][\x00-\x31]")),
    Protocol("rdp", "RDP", CLIENT, _starts(rb"\x03\x00\x00.[\x06-\xff]\xe0\x00\x00")),
    Protocol("rdp", "RDP", SERVER, _starts(rb"\x03\x00\x00.[\x06-\xff]\xd0\x00\x00")),
    Protocol("vnc", "VNC", BOTH, _starts(rb"RFB \d{3}\.\d{3}\n")),
    Protocol("rsync", "rsync", BOTH, _starts(rb"@RSYNCD: \d")),
    # 5. Mail, news, files and chat
    Protocol("smtp", "SMTP", SERVER, _starts(rb"(220|421|554)[ -][^\r\n]*\b(?i:E?SMTP|LMTP|mail|postfix|exim)\b")),
    Protocol("smtp", "SMTP", CLIENT, _starts(rb"(EHLO|HELO|LHLO) \S")),
    Protocol("ftp", "FTP", SERVER, _starts(rb"(220|421|530)[ -][^\r\n]*(?i:ftp)")),
    Protocol("nntp", "NNTP", SERVER, _starts(rb"20[01] [^\r\n]*(?i:\b(nntp|inn|news)\b)")),
    Protocol("pop3", "POP3", SERVER, _starts(rb"\+OK ")),
    Protocol("imap", "IMAP", SERVER, _starts(rb"\* (OK|BYE|PREAUTH)\b")),
    Protocol("xmpp", "XMPP", BOTH, _starts(rb"\s*(<\?xml [^>]*>\s*)?<(stream:|/stream:)")),
    Protocol("irc", "IRC", SERVER, _starts(rb":\S+ NOTICE |NOTICE AUTH ")),
    Protocol("smb", "SMB", BOTH, _starts(rb"\x00[\x00\x01]..[\xfd-\xff]SMB")),
    Protocol("ldap", "LDAP", CLIENT, _starts(rb"\x30(.|\x81.|\x82..|\x84.{4})\x02\x01[\x00-\x7f][\x60\x63\x77]")),
    Protocol("ldap", "LDAP", SERVER, _starts(rb"\x30(.|\x81.|\x82..|\x84.{4})\x02\x01[\x00-\x7f][\x61\x78]")),
    # 6. Databases and coordination
    Protocol("redis", "Redis", SERVER, _starts(rb"-(ERR [^']|(NOAUTH|DENIED|LOADING|MISCONF|WRONGPASS|MOVED) )")),
    Protocol("redis", "Redis", SERVER, _starts(rb"\+(PONG|OK)\r\n")),
    Protocol("redis", "Redis", CLIENT, _starts(rb"\*\d{1,4}\r\n\$|PING\r\n\Z")),
    Protocol(
        "postgresql",
        "PostgreSQL",
        SERVER,
        _starts(rb"E\x00\x00[\x00-\x0f].[SVCM]|E[A-Z]{4,}: |R\x00\x00\x00.\x00\x00\x00"),
    ),
    Protocol(
        "postgresql",
        "PostgreSQL",
        CLIENT,
        _starts(rb"\x00\x00\x00\x08\x04\xd2\x16[\x2e-\x30]|\x00\x00..\x00\x03\x00[\x00-\x02]"),
    ),
    Protocol("mysql", "MySQL or MariaDB", SERVER, _starts(rb"[^\x00].\x00\x00\x0a\d+\.")),
    Protocol(
        "mysql", "MySQL or MariaDB (an error)", SERVER, _starts(rb"[^\x00].\x00\x00\xff[\x00-\xff]{2}(#|Host|Too)")
    ),
    Protocol("mongodb", "MongoDB", BOTH, _starts(rb"[\x10-\xff].[\x00-\x02]\x00.{8}(\xdd|\xd4)\x07\x00\x00")),
    Protocol("memcached", "memcached", SERVER, _starts(rb"ERROR\r\n|(CLIENT|SERVER)_ERROR |VERSION \d|STAT pid ")),
    Protocol("memcached", "memcached", CLIENT, _starts(rb"(stats|version)( [a-z]+)?\r\n|gets? \S+\r\n")),
    Protocol("cassandra", "Cassandra", SERVER, _starts(rb"[\x83-\x85][\x00-\x0f]..[\x00\x02\x03\x06]\x00\x00..")),
    Protocol("cassandra", "Cassandra", CLIENT, _starts(rb"[\x03-\x05][\x00-\x0f]\x00.[\x01\x05]\x00\x00\x00.")),
    Protocol("zookeeper", "ZooKeeper", CLIENT, _starts(rb"\x00\x00\x00[\x2c\x2d]\x00{4}.{8}\x00.{11}\x00\x00\x00\x10")),
    Protocol("zookeeper", "ZooKeeper", BOTH, _starts(rb"(ruok|srvr|mntr)\n?\Z|imok|Zookeeper version")),
    Protocol(
        "dns",
        "DNS over TCP",
        CLIENT,
        _starts(rb"\x00.{3}[\x00\x01][\x00-\x30]\x00\x01\x00{4}\x00[\x00\x01][\x01-\x3f]"),
    ),
    # 7. Message brokers
    Protocol("amqp", "AMQP", BOTH, _starts(rb"AMQP[\x00-\x03][\x00-\x01][\x00-\x09][\x00-\x0a]")),
    Protocol("mqtt", "MQTT", CLIENT, _starts(rb"\x10.[\x00-\x7f]?\x00(\x04MQTT|\x06MQIsdp)")),
    Protocol("mqtt", "MQTT", SERVER, _starts(rb"\x20\x02[\x00\x01][\x00-\x05]\Z")),
    Protocol("nats", "NATS", SERVER, _starts(rb"INFO \{|-ERR '")),
    Protocol("nats", "NATS", CLIENT, _starts(rb"CONNECT \{")),
    Protocol("stomp", "STOMP", CLIENT, _starts(rb"(CONNECT|STOMP)\r?\n[a-z-]+:")),
    Protocol("stomp", "STOMP", SERVER, _starts(rb"(CONNECTED|ERROR)\r?\n[a-z-]+:")),
    Protocol(
        "kafka",
        "Kafka",
        CLIENT,
        _starts(rb"\x00[\x00-\x01]..\x00[\x03\x11\x12\x24]\x00[\x00-\x0d].{4}(\xff\xff|\x00.)"),
    ),
)
