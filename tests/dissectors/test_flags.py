"""Flag names, mandatory masks, and which release sends which set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.flags import FACTS, Estimate, Flag, effective, estimate, mandatory_mask, missing, names


def test_every_flag_has_its_facts() -> None:
    """The table has one row per flag."""
    assert [row.flag for row in FACTS] == list(Flag)


@pytest.mark.parametrize(
    ("release", "mask"),
    [
        (17, 0x104),
        (19, 0x104),
        (20, 0x1_0104),
        (21, 0x1_0184),
        (22, 0x1_0184),
        (23, 0x5_0184),
        (24, 0x5_0184),
        (25, 0x107_0F94),
        (26, 0x4_0307_0F94),
        (28, 0x4_0307_0F94),
        (31, 0x4_0307_0F94),
    ],
)
def test_mandatory_masks(release: int, mask: int) -> None:
    """The masks of docs/protocol.md 3."""
    assert mandatory_mask(release) == mask


def test_missing_names_the_highest_first() -> None:
    """A C node of OTP 22 before a node of OTP 26; bits without a name have a number."""
    assert missing(0x74F9C, mandatory_mask(26)) == ("V4_NC", "UNLINK_ID", "HANDSHAKE_23")
    assert missing(0, 1 << 40 | 1 << 2) == ("bit 40", "EXTENDED_REFERENCES")
    assert missing(0x2D_07DF7FBD, mandatory_mask(28)) == ()


def test_bit_26_stands_for_eleven_flags() -> None:
    """A set with MANDATORY_25_DIGEST alone lacks only what became mandatory later."""
    assert effective(1 << 26) == 1 << 26 | 0x1070F94
    assert missing(1 << 26, mandatory_mask(25)) == ()
    assert missing(1 << 26, mandatory_mask(26)) == ("V4_NC", "UNLINK_ID")


def test_names() -> None:
    """Lowest bit first."""
    assert names(0x104 | 1 << 63) == ("EXTENDED_REFERENCES", "EXTENDED_PIDS_PORTS", "bit 63")
    assert names(0) == ()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0x17FFD, Estimate("OTP", 16, 16)),
        (0x37FFD, Estimate("OTP", 17, 18)),
        (0x77FFC, Estimate("OTP", 19, 20)),  # hidden
        (0xDF7FBD, Estimate("OTP", 22, 22)),
        (0x01DF7FBD, Estimate("OTP", 23, 23)),  # the low half, in an old name
        (0x03DF7FBD, Estimate("OTP", 23, 24)),  # the low half of 23.3 and of 24
        (0x1_01DF7FBD, Estimate("OTP", 23, 23)),
        (0xD_03DF7FBD, Estimate("OTP", 24, 24)),
        (0xD_07DF7FBD, Estimate("OTP", 25, 27)),
        (0xF_07DF7FBC, Estimate("OTP", 25, 27)),  # asks for a name
        (0x2D_07DF7FBC, Estimate("OTP", 28, 28)),
        (0x6D_07DF7FBD, Estimate("OTP", 29, None)),
        (0x7499C, Estimate("erl_interface", 19, 21)),
        (0x4_07074F9C, Estimate("erl_interface", 25, None)),
        (0x4_07070F94, Estimate("jinterface", 25, None)),
        (0x17FBD, Estimate("OTP", 16, 16)),  # R16's set without bit 6, as an acceptor of 21 returns it
        (0xC_03070F94, Estimate(None, 24, 24)),  # erldistpy 0.1.7
        (0x07074F9C, Estimate("erl_interface", 25, None)),  # the low half, in an old name
        (0xDF7FBD & ~Flag.SEND_SENDER, Estimate(None, 22, 22)),
        (0xDF7FBD & ~Flag.DIST_HDR_ATOM_CACHE, Estimate(None, 22, 22)),
        (0x77FFD & ~Flag.SEND_SENDER & ~Flag.MAP_TAG, Estimate("OTP", 19, 20)),
        (0x7FFFFFFF, Estimate(None, 25, 27)),  # internal bits
        (0, None),
    ],
)
def test_estimate(flags: int, expected: Estimate | None) -> None:
    """Known sets by the table, others by their newest bit; what OTP cannot have sent has no implementation."""
    assert estimate(flags) == expected


def documented() -> list[tuple[int, Estimate]]:
    """The rows of docs/protocol.md 3.1; of each implementation the last stands for all later releases, too."""
    text = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    section = text.partition("### 3.1")[2].partition("\n#")[0]
    rows: dict[str, list[tuple[int, int, int]]] = {"OTP": [], "erl_interface": [], "jinterface": []}
    for who, releases, flags in re.findall(r"^\| (ei |jinterface |)(R?\d[^|(]*).*?\| `(0x[0-9a-f_]+)`", section, re.M):
        known = [int(number) for number in re.findall(r"(\d+)(?:\.\d)?", releases)]
        rows[{"ei ": "erl_interface", "": "OTP"}.get(who, "jinterface")].append((int(flags, 16), known[0], known[-1]))
    return [
        (flags, Estimate(who, lowest, highest if flags != known[-1][0] else None))  # type: ignore[arg-type]
        for who, known in rows.items()
        for flags, lowest, highest in known
    ]


def test_every_documented_set() -> None:
    """Visible and hidden; and where a bit that OTP always sends is missing, the newest one tells as much."""
    sets = documented()
    assert len(sets) == 24
    for flags, expected in sets:
        assert estimate(flags) == expected
        if expected.implementation == "OTP":
            assert estimate(flags & ~Flag.PUBLISHED) == expected
            assert estimate(flags & ~Flag.UNICODE_IO) == Estimate(None, expected.lowest, expected.highest)


def test_lower_bound() -> None:
    """An intersection tells only that its sender is not older than the newest bit."""
    assert estimate(0x37FBD, lower_bound_only=True) == Estimate(None, 17, None)
    assert estimate(0, lower_bound_only=True) is None


@given(st.integers(0, 2**64 - 1))
def test_total(flags: int) -> None:
    """Any 64 bits have names and an estimate or none."""
    assert len(names(flags)) == flags.bit_count()
    guess = estimate(flags)
    assert guess is None or guess.highest is None or guess.lowest <= guess.highest
