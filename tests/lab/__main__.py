"""``make lab``: plays the scenarios that are named, or all, and keeps their captures."""

from __future__ import annotations

import fnmatch
import sys
import time
from concurrent.futures import as_completed
from pathlib import Path

from tests.lab import catalog, requirements, runner

KEPT = Path(__file__).parents[2] / ".lab" / "captures"


def main(patterns: list[str]) -> int:
    """The exit status: 0 if distscope was right every time."""
    missing = requirements.missing()
    if missing:
        print("The lab can't run here:", *missing, sep="\n  ", file=sys.stderr)
        return 2
    every = catalog.every_scenario()
    chosen = [one for name, one in every.items() if not patterns or any(fnmatch.fnmatch(name, p) for p in patterns)]
    if not chosen:
        print(f"No scenario is called {' or '.join(patterns)}. There are:", *every, sep="\n  ", file=sys.stderr)
        return 2
    began = time.monotonic()
    failed: list[str] = []
    with runner.playing(chosen, KEPT) as under_way:
        for future in as_completed(under_way.values()):
            result = future.result()
            word = "ok    " if result.passed else "FAILED"
            print(f"{word} {result.seconds:5.1f} s  {result.scenario.name}", flush=True)
            for complaint in result.complaints:
                print(f"       {complaint}", flush=True)
            failed += [] if result.passed else [result.scenario.name]
    print(f"{len(chosen) - len(failed)} of {len(chosen)} scenarios passed in {time.monotonic() - began:.0f} s")
    print(f"Their captures and logs: {KEPT}{'/' + chosen[0].name if len(chosen) == 1 else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
