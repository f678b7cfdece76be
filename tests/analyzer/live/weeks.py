"""A story of every day → weeks of it, each day of other nodes; and an object → how much is in each table below it.

Memory as the system counts it tells of caches, of the allocator and of the garbage collector as much as of leaks.  How
many entries each table has is the same in every run.
"""

from __future__ import annotations

import types
from collections import Counter, deque
from collections.abc import Iterator
from enum import Enum
from ipaddress import IPv4Address

from analyzer.capture.batch import Batch
from dissectors.cookie import digest
from dissectors.epmd_messages import Alive2Req, Alive2XResp, Port2Req
from dissectors.handshake_messages import Challenge, ChallengeAck, ChallengeReply, SendName, Status
from samples.conversation import ACK, EPMD, RST, SECOND, START, SYN, Connection, Network, framed
from tests.analyzer.live.scripted import ScriptedTap
from tests.analyzer.sessions.talking import OTP_26, port2_resp

EVERY_DAY = {"registered", "closed-normally", "cookie-mismatch", "epmd-refused", "epmd-unreachable"}
"""Verdicts of one day, each once; what is no Erlang at all has none."""
PORT = 9100
_HERE, _THERE = "10.16.0.0", "10.17.0.0"
_TAG = "tag000"
_PAUSE = 200 * SECOND
"""So that what is kept for a while after its end is gone a day later."""
_TICK = bytes(4)
_LONG = (1024).to_bytes(4, "big") + bytes([131, 68]).ljust(1024)
"""A frame that fills what is remembered of the beginning of a connection."""


def _handshake(net: Network, here: str, there: str, tag: str, *, good: bool) -> Connection:
    """From the lookup to the challenge reply, or to the link that is up."""
    net.looks_up(here, there, Port2Req(name=f"b-{tag}"), port2_resp(f"b-{tag}", PORT))
    link = net.connect(here, there, PORT)
    link.initiator.sends(framed(SendName(flags=OTP_26, creation=1, name=f"a-{tag}@{here}")))
    link.acceptor.sends(framed(Status(text="ok")))
    link.acceptor.sends(
        framed(Challenge(flags=OTP_26, challenge=link.initiator.port, creation=2, name=f"b-{tag}@{there}"))
    )
    link.initiator.sends(framed(ChallengeReply(challenge=9, digest=digest(b"ours", link.initiator.port))))
    if good:
        link.acceptor.sends(framed(ChallengeAck(digest=digest(b"ours", 9))))
    return link


def _closes(link: Connection) -> None:
    link.acceptor.closes()
    link.initiator.closes()
    link.acceptor.raw(ACK)


def _day() -> Network:
    """Everything that leaves something behind."""
    net = Network()
    alive = Alive2Req(port=PORT, type=77, protocol=0, highest=6, lowest=5, name=f"r-{_TAG}")
    node = net.connect(_HERE, _HERE, EPMD)
    node.initiator.sends(framed(alive))
    node.acceptor.sends(Alive2XResp(result=0, creation=3).write())
    up = _handshake(net, _HERE, _THERE, _TAG, good=True)
    net.wait(2)
    for _ in range(3):
        up.initiator.sends(_TICK)
        up.acceptor.sends(_TICK)
        net.wait(15)
    _closes(up)
    _closes(_handshake(net, _HERE, _THERE, _TAG, good=False))
    refused = net.dial(_HERE, _THERE, EPMD)
    refused.initiator.raw(SYN)
    refused.acceptor.raw(RST | ACK)
    net.dial(_HERE, _THERE, EPMD).unanswered()
    other = net.connect(_HERE, _THERE, 80)
    other.initiator.sends(b"GET / HTTP/1.1\r\n\r\n")
    other.acceptor.sends(b"HTTP/1.1 200 OK\r\n\r\n")
    _closes(other)
    _closes(node)
    net.now += _PAUSE
    return net


class Weeks(ScriptedTap):
    """Day after day the same happens to other nodes, on other hosts; and one link is up all the time."""

    def __init__(self, days: int) -> None:
        super().__init__([], at_a_time=1 << 16)
        self.days = days
        self.day = 0
        """That goes on now."""
        self._story = _day()
        self._length = self._story.now - START
        self._lasting = Network(now=START, _port=50_000)
        self._link = _handshake(self._lasting, "10.18.0.1", "10.18.0.2", "tag", good=True)
        for end in (self._link.initiator, self._link.acceptor):
            end.sends(_LONG)
        self._moments = self._passing()

    def now(self) -> int:
        """The clock of the host: a moment later each time."""
        return next(self._moments)

    def read(self) -> Batch | None:
        """A day's packets."""
        self._read = 0
        self._records = self._another() if self.day < self.days else []
        return super().read()

    def _another(self) -> list[tuple[int, bytes]]:
        day, later = self.day, self.day * self._length
        self.day += 1
        self._lasting.now = max(self._lasting.now, START + later)
        self._link.initiator.sends(_TICK)
        self._link.acceptor.sends(_TICK)
        records, self._lasting.packets = self._lasting.packets, []
        exchanged = [
            (IPv4Address(host).packed, (int(IPv4Address(host)) + day).to_bytes(4, "big")) for host in (_HERE, _THERE)
        ]
        exchanged.append((_TAG.encode(), f"{day:06d}".encode()))
        for at, data in self._story.packets:
            for old, new in exchanged:
                data = data.replace(old, new)
            records.append((at + later, data))
        return sorted(records, key=lambda record: record[0])

    def _passing(self) -> Iterator[int]:
        now = START
        while True:
            now = max(now + SECOND // 100, START + self.day * self._length)
            yield now


_NO_DATA = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.CodeType,
    Enum,
)
_MANY = (list, tuple, set, frozenset, deque)


def tables(root: object) -> Counter[str]:
    """Path → entries of all containers, and bytes of all texts, that are reached by it: once each, on the shortest way.
    What stands in one container has one path, so a path tells how much all of it has together."""
    sizes: Counter[str] = Counter()
    seen: dict[int, object] = {}
    waiting: deque[tuple[str, object]] = deque([("", root)])
    while waiting:
        path, each = waiting.popleft()
        if id(each) in seen or isinstance(each, _NO_DATA):
            continue
        seen[id(each)] = each
        if isinstance(each, (dict, *_MANY, bytearray, str, bytes)):
            sizes[path] += len(each)
        waiting.extend(_below(path, each))
    return sizes


def _below(path: str, each: object) -> Iterator[tuple[str, object]]:
    if isinstance(each, dict):
        for key, value in each.items():
            yield f"{path}[key]", key
            yield f"{path}[]", value
    elif isinstance(each, _MANY):
        for value in each:
            yield f"{path}[]", value
    for name in _fields(each):
        try:
            yield f"{path}.{name}", object.__getattribute__(each, name)
        except AttributeError:  # a slot that is empty
            continue


def _fields(each: object) -> Iterator[str]:
    for kind in type(each).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
    yield from getattr(each, "__dict__", ())
