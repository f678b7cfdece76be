"""Data between connected nodes → blocks of distribution frames, as long as a run of full TCP segments."""

from __future__ import annotations

import random
import struct

from tests.benchmarks.burst import MSS

SEGMENTS = 64
"""Full segments in a block."""


def blocks(dice: random.Random, number: int = 24) -> list[bytes]:
    """Blocks that begin and end with a frame; a quarter of them has a message in fragments."""
    return [_block(dice, fragments=index % 4 == 0) for index in range(number)]


def _block(dice: random.Random, *, fragments: bool) -> bytes:
    left = SEGMENTS * MSS
    frames: list[bytes] = []
    if fragments:
        numbers = dice.randbytes(8) + (2).to_bytes(8, "big")
        frames.append(_frame(b"\x83\x45" + numbers + b"\0" + _send(dice, 60_000)))
        frames.append(_frame(b"\x83\x46" + numbers[:8] + (1).to_bytes(8, "big") + dice.randbytes(4_000)))
        left -= sum(map(len, frames))
    while left:
        size = min(left, dice.choice((120, 300, 900, 4_000, 20_000)))
        # What remains must have room for a whole frame.
        size = left if left - size < 200 else size
        frames.append(_sized(dice, size))
        left -= size
    return b"".join(frames)


def _sized(dice: random.Random, size: int) -> bytes:
    """A frame of ``size`` bytes, with its length."""
    around = len(_frame(b"\x83\x44\0" + _send(dice, 0)))
    return _frame(b"\x83\x44\0" + _send(dice, size - around))


def _frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def _send(dice: random.Random, size: int) -> bytes:
    """SEND_SENDER from one process to another, and a binary of ``size`` bytes as the message."""
    processes = [b"Xw\x0dann@host00001" + struct.pack(">III", dice.getrandbits(20), 0, 77) for _ in range(2)]
    return b"h\x04a\x16" + b"".join(processes) + b"j" + b"m" + struct.pack(">I", size) + dice.randbytes(size)
