"""Applications that are not Erlang → their connections on a tape: TLS, HTTP, PostgreSQL, AMQP, Redis, SSH."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import dpkt
import numpy as np

from tests.benchmarks.burst import ACCEPTOR, ACK, INITIATOR, MSS, PUSH, RST, Burst, Packet, burst, mass
from tests.benchmarks.cohort import Cohort
from tests.benchmarks.hello import BROWSER, client_hello
from tests.benchmarks.tape import Actor, Tape

Write = Callable[[random.Random, int], bytes]
"""Makes data of a size."""

_CLIENTS, _SERVERS = 172 << 24 | 16 << 16, 192 << 24 | 168 << 16
_LONG = 32
"""Full segments in the longest burst."""
_OVER = True


@dataclass(frozen=True, slots=True)
class Application:
    """How connections to one port look."""

    port: int
    greeting: tuple[tuple[int, bytes], ...]
    """Side and data of what comes first."""
    talks: Sequence[Burst]
    """What may come next, any number of times."""


def _application(dice: random.Random, port: int, write: Write, *greeting: tuple[int, bytes]) -> Application:
    sizes = [(dice.randrange(40, 400), dice.randrange(60, MSS)) for _ in range(48)]
    talks = [_exchange(write(dice, asked), write(dice, answered)) for asked, answered in sizes]
    talks += [mass(ACCEPTOR, write(dice, dice.randrange(2, 12) * MSS + dice.randrange(MSS))) for _ in range(5)]
    talks += [mass(side, write(dice, _LONG * MSS)) for side in (INITIATOR, ACCEPTOR)]
    return Application(port, greeting, talks)


def _exchange(asked: bytes, answered: bytes) -> Burst:
    return burst([Packet(INITIATOR, PUSH | ACK, asked), Packet(ACCEPTOR, PUSH | ACK, answered), Packet(INITIATOR, ACK)])


def _tls(dice: random.Random, size: int) -> bytes:
    """Records of application data, ``size`` bytes together."""
    out = b""
    while len(out) < size:
        length = min(size - len(out), 16_384)
        out += (b"\x17\x03\x03" + struct.pack(">H", max(length - 5, 0)) + dice.randbytes(length))[:length]
    return out


def _text(dice: random.Random, size: int) -> bytes:
    """JSON, line by line."""
    row = b'{"id":%07d,"value":"%016x","state":"running"}\n'
    return b"".join(row % (dice.getrandbits(20), dice.getrandbits(64)) for _ in range(size // 55 + 1))[:size]


def _http(dice: random.Random, size: int) -> bytes:
    return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + _text(dice, size))[:size]


def _amqp(dice: random.Random, size: int) -> bytes:
    """Frames of a message body on channel 1."""
    head = b"\x03\x00\x01" + struct.pack(">I", size - 8)
    return head + dice.randbytes(size - 8) + b"\xce"


def _rows(dice: random.Random, size: int) -> bytes:
    """Whole data rows of PostgreSQL."""
    row = b"D" + struct.pack(">IHI", 46, 1, 36)
    return b"".join(row + b"%036x" % dice.getrandbits(140) for _ in range(max(size // 47, 1)))


def applications(dice: random.Random) -> list[Application]:
    """A server room."""
    shaken = _tls(dice, 3000).replace(b"\x17", b"\x16", 1)
    startup = b"\x00\x00\x00\x24\x00\x03\x00\x00user\0app\0database\0app\0\0\0\0"
    web = (INITIATOR, b"GET /v1/items?page=7 HTTP/1.1\r\nHost: api.example.org\r\nAccept: */*\r\n\r\n")
    ssh = [(side, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n") for side in (ACCEPTOR, INITIATOR)]
    return [
        _application(dice, 443, _tls, (INITIATOR, client_hello(dice, BROWSER)), (ACCEPTOR, shaken[:MSS])),
        _application(dice, 8443, _tls, (INITIATOR, client_hello(dice, BROWSER)), (ACCEPTOR, shaken[:MSS])),
        _application(dice, 80, _http, web, (ACCEPTOR, _http(dice, 900))),
        _application(dice, 5432, _rows, (INITIATOR, startup), (ACCEPTOR, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")),
        _application(dice, 5672, _amqp, (INITIATOR, b"AMQP\0\0\x09\x01"), (ACCEPTOR, _amqp(dice, 500))),
        _application(dice, 6379, _text, (INITIATOR, b"*1\r\n$4\r\nPING\r\n"), (ACCEPTOR, b"+PONG\r\n")),
        _application(dice, 22, random.Random.randbytes, *ssh),
    ]


def flows(tape: Tape, room: list[Application], seed: int, share: float, done: Callable[[], bool]) -> Actor:
    """Some connections of one application after the other; ``share``: its bytes per nanosecond of the capture."""
    dice = random.Random(seed)
    noise = _noise(dice)
    while not done():
        life = _life(tape, dice, room)
        while not done():
            before = tape.size
            if next(life, _OVER):
                break
            if dice.random() < 0.01:
                tape.frame(dice.choice(noise))
            yield round((tape.size - before) / share * dice.uniform(0.5, 1.5))


def _life(tape: Tape, dice: random.Random, room: list[Application]) -> Iterator[None]:
    """Connections of one application from their opening to their end; some were open before the capture began."""
    application = dice.choice(room)
    number = dice.choice((2, 4, 8, 16))
    clients = np.array([_CLIENTS | dice.getrandbits(16) for _ in range(number)], np.int64)
    servers = np.array([_SERVERS | dice.getrandbits(6) for _ in range(number)], np.int64)
    source_ports = np.array([dice.randrange(32_768, 61_000) for _ in range(number)], np.int64)
    ports = np.full(number, application.port, np.int64)
    cohort = Cohort(tape, (clients, servers), (source_ports, ports), seed=dice.getrandbits(32), erlang=False)
    if dice.random() < 0.9:
        cohort.opens()
        yield
        for side, data in application.greeting:
            cohort.says(side, data)
            yield
    for _ in range(min(round(2 * dice.paretovariate(0.9)), 400)):
        cohort.sends(dice.choice(application.talks))
        yield
    if dice.random() < 0.9:
        cohort.closes(INITIATOR)
    else:
        cohort.raw(dice.choice((INITIATOR, ACCEPTOR)), RST | ACK)
    yield


def _noise(dice: random.Random) -> list[bytes]:
    """Frames that are not TCP: an ARP request, DNS."""
    ethernet = dpkt.ethernet
    macs = {"src": b"\2\0\xac\x10\0\1", "dst": b"\xff" * 6}
    frames = [bytes(ethernet.Ethernet(**macs, type=ethernet.ETH_TYPE_ARP, data=dpkt.arp.ARP()))]
    for number in range(8):
        question = dpkt.dns.DNS(id=dice.getrandbits(16), qd=[dpkt.dns.DNS.Q(name=f"host{number}.example.org")])
        segment = dpkt.udp.UDP(sport=dice.randrange(1024, 65_535), dport=53, data=bytes(question))
        segment.ulen = len(segment)
        packet = dpkt.ip.IP(src=b"\xac\x10\0\1", dst=b"\xc0\xa8\0\2", p=17, ttl=64, data=segment)
        packet.len = len(packet)
        frames.append(bytes(ethernet.Ethernet(**macs, data=packet)))
    return frames
