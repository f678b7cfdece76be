"""Bytes of one side of a TLS connection to records: the 5-byte headers, followed through holes where that is safe.

A record's length is in its header, so a hole inside a record costs its content but not the place of the next one.  A
hole that swallows a header does: then the next ``feed`` that begins with a plausible header brings us back in step, as
records often start where segments do, while five bytes look like a header by chance once in three million times.
"""

from __future__ import annotations

from enum import Enum

from dissectors.dataclass import dataclass
from dissectors.dialogue import Item, Missing, Problem, Side, Undecoded
from dissectors.lane import SHOWN
from dissectors.tls_alerts import ALERT_NAMES, FATAL, WARNING
from dissectors.tls_codec import push_uint

HEADER_SIZE = 5
MAX_PAYLOAD = 2**14 + 2048
"""RFC 5246 section 6.2.3; TLS 1.3 allows less."""


class RecordType(Enum):
    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


_TYPES = {each.value: each for each in RecordType}
_VERSIONS = range(0x0300, 0x0305)
_HELLOS = (1, 2)


@dataclass(frozen=True, slots=True)
class Record:
    """One whole record."""

    start: int
    end: int
    type: RecordType
    payload: bytes
    """Empty for application data, which is never kept."""

    @property
    def length(self) -> int:
        return self.end - self.start - HEADER_SIZE


def write_record(type_: RecordType, payload: bytes, version: int = 0x0303) -> bytes:
    """One record; ``payload`` has at most 2**14 bytes."""
    return push_uint(type_.value, 1) + push_uint(version, 2) + push_uint(len(payload), 2) + payload


def header_problem(header: bytes) -> str | None:
    """Why these first bytes (any number up to five) can't begin a record; None where they can."""
    if header and header[0] not in _TYPES:
        return f"record type wants 20 to 23, has {header[0]}"
    if len(header) >= 3 and int.from_bytes(header[1:3], "big") not in _VERSIONS:
        return f"record version wants 0x0300 to 0x0304, has 0x{header[1:3].hex()}"
    if len(header) >= HEADER_SIZE and int.from_bytes(header[3:5], "big") > MAX_PAYLOAD:
        return f"record length wants at most {MAX_PAYLOAD}, has {int.from_bytes(header[3:5], 'big')}"
    return None


def looks_like_tls(data: bytes) -> bool | None:
    """Whether a side's first bytes are TLS: a record with a hello, or with an alert in the clear.

    None where more bytes are needed (ten decide for a hello, seven for an alert).  No genuine Erlang handshake passes:
    its first two bytes are a length far below 0x1503 = 5379.
    """
    if header_problem(data[:HEADER_SIZE]) or (data and data[0] not in _FIRST_BYTES):
        return False
    if len(data) < HEADER_SIZE:
        return None
    return _FIRST_BYTES[data[0]](int.from_bytes(data[3:5], "big"), data[HEADER_SIZE:])


def _is_hello(length: int, payload: bytes) -> bool | None:
    # A hello has at least 2 + 32 + 1 + 2 + 1 bytes behind its header of 4, and then its version: 03 xx.
    if length < 42 or (payload and payload[0] not in _HELLOS) or payload[4:5] not in (b"", b"\x03"):
        return False
    return True if len(payload) >= 5 else None


def _is_alert(length: int, payload: bytes) -> bool | None:
    if length != 2 or payload[:1] not in (b"", bytes((WARNING,)), bytes((FATAL,))):
        return False
    return payload[1] in ALERT_NAMES if len(payload) >= 2 else None


_FIRST_BYTES = {RecordType.HANDSHAKE.value: _is_hello, RecordType.ALERT.value: _is_alert}


class _Step(Enum):
    HEADER = "in step, in front of or inside a header"
    PAYLOAD = "inside a record"
    SPOILT = "inside a readable record that has a hole: its end is known"
    LOST = "after a hole: the next feed may begin with a header"
    TRIAL = "after a hole, inside what may be a header"
    DEAD = "these bytes were never TLS"


