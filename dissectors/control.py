"""Head of a frame between connected nodes to the control message in it.

docs/protocol.md 2.6; ERTS User's Guide, "External Term Format" and "Distribution Protocol".  Only what is needed to say
*what kind* of message a frame carries, and to which registered process it goes.  A frame that cannot be read so far is
no error: its control message is unknown.
"""

from __future__ import annotations

from collections.abc import Callable

from dissectors.dataclass import dataclass, field
from dissectors.wire import Reader, Truncated

OPCODES: dict[int, str] = {
    1: "LINK",
    2: "SEND",
    3: "EXIT",
    4: "UNLINK",
    5: "NODE_LINK",
    6: "REG_SEND",
    7: "GROUP_LEADER",
    8: "EXIT2",
    12: "SEND_TT",
    13: "EXIT_TT",
    16: "REG_SEND_TT",
    18: "EXIT2_TT",
    19: "MONITOR_P",
    20: "DEMONITOR_P",
    21: "MONITOR_P_EXIT",
    22: "SEND_SENDER",
    23: "SEND_SENDER_TT",
    24: "PAYLOAD_EXIT",
    25: "PAYLOAD_EXIT_TT",
    26: "PAYLOAD_EXIT2",
    27: "PAYLOAD_EXIT2_TT",
    28: "PAYLOAD_MONITOR_P_EXIT",
    29: "SPAWN_REQUEST",
    30: "SPAWN_REQUEST_TT",
    31: "SPAWN_REPLY",
    32: "SPAWN_REPLY_TT",
    33: "ALIAS_SEND",
    34: "ALIAS_SEND_TT",
    35: "UNLINK_ID",
    36: "UNLINK_ID_ACK",
    37: "ALTACT_SIG_SEND",
}
"""Names of OTP's ``dist.h`` without their ``DOP_``."""

_REG_SENDS = frozenset({6, 16})
"""{opcode, from, unused, to-name, …}"""


@dataclass(frozen=True, slots=True)
class ControlMessage:
    """What a frame is about."""

    opcode: int
    to_name: str | None = None
    """Registered name that the message is sent to, where the frame spells it out: ``rex``, ``net_kernel`` …"""
    new_atoms: tuple[str, ...] = ()
    """Atoms that this frame is the first to use on the connection, and therefore spells out."""
    size: int = field(default=0, repr=False)
    """Bytes up to the opcode, included: what has to be there to tell it and the atoms."""

    @property
    def name(self) -> str:
        """From :data:`OPCODES`; ``opcode N`` for one that is not there."""
        return OPCODES.get(self.opcode, f"opcode {self.opcode}")


class _Unreadable(Exception):
    """The head is of a kind that is not read here."""


def control_after_header(data: bytes) -> ControlMessage | None:
    """From the atom cache references (the byte behind ``83 44``, or behind a first fragment's numbers) on."""
    return _guarded(lambda: _control(reader := Reader(data), _cache_references(reader)))


def control_of_pass_through(data: bytes) -> ControlMessage | None:
    """From the term (the byte behind ``70 83``) on."""
    return _guarded(lambda: _control(Reader(data), []))


def _guarded(read: Callable[[], ControlMessage]) -> ControlMessage | None:
    try:
        return read()
    except (Truncated, _Unreadable):
        return None


def _cache_references(reader: Reader) -> list[str | None]:
    """The atoms that references stand for: their text where it is new, None where it was sent earlier."""
    count = reader.uint(1, "number of references")
    if not count:
        return []
    packed = reader.take(count // 2 + 1, "flags")
    nibbles = [half for byte in packed for half in (byte & 15, byte >> 4)]
    length_size = 2 if nibbles[count] & 1 else 1
    atoms: list[str | None] = []
    for nibble in nibbles[:count]:
        reader.take(1, "index")
        new = nibble & 8
        atoms.append(_text(reader, length_size) if new else None)
    return atoms


def _control(reader: Reader, cache: list[str | None]) -> ControlMessage:
    if reader.take(1, "tuple") != b"h":
        raise _Unreadable
    arity = reader.uint(1, "arity")
    if not arity or reader.take(1, "opcode") != b"a":
        raise _Unreadable
    opcode = reader.uint(1, "opcode")
    new_atoms = tuple(atom for atom in cache if atom is not None)
    size = reader.at
    if opcode not in _REG_SENDS or arity < 4:
        return ControlMessage(opcode, new_atoms=new_atoms, size=size)
    try:
        _skip_pid(reader, cache)
        _atom(reader, cache)
        return ControlMessage(opcode, _atom(reader, cache), new_atoms, size)
    except (Truncated, _Unreadable):
        return ControlMessage(opcode, new_atoms=new_atoms, size=size)


def _skip_pid(reader: Reader, cache: list[str | None]) -> None:
    numbers = {b"X": 12, b"g": 9}.get(reader.take(1, "pid"))
    if numbers is None:
        raise _Unreadable
    _atom(reader, cache)
    reader.take(numbers, "pid")


def _atom(reader: Reader, cache: list[str | None]) -> str | None:
    tag = reader.take(1, "atom")
    if tag == b"R":
        index = reader.uint(1, "reference")
        return cache[index] if index < len(cache) else None
    length_size = {b"s": 1, b"w": 1, b"d": 2, b"v": 2}.get(tag)
    if length_size is None:
        raise _Unreadable
    return _text(reader, length_size)


def _text(reader: Reader, length_size: int) -> str:
    return reader.take(reader.uint(length_size, "length"), "atom").decode("utf-8", "surrogateescape")
