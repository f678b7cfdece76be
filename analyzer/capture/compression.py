"""Turns a compressed stream into the bytes that it holds, as they come, in bounded memory.

Recognised by their first bytes, whatever the file is called.  Several members one after the other (``cat a.gz b.gz``,
pigz, pzstd) are one stream, as their own tools see it.  A stream that is cut or damaged gives what could be
read, and a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from analyzer.capture.state import CaptureState
from dissectors.dataclass import dataclass

_SLICE = 32 * 1024
"""Compressed bytes handed to a decompressor at a time.  An error loses the output of its slice only."""
_OUTPUT = 1024 * 1024
"""Most bytes asked of a decompressor in one call."""
_ZSTD_SLICE = 1024
"""Zstandard's streaming interface can't be asked for less output: 4 bytes give at most one block of 128 KiB."""
_XZ_MEMORY = 128 * 1024 * 1024
"""``xz -9`` needs 65 MiB to decompress; a header that wants more than this is damaged or hostile."""

_UNSUSPECTED = 64 * 1024 * 1024
"""Decompressed bytes up to which nobody asks how small they were."""
_MOST_EXPANSION = 300
"""Times its compressed size.  Captures of traffic come to 2 to 20, a flood of equal packets to some 100; what goes on
beyond is made to keep its reader busy."""


class Decompressor(Protocol):
    """What the decompressors of bz2, lzma and lz4 have in common: one member, output on demand."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor in the shape of the others."""

    def __init__(self) -> None:
        import zlib

        self._inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        output = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(output) < max_length
        return output


class _Zstandard:
    """zstandard's decompressor in the shape of the others: fed little by little, as it can't be told when to stop."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._pending = memoryview(b"")

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return not self._pending

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data) + bytes(self._pending)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        pending = memoryview(data) if data else self._pending
        output: list[bytes] = []
        produced = 0
        while pending and produced < max_length and not self._inner.eof:
            output.append(self._inner.decompress(pending[:_ZSTD_SLICE]))
            produced += len(output[-1])
            pending = pending[_ZSTD_SLICE:]
        self._pending = pending
        return b"".join(output)


def _gzip() -> tuple[Callable[[], Decompressor], type[Exception]]:
    import zlib

    return _Gzip, zlib.error


def _bzip2() -> tuple[Callable[[], Decompressor], type[Exception]]:
    import bz2

    return bz2.BZ2Decompressor, OSError


def _xz() -> tuple[Callable[[], Decompressor], type[Exception]]:
    import lzma

    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), lzma.LZMAError


def _zstandard() -> tuple[Callable[[], Decompressor], type[Exception]]:
    import zstandard

    return lambda: _Zstandard(zstandard.ZstdDecompressor().decompressobj()), zstandard.ZstdError


def _lz4() -> tuple[Callable[[], Decompressor], type[Exception]]:
    import lz4.frame

    return lz4.frame.LZ4FrameDecompressor, RuntimeError


@dataclass(frozen=True, slots=True)
class Compression:
    """One compressed format."""

    name: str
    magics: tuple[bytes, ...]
    """A member begins with one of them."""
    load: Callable[[], tuple[Callable[[], Decompressor], type[Exception]]]
    """Imports the library (only now: most captures are not compressed); what makes a decompressor, what it raises."""


_SKIPPABLE = tuple(bytes([0x50 + nibble]) + bytes.fromhex("2a4d18") for nibble in range(16))
"""Frames for users' own data, which zstandard and lz4 share; pzstd begins with one."""

COMPRESSIONS = (
    Compression("gzip", (b"\x1f\x8b\x08",), _gzip),
    Compression("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), _zstandard),
    Compression("xz", (b"\xfd7zXZ\0",), _xz),
    Compression("lz4", (b"\x04\x22\x4d\x18", *_SKIPPABLE), _lz4),
    Compression("bzip2", (b"BZh",), _bzip2),
)
LONGEST_MAGIC = max(len(magic) for compression in COMPRESSIONS for magic in compression.magics)


def recognise(head: bytes) -> Compression | None:
    """The compression that a stream with these first bytes has, if any."""
    return next((compression for compression in COMPRESSIONS if head.startswith(compression.magics)), None)


def decompress(chunks: Iterator[bytes], compression: Compression, state: CaptureState) -> Iterator[bytes]:
    """The bytes that a compressed stream holds, never more than some MiB at a time."""
    new, error = compression.load()
    meter = _Meter()
    slices = meter.consumed(_slices(chunks))
    data = next(slices, b"")
    while _at_member(data := _past_padding(data, slices), compression):
        member = new()
        while not member.eof:
            try:
                output = member.decompress(data, _OUTPUT)
            except error as what:
                state.breaks_off(f"the {compression.name} data are damaged, what follows could not be read: {what}")
                return
            data = b""
            if output:
                yield output
            if meter.is_bomb(len(output)):
                state.breaks_off(
                    f"the {compression.name} data expand more than {_MOST_EXPANSION} times, as no traffic does: the"
                    " rest was not read; if it is a capture, decompress it first and analyse the result"
                )
                return
            if member.needs_input and not member.eof:
                data = next(slices, b"")
                if not data:
                    state.breaks_off(f"the {compression.name} data are cut: the file was not written or copied whole")
                    return
        data = member.unused_data or b""
    if data:
        state.notes.append(f"bytes after the end of the {compression.name} data were ignored")


class _Meter:
    """How many bytes went in, and how many came out."""

    def __init__(self) -> None:
        self._in = self._out = 0

    def consumed(self, slices: Iterator[bytes]) -> Iterator[bytes]:
        """The same, counted."""
        for data in slices:
            self._in += len(data)
            yield data

    def is_bomb(self, produced: int) -> bool:
        """``produced`` more bytes came out: now it is clear."""
        self._out += produced
        return self._out > max(_UNSUSPECTED, _MOST_EXPANSION * self._in)


def _slices(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _SLICE):
            yield chunk[start : start + _SLICE]


def _past_padding(data: bytes, slices: Iterator[bytes]) -> bytes:
    """Goes on to where a member may begin: tapes and xz pad with zeros; enough bytes to recognise one."""
    data = data.lstrip(b"\0")
    while len(data) < LONGEST_MAGIC and (more := next(slices, b"")):
        data = (data + more).lstrip(b"\0")
    return data


def _at_member(data: bytes, compression: Compression) -> bool:
    return data.startswith(compression.magics)
