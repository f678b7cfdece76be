"""Mix, size and seed → where a generated capture is, where its truth is, and whether it is still what would be made."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

CACHE = Path(".bench")
SEED = 1
DISTSCOPE = str(Path(sys.executable).with_name("distscope"))
"""The command, as it is installed beside this interpreter."""
NOT_BROKEN = (0, 1)
"""Its exit statuses: no problems found, problems found."""
_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_MADE_BY = ("applications", "burst", "cast", "cohort", "distribution", "hello", "mixes", "stories", "tape")


def size_of(text: str) -> int:
    """``250M`` → 250,000,000."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kMG]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 500000, 100k, 250M or 1G")
    return round(float(match[1]) * _FACTORS[match[2]])


def path_of(cache: Path, mix: str, size: int, seed: int) -> Path:
    """Where the capture is, or will be."""
    factor, suffix = next((factor, suffix) for suffix, factor in reversed(_FACTORS.items()) if size % factor == 0)
    return cache / f"{mix}-{size // factor}{suffix}-{seed}.pcap"


def truth_path(path: Path) -> Path:
    """The file beside a capture that says what there is to be found."""
    return path.with_name(path.name + ".json")


def truth_of(path: Path) -> dict[str, Any]:
    """What :mod:`~tests.benchmarks.generate` knows of a capture."""
    truth: dict[str, Any] = json.loads(truth_path(path).read_text(encoding="utf-8"))
    return truth


def recipe() -> str:
    """Stands for the code that makes the captures: after a change they are made anew."""
    code = b"".join(Path(__file__).with_name(f"{name}.py").read_bytes() for name in _MADE_BY)
    return hashlib.sha256(code).hexdigest()[:16]


def is_fresh(path: Path) -> bool:
    """The capture is there, and made by the code of today."""
    return path.exists() and truth_path(path).exists() and truth_of(path).get("recipe") == recipe()
