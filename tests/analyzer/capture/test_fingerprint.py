"""Captures by their SHA-256."""

from __future__ import annotations

import os
from pathlib import Path

from analyzer.capture.fingerprint import sha256_of

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""FIPS 180-4: of no bytes at all."""


def test_sha256_of_a_file(tmp_path: Path) -> None:
    """As sha256sum prints it."""
    path = tmp_path / "empty.pcap"
    path.write_bytes(b"")
    assert sha256_of(str(path)) == EMPTY
    path.write_bytes(b"abc")
    assert sha256_of(str(path)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_what_is_no_file_has_none(tmp_path: Path) -> None:
    """Standard input, a folder, a pipe, and a file that has gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert [sha256_of(path) for path in ("-", str(tmp_path), str(pipe), str(tmp_path / "gone"))] == [None] * 4
