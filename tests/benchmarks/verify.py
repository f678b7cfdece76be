"""A generated capture → whether distscope finds in it what was planted, no more and no less.

``python -m tests.benchmarks.verify FILE…``; a process of its own, as the reports are large.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.files import DISTSCOPE, NOT_BROKEN, truth_of


def differences(path: Path) -> list[str]:
    """Verdicts whose number is not the planted one."""
    planted: dict[str, int] = truth_of(path)["verdicts"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [DISTSCOPE, "analyze", "--quiet", "-o", str(report), str(path)], stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode not in NOT_BROKEN:
            return [f"distscope ended with {done.returncode}"]
        found: dict[str, int] = json.loads(report.read_text(encoding="utf-8"))["summary"]["verdicts"]
    return [
        f"{verdict}: {planted.get(verdict, 0)} planted, {found.get(verdict, 0)} found"
        for verdict in sorted(planted | found)
        if planted.get(verdict, 0) != found.get(verdict, 0)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Says what differs."""
    failed = False
    for name in sys.argv[1:] if arguments is None else arguments:
        wrong = differences(Path(name))
        failed = failed or bool(wrong)
        print(f"{name}: {'; '.join(wrong) or 'all that was planted, and nothing else'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
