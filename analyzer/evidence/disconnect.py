"""What ``global`` says before it disconnects nodes → the start of a frame that says it, and nothing else.

A frame spells out atoms of its users in the same place: so what proves ``partition-disconnect`` is written anew, in as
many bytes (docs/protocol.md 2.6; ERTS User's Guide, "Distribution Header").
"""

from __future__ import annotations

BLANK = b"j"
_TERM = b"h\4a"
"""A tuple of four elements whose first is a small number: how a control message begins."""


def disconnect(size: int, opcode: int, atom: str) -> bytes:
    """The references and the opcode of a frame in which ``global`` says ``atom``, without the other atoms, in ``size``
    bytes; or so many blank ones, if that is not possible."""
    text = atom.encode()
    for long in (0, 1):
        for cached in range(4):
            for spare in (0, 1):
                count = 1 + cached + spare
                flags = bytearray(count // 2 + 1)
                for place in (0, *([1] if spare else [])):
                    flags[place // 2] |= 8 << 4 * (place % 2)
                flags[count // 2] |= long << 4 * (count % 2)
                length = 1 + long
                entries = bytes(1) + len(text).to_bytes(length, "big") + text
                rest = size - 1 - len(flags) - len(entries) - cached - len(_TERM) - 1
                if spare:
                    filler = rest - 1 - length
                    if not 0 <= filler < 1 << 8 * length:
                        continue
                    entries += bytes(1) + filler.to_bytes(length, "big") + BLANK * filler
                elif rest:
                    continue
                return bytes([count]) + bytes(flags) + entries + bytes(cached) + _TERM + bytes([opcode])
    return BLANK * size
