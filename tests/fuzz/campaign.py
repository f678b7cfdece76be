"""Random numbers → mutated captures, each analysed and held against the invariants; what was found is counted.

``python -m tests.fuzz.campaign --count 10000`` prints a table of the verdicts that changed, from what to what.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz import invariants, material, mutations
from tests.fuzz.invariants import STRONG, Report
from tests.fuzz.material import Capture


@dataclass(slots=True)
class Tally:
    """What a campaign found."""

    captures: int = 0
    wrong: list[tuple[int, str, str]] = field(default_factory=list)
    """Seed, sample, what is wrong."""
    changed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(verdict before, after, certainty) of what losses made of a sample's verdicts."""


def reports_of(name: str, known: dict[str, Report]) -> Report:
    """Of the sample itself, analysed once."""
    if name not in known:
        known[name] = invariants.analysed(material.sample(name))
    return known[name]


def try_one(seed: int, tally: Tally, known: dict[str, Report], folder: Path) -> None:
    """One mutated capture, and what must be true of it."""
    random = Random(seed)
    names = material.samples()
    name, other = random.choice(names), random.choice(names)
    original, second = material.sample(name), material.sample(other)
    tally.captures += 1

    def blame(found: list[str]) -> None:
        tally.wrong += [(seed, name, what) for what in found]

    try:
        lossy = random.random() < 0.5
        kinds = mutations.LOSSES if lossy else mutations.ALL
        capture = mutations.mutated(random, original, second, kinds)
        report = invariants.analysed(capture)
        blame(invariants.own_words(capture, report))
        blame(invariants.same(report, invariants.sifted(capture, folder), "with the sieve and without"))
        if lossy:
            changes = _changes(original, reports_of(name, known), capture, report)
            tally.changed.update(changes)
            blame([f"certain {now}, was {was}" for was, now, how in changes if how == STRONG])
        blame(_of_neighbours(random, capture, report))
    except Exception:
        blame([traceback.format_exc(limit=-4)])


def _changes(original: Capture, before: Report, capture: Capture, after: Report) -> list[tuple[str, str, str]]:
    if after.verdicts == before.verdicts:
        return []
    count = sum(frame.at <= capture.frames[-1].at for frame in original.frames)
    return invariants.changed_verdicts(before, invariants.analysed(invariants.cut(original, count)), after)


def _of_neighbours(random: Random, capture: Capture, report: Report) -> list[str]:
    """Strangers change no verdict; what was complete before a cut keeps its own."""
    wrong: list[str] = []
    if random.random() < 0.5 and len(capture.frames) > 1:
        count = random.randrange(1, len(capture.frames))
        left = invariants.analysed(invariants.cut(capture, count))
        wrong += [f"cut after packet {count}: {each}" for each in invariants.lost_by_cut(report, left, count)]
    elif capture.link_type == material.ETHERNET and len(capture.frames) > 1:
        strangers = invariants.with_strangers(random, capture, material.strangers())
        among = invariants.analysed(strangers)
        if among.verdicts != report.verdicts:
            wrong.append(f"among strangers: {report.verdicts} became {among.verdicts}")
    return wrong


def run(first: int, count: int, seconds: float | None = None) -> Tally:
    """Seeds from ``first`` on, as many as asked for, or as time allows."""
    tally, known = Tally(), dict[str, Report]()
    until = None if seconds is None else time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="distscope-") as folder:
        for seed in range(first, first + count):
            if until is not None and time.monotonic() > until:
                break
            try_one(seed, tally, known, Path(folder))
    return tally


def main() -> int:
    """Run a campaign, and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="mutated captures [default: 1000]")
    parser.add_argument("--first", type=int, default=0, help="first seed [default: 0]")
    options = parser.parse_args()
    tally = run(options.first, options.count)
    print(f"{tally.captures} mutated captures, {len(tally.wrong)} times an invariant did not hold")
    for seed, name, what in tally.wrong:
        print(f"seed {seed} ({name}): {what}")
    print("verdicts that losses changed:")
    for (was, now, how), times in sorted(tally.changed.items(), key=lambda item: (-item[1], item[0])):
        print(f"{times:6}  {was} → {now} ({how})")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
