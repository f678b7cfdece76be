"""A program for the kernel's filter, run over one packet: what the kernel would answer."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.capture.bpf import Instruction

_MASK = 0xFFFFFFFF
_WIDTHS = {0x20: 4, 0x28: 2, 0x30: 1}


def answer(program: Sequence[Instruction], packet: bytes, *, outgoing: bool = False) -> int:
    """Bytes of the packet that pass; 0: it is kept out.  What reads behind its end keeps it out, as in the kernel."""
    a = x = at = 0
    memory = [0] * 16
    while True:
        operation, yes, no, k = program[at]
        at += 1
        if operation in _WIDTHS and k >= 0xFFFFF000:
            a = 4 if outgoing else 0
        elif operation in _WIDTHS:
            if k + _WIDTHS[operation] > len(packet):
                return 0
            a = int.from_bytes(packet[k : k + _WIDTHS[operation]], "big")
        elif operation == 0x80:
            a = len(packet)
        elif operation == 0x02:
            memory[k] = a
        elif operation == 0x60:
            a = memory[k]
        elif operation == 0x61:
            x = memory[k]
        elif operation == 0x07:
            x = a
        elif operation in (0x0C, 0x2C, 0x24):
            a = {0x0C: a + x, 0x2C: a * x, 0x24: a * k}[operation] & _MASK
        elif operation == 0x05:
            at += k
        elif operation in (0x15, 0x35, 0x45):
            at += yes if {0x15: a == k, 0x35: a >= k, 0x45: a & k != 0}[operation] else no
        elif operation == 0x06:
            return k
        else:
            raise ValueError(f"unknown operation {operation:#x}")
