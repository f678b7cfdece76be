"""A generated capture → whether distscope finds in it what was planted, no more and no less.

``python -m tests.benchmarks.verify FILE…``
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.files import DISTSCOPE, NOT_BROKEN, truth_of
from tests.benchmarks.process import Usage, run

_BEGINNING = 1 << 20
"""Bytes of a report that hold its summary.  The rest may be larger than the memory of this machine."""
_SUMMARY = '"summary": '


def verdicts_of(report: Path) -> dict[str, int]:
    """From the summary of a JSON report: how many attempts have each verdict."""
    with report.open(encoding="utf-8") as stream:
        beginning = stream.read(_BEGINNING)
    summary, _ = json.JSONDecoder().raw_decode(beginning, beginning.index(_SUMMARY) + len(_SUMMARY))
    verdicts: dict[str, int] = summary["verdicts"]
    return verdicts


def differences(path: Path) -> tuple[list[str], Usage]:
    """Verdicts whose number is not the planted one; and what it took to write the report."""
    planted: dict[str, int] = truth_of(path)["verdicts"]
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        report = Path(folder) / "report.json"
        used = run([DISTSCOPE, "analyze", "--quiet", "-o", str(report), str(path)], allowed=NOT_BROKEN)
        found = verdicts_of(report)
    wrong = [
        f"{verdict}: {planted.get(verdict, 0)} planted, {found.get(verdict, 0)} found"
        for verdict in sorted(planted | found)
        if planted.get(verdict, 0) != found.get(verdict, 0)
    ]
    return wrong, used


def main(arguments: list[str] | None = None) -> int:
    """Says what differs."""
    failed = False
    for name in sys.argv[1:] if arguments is None else arguments:
        wrong, used = differences(Path(name))
        failed = failed or bool(wrong)
        cost = f"{used.wall:.1f} s and {used.memory / 1e6:,.0f} MB with a JSON report"
        print(f"{name}: {'; '.join(wrong) or 'all that was planted, and nothing else'} ({cost})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
