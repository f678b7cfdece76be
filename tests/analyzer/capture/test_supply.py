"""Buffers are filled from files whole, from pipes with what is there."""

from __future__ import annotations

import io
import os

import pytest

from analyzer.capture import supply
from analyzer.capture.state import CaptureState
from analyzer.capture.supply import ChunkSupply, FileSupply, readiness_of


def fill(source: supply.Supply, size: int) -> tuple[bytes, bool]:
    """What comes into a buffer of this size."""
    data = bytearray(size)
    got, ended = source.fill(memoryview(data))
    return bytes(data[:got]), ended


def test_a_file() -> None:
    """Its end is known with its last byte, and what was read is counted."""
    state = CaptureState("x", bytes=8)
    source = FileSupply(io.BytesIO(b"abcdefgh"), state)
    assert fill(source, 5) == (b"abcde", False)
    assert fill(source, 3) == (b"fgh", True)
    assert (state.consumed, state.bytes) == (8, 8)


def test_a_file_that_grows() -> None:
    """Goes on behind the size that it had."""
    source = FileSupply(io.BytesIO(b"abcdefgh"), CaptureState("x", bytes=4))
    assert fill(source, 4) == (b"abcd", False)
    assert fill(source, 9) == (b"efgh", True)


class _Broken(io.BytesIO):
    def readinto(self, buffer: object) -> int:
        raise OSError(5, "Input/output error")


def test_a_disk_that_fails() -> None:
    """Is the end, with a note."""
    state = CaptureState("x")
    assert fill(FileSupply(_Broken(), state), 4) == (b"", True)
    assert state.notes == ["reading failed after 0 bytes: Input/output error"]


def test_chunks_of_any_size() -> None:
    """None is lost where it does not fit."""
    source = ChunkSupply(iter([b"abc", b"defgh", b"i"]))
    assert [fill(source, 4) for _ in range(3)] == [(b"abcd", False), (b"efgh", False), (b"i", True)]


@pytest.mark.parametrize("patience", [0.0, 60.0])
def test_what_a_pipe_has_comes_at_once(patience: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the buffer is: a silent pipe is not waited for, nor one that is never silent."""
    monkeypatch.setattr(supply, "PATIENCE", patience)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as stream:
        source = ChunkSupply(iter(lambda: stream.read(3), b""), readiness_of(stream))
        os.write(writing, b"abc")
        assert fill(source, 99) == (b"abc", False)
        os.close(writing)
        assert fill(source, 99) == (b"", True)


def test_what_is_no_file_has_no_readiness() -> None:
    """It is asked until it ends."""
    assert readiness_of(io.BytesIO()) is None
