"""A process that reads ahead gives what reading gives, and is gone when nobody listens any more."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analyzer.capture import ahead, track
from analyzer.capture.ahead import Preparing, read_ahead
from analyzer.capture.batch import Batch, Buffer, Load
from analyzer.capture.pcap import write_pcap
from analyzer.capture.pcap_batches import read_pcap_loads
from analyzer.capture.state import CaptureState
from analyzer.capture.supply import FileSupply
from samples.provenance import HERE
from tests.analyzer.capture.test_track import DRESSES, read

COUNT = 400


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Those that were begun; a load is small."""
    begun: list[int] = []
    fork = os.fork

    def noting() -> int:
        begun.append(fork())
        return begun[-1]

    monkeypatch.setattr(os, "fork", noting)
    monkeypatch.setattr(ahead, "USUAL", 2048)
    return begun


def is_gone(process: int) -> bool:
    """Nothing of it is left, not even its exit status."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def capture() -> io.BytesIO:
    """Packets of 100 bytes."""
    held = io.BytesIO()
    write_pcap(held, [(second * 10**9, bytes(100)) for second in range(1, COUNT + 1)])
    return io.BytesIO(held.getvalue())


def unadvised(prepare: Callable[[Batch], int]) -> Preparing:
    """Whatever is worth preparing."""
    return Preparing(prepare, lambda: None, lambda advice: None)


def batches(state: CaptureState) -> Iterator[tuple[Batch, int]]:
    """The capture, read ahead, and how many packets each batch has."""
    return read_ahead(read_pcap_loads, FileSupply(capture(), state), state, unadvised(len))


@pytest.mark.parametrize("file", DRESSES)
def test_the_same_packets(file: str, processes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same counts and notes, whatever the format."""
    path = HERE / file
    expected, state = read(str(path), b"", sifted=False)
    monkeypatch.setattr(track, "WORTH", 0)
    monkeypatch.setattr(ahead, "most_readers", lambda: 1)
    found, other = read(str(path), b"", sifted=True)
    assert found == expected
    assert repr(other) == repr(state)
    assert [is_gone(process) for process in processes] == [True]


def test_buffers_take_turns(processes: list[int]) -> None:
    """The packets of many loads, all of them whole; Ctrl-C on the terminal does not reach the process."""
    state = CaptureState("x")
    numbers: list[int] = []
    for batch, size in batches(state):
        os.kill(processes[0], signal.SIGINT)
        numbers += batch.numbers.tolist()
        assert size == len(batch)
        assert not any(batch.data(row).strip(b"\0") for row in range(size))
    assert numbers == list(range(1, COUNT + 1))
    assert state.consumed == len(capture().getvalue())
    assert is_gone(processes[0])


def test_whoever_has_time_prepares(processes: list[int]) -> None:
    """The one that waits for the first load; the other one while that is looked at."""
    state = CaptureState("x")
    reading = read_ahead(read_pcap_loads, FileSupply(capture(), state), state, unadvised(lambda batch: os.getpid()))
    assert next(reading)[1] == os.getpid()
    time.sleep(0.5)
    assert next(reading)[1] == processes[0]
    assert {process for _, process in reading} <= {os.getpid(), processes[0]}


def test_whoever_stops_listening_ends_it(processes: list[int]) -> None:
    """In the middle of the capture."""
    reading = batches(CaptureState("x"))
    next(reading)
    assert not is_gone(processes[0])
    reading.close()  # type: ignore[attr-defined]
    assert is_gone(processes[0])


def test_a_process_that_is_stopped(processes: list[int]) -> None:
    """What it has handed over counts; the rest is missing, and that is said."""
    state = CaptureState("x")
    reading = batches(state)
    next(reading)
    os.kill(processes[0], signal.SIGKILL)
    assert sum(size for _, size in reading) < COUNT
    assert state.cut
    assert "was stopped" in state.notes[0]


def test_advice_is_heard_over_there(processes: list[int]) -> None:
    """With every load that is given back, so what is prepared later knows of it."""
    state = CaptureState("x")
    known = [0]
    heard: list[int] = []
    preparing = Preparing(lambda batch: heard[-1] if heard else -1, lambda: known[0], heard.append)
    found = []
    for _, prepared in read_ahead(read_pcap_loads, FileSupply(capture(), state), state, preparing):
        found.append(prepared)
        known[0] += 1
        time.sleep(0.05)
    assert found[0] == -1
    assert found == sorted(found)
    assert found[-1] >= len(found) - 4 > 0
    assert heard == []


def test_a_defect_is_told_where_it_is_seen(processes: list[int]) -> None:
    """With the place where it happened."""

    def defective(buffer: Buffer, state: CaptureState) -> Iterator[Load]:
        raise ZeroDivisionError("of all things")

    state = CaptureState("x")
    with pytest.raises(RuntimeError, match="of all things"):
        list(read_ahead(defective, FileSupply(capture(), state), state, unadvised(len)))
    assert is_gone(processes[0])


def test_one_core_has_no_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """And many cores have a bounded number of them."""
    found = []
    for cores in (1, 2, 64):
        monkeypatch.setattr(os, "sched_getaffinity", lambda process, cores=cores: set(range(cores)))
        found.append(ahead.most_readers())
    assert found == [0, 2, ahead.MOST]


def test_small_captures_are_read_at_once(processes: list[int], tmp_path: Path) -> None:
    """A process would cost more than it gains."""
    path = tmp_path / "t.pcap"
    path.write_bytes(capture().getvalue())
    assert len(read(str(path), b"", sifted=True)[0]) == COUNT
    assert processes == []
