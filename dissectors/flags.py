"""Capability bits of a node to names, to what it lacks, and to the release that it probably is (docs/protocol.md 3)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntFlag
from typing import Literal

from dissectors.dataclass import dataclass


class Flag(IntFlag):
    """Distribution flags; the names are those of OTP's sources without their ``DFLAG_``."""

    PUBLISHED = 1 << 0
    ATOM_CACHE = 1 << 1
    EXTENDED_REFERENCES = 1 << 2
    DIST_MONITOR = 1 << 3
    FUN_TAGS = 1 << 4
    DIST_MONITOR_NAME = 1 << 5
    HIDDEN_ATOM_CACHE = 1 << 6
    NEW_FUN_TAGS = 1 << 7
    EXTENDED_PIDS_PORTS = 1 << 8
    EXPORT_PTR_TAG = 1 << 9
    BIT_BINARIES = 1 << 10
    NEW_FLOATS = 1 << 11
    UNICODE_IO = 1 << 12
    DIST_HDR_ATOM_CACHE = 1 << 13
    SMALL_ATOM_TAGS = 1 << 14
    ETS_COMPRESSED = 1 << 15
    UTF8_ATOMS = 1 << 16
    MAP_TAG = 1 << 17
    BIG_CREATION = 1 << 18
    SEND_SENDER = 1 << 19
    BIG_SEQTRACE_LABELS = 1 << 20
    PENDING_CONNECT = 1 << 21
    EXIT_PAYLOAD = 1 << 22
    FRAGMENTS = 1 << 23
    HANDSHAKE_23 = 1 << 24
    UNLINK_ID = 1 << 25
    MANDATORY_25_DIGEST = 1 << 26
    SPAWN = 1 << 32
    NAME_ME = 1 << 33
    V4_NC = 1 << 34
    ALIAS = 1 << 35
    LOCAL_EXT = 1 << 36
    ALTACT_SIG = 1 << 37
    NATIVE_RECORDS = 1 << 38


@dataclass(frozen=True, slots=True)
class FlagFacts:
    """A row of the table of flags."""

    flag: Flag
    since: int
    """First OTP release that sets it."""
    mandatory_since: int | None = None
    """First OTP release that refuses a peer without it; 10 stands for the R10 era."""
    never_sent: bool = False
    """Internal to the VM: no OTP node sends it."""


FACTS: tuple[FlagFacts, ...] = (
    FlagFacts(Flag.PUBLISHED, 6),
    FlagFacts(Flag.ATOM_CACHE, 6),
    FlagFacts(Flag.EXTENDED_REFERENCES, 7, 10),
    FlagFacts(Flag.DIST_MONITOR, 8),
    FlagFacts(Flag.FUN_TAGS, 8, 25),
    FlagFacts(Flag.DIST_MONITOR_NAME, 10),
    FlagFacts(Flag.HIDDEN_ATOM_CACHE, 10),
    FlagFacts(Flag.NEW_FUN_TAGS, 10, 21),
    FlagFacts(Flag.EXTENDED_PIDS_PORTS, 9, 10),
    FlagFacts(Flag.EXPORT_PTR_TAG, 11, 25),
    FlagFacts(Flag.BIT_BINARIES, 11, 25),
    FlagFacts(Flag.NEW_FLOATS, 11, 25),
    FlagFacts(Flag.UNICODE_IO, 13),
    FlagFacts(Flag.DIST_HDR_ATOM_CACHE, 13),
    FlagFacts(Flag.SMALL_ATOM_TAGS, 14),
    FlagFacts(Flag.ETS_COMPRESSED, 14, never_sent=True),
    FlagFacts(Flag.UTF8_ATOMS, 16, 20),
    FlagFacts(Flag.MAP_TAG, 17, 25),
    FlagFacts(Flag.BIG_CREATION, 19, 23),
    FlagFacts(Flag.SEND_SENDER, 21),
    FlagFacts(Flag.BIG_SEQTRACE_LABELS, 21),
    FlagFacts(Flag.PENDING_CONNECT, 21, never_sent=True),
    FlagFacts(Flag.EXIT_PAYLOAD, 22),
    FlagFacts(Flag.FRAGMENTS, 22),
    FlagFacts(Flag.HANDSHAKE_23, 23, 25),
    FlagFacts(Flag.UNLINK_ID, 23, 26),
    FlagFacts(Flag.MANDATORY_25_DIGEST, 25),
    FlagFacts(Flag.SPAWN, 23),
    FlagFacts(Flag.NAME_ME, 23),
    FlagFacts(Flag.V4_NC, 24, 26),
    FlagFacts(Flag.ALIAS, 24),
    FlagFacts(Flag.LOCAL_EXT, 26, never_sent=True),
    FlagFacts(Flag.ALTACT_SIG, 28),
    FlagFacts(Flag.NATIVE_RECORDS, 29),
)

LOW_HALF = (1 << 32) - 1
"""What an old name or challenge can carry."""


def mandatory_mask(release: int) -> int:
    """The flags without which a node of OTP ``release`` refuses a peer (newer releases than 29: as 29)."""
    return sum(row.flag for row in FACTS if row.mandatory_since is not None and row.mandatory_since <= max(release, 10))


def effective(flags: int) -> int:
    """``flags`` with those added that MANDATORY_25_DIGEST stands for."""
    return flags | mandatory_mask(25) if flags & Flag.MANDATORY_25_DIGEST else flags


