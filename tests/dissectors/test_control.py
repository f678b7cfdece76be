"""Control messages in the heads of frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.control import OPCODES, ControlMessage, control_after_header, control_of_pass_through
from dissectors.dataclass import replace

PID = bytes.fromhex("58 52 00 00000035 00000000 6b0305de")  # a process; its node is reference 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # The first frame of a node of OTP 28: even number of references, REG_SEND to rex
        (
            bytes.fromhex(
                "04 8fdc00 980961707040616c706861 0500 76037265786f1066656174757265735f72657175657374"
                "6804 6106 58520000000036000000006b0305df 5201 5202"
            ),
            ControlMessage(6, "rex", ("app@alpha", "", "rex", "features_request")),
        ),
        # An odd number of references: the half byte for long atoms shares the last flags byte
        (bytes.fromhex("02 a300 7aad03726578 6804 6113"), ControlMessage(19, new_atoms=("rex",))),
        # The name was sent earlier
        (bytes.fromhex("03 0000 010203 6804 6106") + PID + bytes.fromhex("5201 5202"), ControlMessage(6)),
        # Long atoms: two bytes of length
        (
            bytes.fromhex("01 18 00 0003726578 6804 6106") + PID + bytes.fromhex("7700 5200"),
            ControlMessage(6, "rex", ("rex",)),
        ),
        # The same, with an even number of references: the half byte for long atoms has a byte of its own
        (bytes.fromhex("02 88 01 00 0003726578 01 000161 6804 6113"), ControlMessage(19, new_atoms=("rex", "a"))),
        # Its other bits say nothing
        (bytes.fromhex("02 88 0e 00 03726578 01 0161 6804 6113"), ControlMessage(19, new_atoms=("rex", "a"))),
        # No references at all
        (bytes.fromhex("00 6803 6102"), ControlMessage(2)),
        (bytes.fromhex("00 6804 6106 61"), ControlMessage(6)),
        (bytes.fromhex("00 6804 6106") + PID + bytes.fromhex("7700 61"), ControlMessage(6)),
        (bytes.fromhex("00 6803 61"), None),
        (bytes.fromhex("00 6c"), None),
        (bytes.fromhex("00 6800"), None),
        (bytes.fromhex("00 6801 62"), None),
        (bytes.fromhex("05 8f"), None),
        (b"", None),
    ],
)
def test_after_a_distribution_header(data: bytes, expected: ControlMessage | None) -> None:
    """The operation, the name where the frame spells it out, and how many bytes it takes to tell the operation."""
    found = control_after_header(data)
    assert (found and replace(found, size=0)) == expected
    assert found is None or control_after_header(data[: found.size] + b"?" * 9) == replace(found, to_name=None)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # A C node calls rex: atoms spelled out
        (
            bytes.fromhex(
                "6804 6106 58 770f636e6f64654031302e37372e362e33 000000000000000000e10000 7700 7703726578 6802"
            ),
            ControlMessage(6, "rex"),
        ),
        # An older one: ATOM_EXT and PID_EXT
        (bytes.fromhex("6804 6106 67 6400036140 62 000000000000000001 640000 6400036e6574"), ControlMessage(6, "net")),
        # With a trace token behind the name
        (bytes.fromhex("6805 6110 67 6400036140 62 000000000000000001 640000 6400036e6574"), ControlMessage(16, "net")),
        (bytes.fromhex("6803 6102 7700"), ControlMessage(2)),
        (bytes.fromhex("6803 6102")[:3], None),
    ],
)
def test_of_a_pass_through(data: bytes, expected: ControlMessage | None) -> None:
    """No references: all atoms are in the message."""
    found = control_of_pass_through(data)
    assert (found and replace(found, size=0)) == expected


def test_names_of_operations() -> None:
    """From the table, or by number."""
    assert ControlMessage(35).name == "UNLINK_ID"
    assert ControlMessage(99).name == "opcode 99"
    assert len(set(OPCODES.values())) == len(OPCODES)


@given(st.binary(max_size=80))
def test_total(data: bytes) -> None:
    """Any bytes have a control message or none."""
    control_after_header(data)
    control_of_pass_through(b"h\x04a\x06" + data)
