"""What the fuzzer found once stays repaired; and a time-boxed run from fixed seeds finds nothing new."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.conftest import WITHOUT_FUZZER
from tests.corpus import ROOT
from tests.fuzz import campaign, invariants, material, mutations, targets

HOSTILE = ROOT / "tests" / "hostile"
LOSSES = HOSTILE / "losses"
LOSSY = sorted(path for path in LOSSES.rglob("*") if path.is_file())
"""``tests/hostile/losses/<verdict of the whole capture>/<what was lost>``."""
FINDS = sorted(path for path in HOSTILE.rglob("*") if path.is_file() and path.suffix != ".md" and path not in LOSSY)
"""``tests/hostile/<target>/<what it broke>``."""
CAPTURES = 240
"""Mutated captures of one run: about ten seconds."""
RUNS = 400
"""Executions for each target, beyond its seeds."""


@pytest.mark.parametrize("find", FINDS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_find_stays_repaired(find: Path) -> None:
    """The very bytes that broke it once."""
    targets.TARGETS[find.parent.name](find.read_bytes())


def test_finds_are_filed_by_target() -> None:
    """A folder that no target reads would test nothing."""
    assert {path.parent.name for path in FINDS} <= set(targets.TARGETS)


@pytest.mark.parametrize("find", LOSSY, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_losses_make_no_other_verdict_certain(find: Path) -> None:
    """What is left of a capture may be told for something else, but never for certain."""
    report = invariants.analysed(material.read(find.read_bytes()))
    assert report.attempts
    for attempt in report.attempts:
        assert attempt["verdict"] == find.parent.name or attempt["certainty"] != invariants.STRONG


@pytest.mark.parametrize("first", range(0, CAPTURES, 40))
def test_mutated_captures_keep_the_invariants(first: int) -> None:
    """docs/fuzzing.md lists them; ``python -m tests.fuzz.campaign`` tries as many as you like."""
    tally = campaign.run(first, 40)
    assert tally.captures == 40
    assert tally.wrong == []


@pytest.mark.parametrize(
    ("change", "later", "lost"),
    [
        ({}, False, 0),
        (None, True, 1),
        ({"verdict": "not-allowed"}, False, 1),
        ({"verdict": "not-allowed"}, True, 0),
        ({"verdict": "not-allowed", "certainty": "certain"}, True, 1),
        ({"verdict": "inconclusive", "outcome": "inconclusive"}, True, 1),
        ({"verdict": "not-allowed", "ended_at": "earlier"}, False, 0),
    ],
    ids=["same", "gone", "other", "other-by-later-ones", "certain", "other-outcome", "packets-behind-the-cut"],
)
def test_what_a_cut_may_change(change: dict[str, str] | None, later: bool, lost: int) -> None:
    """Nothing of what was over before it, but for a doubt that later attempts of the same hosts settle."""
    document = json.loads(invariants.analysed(material.sample("handshake/cookie-mismatch")).text)
    (attempt,) = document["attempts"]
    assert (attempt["verdict"], attempt["certainty"], attempt["outcome"]) == ("cookie-mismatch", "likely", "problem")
    count = max(event["packet"] for event in attempt["timeline"])
    behind = attempt | {"timeline": [event | {"packet": count + 1} for event in attempt["timeline"]]}
    whole = invariants.Report(json.dumps(document | {"attempts": [attempt, behind][: 1 + later]}))
    left = invariants.Report(json.dumps(document | {"attempts": [] if change is None else [attempt | change]}))
    assert len(invariants.lost_by_cut(whole, left, count)) == lost


@pytest.mark.parametrize("mutation", mutations.ALL, ids=lambda mutation: mutation.__name__)
def test_every_mutation_changes_something(mutation: mutations.Mutation) -> None:
    """Else the campaign would try less than it says."""
    capture, other = material.sample("handshake/cookie-mismatch"), material.sample("healthy/25-to-28")
    changed = [mutation(Random(seed), capture, other) for seed in range(8)]
    assert any(each != capture for each in changed)
    assert mutation(Random(1), capture, other) == mutation(Random(1), capture, other)


@pytest.mark.parametrize("name", targets.TARGETS)
def test_seeds_pass(name: str) -> None:
    """Each target takes what real captures hold, and nothing at all."""
    seeds = targets.seeds(name)
    assert len(set(seeds)) > 3
    for seed in (b"", *seeds[:40]):
        targets.TARGETS[name](seed)


@pytest.mark.skipif(WITHOUT_FUZZER, reason="no atheris for this Python or machine")
@pytest.mark.parametrize("name", targets.TARGETS)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path) -> None:
    """Guided by coverage, the same inputs each time; ``make fuzz`` goes on from there."""
    command = [sys.executable, "-m", "tests.fuzz", name, "--runs", str(RUNS), "--found", str(tmp_path)]
    done = subprocess.run([*command, "--corpus", str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "nothing found" in done.stdout