def missing(flags: int, mask: int) -> tuple[str, ...]:
    """Names of the flags of ``mask`` that ``flags`` lacks, highest bit first; a bit without a name is ``bit N``."""
    return tuple(reversed(names(mask & ~effective(flags))))


def names(flags: int) -> tuple[str, ...]:
    """Names of the flags that are set, lowest bit first; a bit without a name is ``bit N``."""
    return tuple(_name(bit) for bit in _bits(flags))


def _bits(flags: int) -> Iterator[int]:
    return (bit for bit in range(flags.bit_length()) if flags >> bit & 1)


def _name(bit: int) -> str:
    return _NAMES.get(bit, f"bit {bit}")


_NAMES = {row.flag.bit_length() - 1: row.flag.name or "" for row in FACTS}

Implementation = Literal["OTP", "erl_interface", "jinterface"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Which releases send such flags."""

    implementation: Implementation | None
    """None: no implementation of OTP is known to send this set; the releases are those that it looks like."""
    lowest: int
    highest: int | None
    """None: ``lowest`` and any later one."""


_KNOWN: tuple[tuple[int, Implementation, int, int | None], ...] = (
    (0x7FFD, "OTP", 13, 15),
    (0x17FFD, "OTP", 16, 16),
    (0x37FFD, "OTP", 17, 18),
    (0x77FFD, "OTP", 19, 20),
    (0x1F7FBD, "OTP", 21, 21),
    (0xDF7FBD, "OTP", 22, 22),
    (0x1_01DF7FBD, "OTP", 23, 23),
    (0x1_03DF7FBD, "OTP", 23, 23),
    (0xD_03DF7FBD, "OTP", 24, 24),
    (0xD_07DF7FBD, "OTP", 25, 27),
    (0x2D_07DF7FBD, "OTP", 28, 28),
    (0x6D_07DF7FBD, "OTP", 29, None),
    (0x3499C, "erl_interface", 17, 18),
    (0x7499C, "erl_interface", 19, 21),
    (0x74F9C, "erl_interface", 22, 22),
    (0x1074F9C, "erl_interface", 23, 23),
    (0x4_01074F9C, "erl_interface", 24, 24),
    (0x4_07074F9C, "erl_interface", 25, None),
    (0x30D94, "jinterface", 17, 18),
    (0x70D94, "jinterface", 19, 21),
    (0x70F94, "jinterface", 22, 22),
    (0x1070F94, "jinterface", 23, 23),
    (0x4_03070F94, "jinterface", 24, 24),
    (0x4_07070F94, "jinterface", 25, None),
)
"""Whole sets as visible nodes send them (docs/protocol.md 3.1)."""

_BY_HIGHEST_BIT: tuple[tuple[Flag, int, int | None], ...] = (
    (Flag.NATIVE_RECORDS, 29, None),
    (Flag.ALTACT_SIG, 28, 28),
    (Flag.MANDATORY_25_DIGEST, 25, 27),
    (Flag.ALIAS, 24, 24),
    (Flag.SPAWN, 23, 23),
    (Flag.UNLINK_ID, 23, 24),
    (Flag.HANDSHAKE_23, 23, 23),
    (Flag.EXIT_PAYLOAD, 22, 22),
    (Flag.SEND_SENDER, 21, 21),
    (Flag.BIG_CREATION, 19, 20),
    (Flag.MAP_TAG, 17, 18),
    (Flag.UTF8_ATOMS, 16, 16),
    (Flag.DIST_HDR_ATOM_CACHE, 13, 15),
)


def estimate(flags: int, *, lower_bound_only: bool = False) -> Estimate | None:
    """Which releases send ``flags``; None if the bits say nothing.

    Known sets first, also as hidden nodes and nodes that ask for a name send them, and their low halves as an old name
    message carries them; then the newest bit decides.  ``lower_bound_only``: the set may be an intersection, as an
    acceptor of OTP 21 and 22 sends it; then only the newest bit counts, and later releases remain possible.
    """
    if lower_bound_only:
        newest = _by_highest_bit(flags)
        return Estimate(None, newest.lowest, None) if newest else None
    return _by_set(flags) or _by_highest_bit(flags)


def _by_set(flags: int) -> Estimate | None:
    visible = flags if flags & Flag.PUBLISHED else (flags | Flag.PUBLISHED) & ~Flag.NAME_ME
    for mask in (-1, LOW_HALF) if flags <= LOW_HALF else (-1,):
        rows = [row for row in _KNOWN if row[0] & mask == flags or (row[1] == "OTP" and row[0] & mask == visible)]
        if rows:
            ends = [highest for _, _, _, highest in rows if highest is not None]
            return Estimate(rows[0][1], rows[0][2], max(ends) if len(ends) == len(rows) else None)
    return None


def _by_highest_bit(flags: int) -> Estimate | None:
    for bit, lowest, highest in _BY_HIGHEST_BIT:
        if flags & bit:
            return Estimate("OTP" if _otp_like(flags, lowest) else None, lowest, highest)
    return None


def _otp_like(flags: int, lowest: int) -> bool:
    """OTP never sends its internal bits, and never leaves out these."""
    wanted = Flag.UNICODE_IO | Flag.DIST_HDR_ATOM_CACHE | (Flag.SEND_SENDER if lowest >= 21 else 0)
    unwanted = sum(row.flag for row in FACTS if row.never_sent)
    return flags & wanted == wanted and not flags & unwanted
