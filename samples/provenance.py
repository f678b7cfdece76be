"""provenance.toml → what is known, and expected, of each capture of the corpus; and the table in README.md.

``python -m samples.provenance`` writes the table anew.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE / "README.md"
_BEGIN, _END = "<!-- table: python -m samples.provenance -->\n", "<!-- end of table -->\n"

STAGES: dict[str, str] = {
    "registration": "A node registers itself in EPMD",
    "query": "Other conversations with EPMD",
    "lookup": "The initiator asks EPMD for the acceptor's port",
    "connect": "TCP to the distribution port",
    "tls": "TLS before the distribution handshake",
    "handshake": "The distribution handshake",
    "link": "The established connection",
    "advice": "What works, and should be changed all the same",
    "healthy": "All well: releases, products and networks that must raise no alarm",
    "shapes": "Containers, link types, and what captures lack",
}
"""Folder → what its captures show, in the order of an attempt."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One entry of provenance.toml; its keys are explained there."""

    name: str
    files: tuple[str, ...]
    shows: str
    origin: str
    verdicts: dict[str, int]
    flags: tuple[str, ...] = ()
    initiator: str = "–"
    acceptor: str = "–"
    captured: str = ""
    dist_ports: tuple[int, ...] = ()

    @property
    def stage(self) -> str:
        """The folder."""
        return self.name.partition("/")[0]

    @property
    def paths(self) -> list[Path]:
        """The capture files."""
        return [HERE / file for file in self.files]


def load() -> list[Sample]:
    """Every sample, in the order of the file."""
    entries = tomllib.loads((HERE / "provenance.toml").read_text(encoding="utf-8"))["sample"]
    return [_sample(entry) for entry in entries]


def _sample(entry: dict[str, Any]) -> Sample:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Sample(**fields)


def table(samples: list[Sample]) -> str:
    """Markdown: a table per folder."""
    parts = []
    for stage, title in STAGES.items():
        rows = [_row(sample) for sample in samples if sample.stage == stage]
        head = ["| capture | shows | initiator → acceptor | expected |", "|---|---|---|---|"]
        parts.append("\n".join([f"### {stage}: {title}\n", *head, *rows, ""]))
    return "\n".join(parts)


def _row(sample: Sample) -> str:
    stem = sample.name.partition("/")[2]
    count = f" ({len(sample.files)} files)" if len(sample.files) > 1 else ""
    expected = [slug if times == 1 else f"{times} × {slug}" for slug, times in sample.verdicts.items()]
    shows = sample.shows + (" *(synthetic)*" if sample.origin == "recipe" else "")
    ends = f"{sample.initiator} → {sample.acceptor}" if {sample.initiator, sample.acceptor} != {"–"} else "–"
    cells = [f"`{stem}`{count}", shows, ends, ", ".join([*expected, *(f"*{flag}*" for flag in sample.flags)])]
    return f"| {' | '.join(cells)} |"


def readme_with_table(text: str, samples: list[Sample]) -> str:
    """The README with its table replaced."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table(samples)}\n{_END}{after}"


def main() -> int:
    """Writes the table."""
    README.write_text(readme_with_table(README.read_text(encoding="utf-8"), load()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
