"""Turns the bytes of any capture into packets: finds out by its first bytes what it is."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.compression import LONGEST_MAGIC, decompress, recognise
from analyzer.capture.pcap import VARIANTS, read_pcap
from analyzer.capture.state import CaptureState, RawRecord
from analyzer.capture.window import Window
from analyzer.errors import EmptyCapture, NotACapture
from dissectors.dataclass import dataclass

PCAPNG = b"\n\r\r\n"
"""The type of a section header, with which every pcapng file begins: the same in both byte orders."""
_HEAD = 512
"""Bytes that tell a foreign format."""
_TEXT = b"\t\n\r\v\f" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A format that users hand us and that we don't read."""

    magic: bytes
    what: str
    next_step: str
    offset: int = 0


_UNPACK = "unpack it and name the captures in it"
_CONVERT = "convert it with 'editcap -F pcapng FILE NEW.pcapng' (part of Wireshark)"

FOREIGN = (
    _Foreign(b"PK\x03\x04", "a zip archive", _UNPACK),
    _Foreign(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    _Foreign(b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    _Foreign(b"ustar", "a tar archive", _UNPACK, offset=257),
    _Foreign(b"snoop\0\0\0", "a capture of Sun's snoop", _CONVERT),
    _Foreign(b"RTSS", "a capture of Microsoft Network Monitor", _CONVERT),
    _Foreign(b"GMBU", "a capture of Microsoft Network Monitor", _CONVERT),
    _Foreign(b"TRSNIFF data    \x1a", "a capture of Network General's Sniffer", _CONVERT),
    _Foreign(b"XCP\0", "a capture of NetXray or Sniffer Pro", _CONVERT),
    _Foreign(b"ObserverPktBuffe", "a capture of Observer", _CONVERT),
    _Foreign(b"btsnoop\0", "a capture of Bluetooth", "capture on the network interface"),
)


def read_capture(chunks: Iterator[bytes], state: CaptureState) -> Iterator[RawRecord]:
    """The packets of a capture in any format and compression that we know; fills in ``state.format``.

    Reads no more than the file header before it returns.  Raises :class:`EmptyCapture` or :class:`NotACapture`.
    """
    window = Window(chunks)
    window.slide(0, LONGEST_MAGIC)
    if _no_whole_magic(window.data):
        raise EmptyCapture(
            "the file ends inside its header" if window.data else "the file is empty",
            path=state.path,
            offset=len(window.data),
            next_step="see whether the disk is full, and let the capture program end by itself (Ctrl-C, not kill -9)",
        )
    compression = recognise(window.data)
    if compression is None:
        return _read_container(window, state)
    window = Window(decompress(window.rest(), compression, state))
    window.slide(0, 4)
    if _no_whole_magic(window.data):
        raise EmptyCapture(
            "; ".join([f"there is no whole file header in its {compression.name} data", *state.notes]),
            path=state.path,
            offset=len(window.data),
            next_step="copy it again, and compare its size with that of the original",
        )
    records = _read_container(window, state, inside=f", inside its {compression.name} data")
    state.format += f"+{compression.name}"
    return records


def _no_whole_magic(head: bytes) -> bool:
    """It may have become a capture, had there been more of it."""
    return len(head) < 4 and any(magic.startswith(head) for magic in (*VARIANTS, PCAPNG))


def _read_container(window: Window, state: CaptureState, inside: str = "") -> Iterator[RawRecord]:
    window.slide(0, 4)
    magic = window.data[:4]
    if magic in VARIANTS:
        return read_pcap(window, state)
    if magic == PCAPNG:
        from analyzer.capture.pcapng import read_pcapng  # as much code as all the rest of this package

        return read_pcapng(window, state)
    window.slide(0, _HEAD)
    what, next_step = _describe(window.data[:_HEAD])
    raise NotACapture(f"{what}{inside}", path=state.path, offset=0, next_step=next_step)


def _describe(head: bytes) -> tuple[str, str]:
    """What a file that is no capture seems to be, and what to do about it."""
    for foreign in FOREIGN:
        if head.startswith(foreign.magic, foreign.offset):
            return f"it is {foreign.what}", foreign.next_step
    if twice := recognise(head):
        return f"it holds {twice.name} data once more", "decompress it once, then try again"
    if not head.strip(b"\0"):
        return "it holds zeros where a capture begins", "capture again: the disk or the copy lost its contents"
    if not head.translate(None, _TEXT):
        return (
            "it is text, not a packet capture",
            "write the packets with 'tcpdump -w FILE': a printed trace is not enough",
        )
    return (
        f"it is no packet capture that we know (it begins with {head[:8].hex(' ')})",
        "name a file that was written by tcpdump -w, dumpcap or Wireshark (pcap or pcapng)",
    )
