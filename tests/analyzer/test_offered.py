"""Which entry points installed packages have, asked without loading what is not needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.offered import entry_points_of
from analyzer.rules.catalogue import ENTRY_POINTS


def install(folder: Path, text: str) -> None:
    """A package with these entry points."""
    metadata = folder / "theirs-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(text)


def test_entry_points_of_a_package_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the group, and no others."""
    install(tmp_path, "[ours]\na = b:c\n[others]\nd = e:f\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [(entry.name, entry.value) for entry in entry_points_of("ours")] == [("a", "b:c")]


def test_nothing_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that are not there, archives, and packages without a file of entry points."""
    (tmp_path / "bare-1.0.dist-info").mkdir()
    (tmp_path / "archive.zip").write_bytes(b"")
    for name in ("archive.zip", "missing", ""):
        monkeypatch.syspath_prepend(tmp_path / name)
    assert list(entry_points_of("nobody.has.this")) == []


def test_a_run_without_such_packages_does_not_load_what_reads_them() -> None:
    """It would take longer than a small capture."""
    script = (
        "import sys; from analyzer.rules import all_rules; all_rules(); sys.exit('importlib.metadata' in sys.modules)"
    )
    assert ENTRY_POINTS
    subprocess.run([sys.executable, "-c", script], check=True)