class RecordStream:
    """The records of one side.  Bounded: at most one record's payload is held, and none of application data."""

    def __init__(self, side: Side, *, midstream: bool = False) -> None:
        self._side = side
        self._step = _Step.LOST if midstream else _Step.HEADER
        self._at = 0
        """Stream offset of the next byte."""
        self._start = 0
        """Stream offset where the current header, record or run of useless bytes began."""
        self._held = bytearray()
        """Bytes of it that are kept; for a record its header too."""
        self._type = RecordType.APPLICATION_DATA
        self._end = 0
        """Stream offset behind the current record."""

    def feed(self, data: bytes) -> list[Record | Item]:
        out: list[Record | Item] = []
        if data and self._step is _Step.LOST:
            self._begin(_Step.TRIAL)
        rest = memoryview(data)
        while rest:
            taken = self._take(rest, out)
            rest = rest[taken:]
        if self._step is _Step.LOST:
            self._flush(out)
        return out

    def gap(self, length: int) -> list[Record | Item]:
        out: list[Record | Item] = []
        if length <= 0:
            return out
        opaque = self._step is _Step.PAYLOAD and self._type is RecordType.APPLICATION_DATA
        if not opaque:
            self._flush(out)
        out.append(Missing(self._side, self._at, self._at + length))
        self._at += length
        if self._step not in (_Step.PAYLOAD, _Step.SPOILT) or self._at > self._end:
            if opaque:
                out.append(self._record())
            self._begin(_Step.LOST)
        elif self._at == self._end:
            if opaque:
                out.append(self._record())
            self._begin(_Step.HEADER)
        elif not opaque:
            self._begin(_Step.SPOILT)
        return out

    def close(self) -> list[Record | Item]:
        out: list[Record | Item] = []
        self._flush(out)
        self._begin(_Step.LOST)
        return out

    def _begin(self, step: _Step) -> None:
        self._step = step
        self._start = self._at
        self._held.clear()

    def _take(self, rest: memoryview, out: list[Record | Item]) -> int:
        """Consume the front of ``rest``, at least a byte of it."""
        if self._step in (_Step.HEADER, _Step.TRIAL):
            return self._take_header(rest, out)
        if self._step in (_Step.PAYLOAD, _Step.SPOILT):
            return self._take_payload(rest, out)
        self._keep(rest, SHOWN)
        self._at += len(rest)
        return len(rest)

    def _keep(self, data: memoryview, limit: int) -> None:
        self._held += data[: max(0, limit - len(self._held))]

    def _take_header(self, rest: memoryview, out: list[Record | Item]) -> int:
        taken = min(HEADER_SIZE - len(self._held), len(rest))
        self._held += rest[:taken]
        self._at += taken
        if len(self._held) < HEADER_SIZE:
            return taken
        problem = header_problem(bytes(self._held))
        if problem is None:
            self._type = _TYPES[self._held[0]]
            self._end = self._at + int.from_bytes(self._held[3:5], "big")
            self._step = _Step.PAYLOAD
            self._finish(out)
        elif self._step is _Step.TRIAL:
            self._step = _Step.LOST
        else:
            out.append(self._undecoded(Problem.MALFORMED, problem))
            self._begin(_Step.DEAD)
        return taken

    def _take_payload(self, rest: memoryview, out: list[Record | Item]) -> int:
        taken = min(self._end - self._at, len(rest))
        if self._step is _Step.SPOILT:
            self._keep(rest[:taken], SHOWN)
        elif self._type is not RecordType.APPLICATION_DATA:
            self._held += rest[:taken]
        self._at += taken
        self._finish(out)
        return taken

    def _finish(self, out: list[Record | Item]) -> None:
        if self._at < self._end:
            return
        if self._step is _Step.SPOILT:
            self._flush(out)
        else:
            out.append(self._record())
        self._begin(_Step.HEADER)

    def _record(self) -> Record:
        return Record(self._start, self._end, self._type, bytes(self._held[HEADER_SIZE:]))

    def _flush(self, out: list[Record | Item]) -> None:
        """Give up what is held, under the name that fits the step."""
        if self._at == self._start:
            return
        if self._step is _Step.PAYLOAD:
            wanted = self._end - self._start
            out.append(self._undecoded(Problem.TRUNCATED, f"record wants {wanted} bytes, has {self._at - self._start}"))
        elif self._step is _Step.HEADER:
            problem = header_problem(bytes(self._held))
            reason = problem or f"record header wants {HEADER_SIZE} bytes, has {len(self._held)}"
            out.append(self._undecoded(Problem.MALFORMED if problem else Problem.TRUNCATED, reason))
        else:
            out.append(self._undecoded(Problem.OUT_OF_STEP, _WHY_OUT_OF_STEP[self._step]))
        self._begin(self._step)

    def _undecoded(self, problem: Problem, reason: str) -> Undecoded:
        return Undecoded(self._side, self._start, self._at, problem, reason, bytes(self._held[:SHOWN]))


_WHY_OUT_OF_STEP = {
    _Step.SPOILT: "the rest of a record with a hole",
    _Step.LOST: "no record header where one could begin",
    _Step.TRIAL: "no record header where one could begin",
    _Step.DEAD: "behind bytes that are not TLS",
}
