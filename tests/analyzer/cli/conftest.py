"""Two captures that the tests of the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analyzer.small_capture import answered, refused, write


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    """A capture with a problem."""
    return write(tmp_path / "problem.pcap", refused())


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    """A capture without one."""
    return write(tmp_path / "healthy.pcap", answered())
