"""The progress bar."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from analyzer.capture import Source, open_source
from analyzer.report.progress import progress


class Terminal(io.StringIO):
    """Standard error, as on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """An empty capture."""
    path = tmp_path / "empty.pcap"
    path.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    return open_source([str(path)], stdin=io.BytesIO())


@pytest.mark.parametrize(("wanted", "stream"), [(False, Terminal()), (True, io.StringIO())])
def test_nobody_to_see_it(wanted: bool, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not wanted, or no terminal."""
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(wanted) as listener:
        assert listener is None


def test_the_bar_begins_with_the_second_call(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read at once shows none; it goes when the work is done."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress(True) as listener:
        assert listener is not None
        listener(source)
        assert terminal.getvalue() == ""
        listener(source)
        listener(source)
        assert "reading" in terminal.getvalue()
