"""File → its SHA-256, so that a report can be held against the capture that it was made from."""

from __future__ import annotations


def sha256_of(path: str) -> str | None:
    """In hexadecimal, of the file as it is, compressed or not; None for what is no file, or can't be read again."""
    import hashlib  # few runs need them
    from pathlib import Path

    target = Path(path)
    try:
        if not target.is_file():
            return None
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
