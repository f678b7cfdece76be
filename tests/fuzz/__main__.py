"""Seconds → as many inputs as coverage leads to, for each target; what breaks one is written down for tests/hostile.

``python -m tests.fuzz --seconds 60`` runs every target for so long, in a process each; ``--runs N`` tries so many
inputs, the same ones each time.  The seeds are made of ``samples/``; what else leads to new code is kept in ``.fuzz``.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CORPUS = Path(".fuzz")
"""What the fuzzer has found worth keeping, from run to run; below the current folder."""
LONGEST = 8192
SLOWEST = 10
"""Seconds for one input, beyond which it counts as a hang."""
MOST_MEMORY = 2048
"""MB, of the instrumented process."""

ROOT = Path(__file__).parent.parent.parent
UNDER_TEST = (
    *(f"analyzer.{room}" for room in ("capture", "decode", "sieve", "streams", "sessions", "rules", "report")),
    "dissectors",
)
"""Rooms that the targets lead through."""

_DONE = re.compile(r"^#(\d+)\s+\w+ .*?cov: (\d+)", re.MULTILINE)
_RUNS = re.compile(r"Done (\d+) runs in (\d+) second")


def fuzz_one(name: str, arguments: list[str]) -> None:
    """In this process, until libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["analyzer", "dissectors"], enable_loader_override=False):
        from tests.fuzz import targets

        # Whatever is loaded when it is needed would be loaded blind.
        for room in UNDER_TEST:
            for module in pkgutil.walk_packages([str(ROOT / room.replace(".", "/"))], f"{room}."):
                importlib.import_module(module.name)
    atheris.Setup([sys.argv[0], *arguments], targets.TARGETS[name])
    atheris.Fuzz()


def drive(name: str, amount: list[str], found: Path, corpora: Path) -> bool:
    """One target in a process of its own; True if nothing broke it.  ``amount`` tells libFuzzer when it is enough."""
    from tests.fuzz import targets

    corpus = corpora / name
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="distscope-seeds-") as seeds:
        for number, seed in enumerate(targets.seeds(name)):
            (Path(seeds) / f"seed-{number:03}").write_bytes(seed)
        command = [sys.executable, "-m", "tests.fuzz", "--one", name]
        limits = [f"-timeout={SLOWEST}", f"-rss_limit_mb={MOST_MEMORY}", f"-max_len={LONGEST}"]
        where = [f"-artifact_prefix={found}/{name}-", str(corpus), seeds]
        done = subprocess.run([*command, *limits, *amount, *where], capture_output=True, text=True, errors="replace")
    runs, steps = _RUNS.search(done.stderr), _DONE.findall(done.stderr)
    executions = runs[1] if runs else steps[-1][0] if steps else "0"
    coverage = steps[-1][1] if steps else "?"
    kept = sum(1 for _ in corpus.iterdir())
    verdict = "nothing found" if done.returncode == 0 else f"broken, see {found}/{name}-*"
    print(f"{name:14} {executions:>9} executions, coverage {coverage:>6}, corpus {kept:>5}: {verdict}", flush=True)
    if done.returncode:
        print("\n".join([*done.stdout.splitlines()[-20:], *done.stderr.splitlines()[-8:]]), file=sys.stderr, flush=True)
    return done.returncode == 0


def main() -> int:
    """Drive the targets that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="[default: all]")
    parser.add_argument("--seconds", type=int, default=60, help="for each target [default: 60]")
    parser.add_argument("--runs", type=int, help="instead: inputs for each target, beyond the seeds")
    parser.add_argument("--found", type=Path, default=Path(), help="folder for inputs that break something")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of what is kept [default: .fuzz]")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.one:
        fuzz_one(options.one, [*rest, *options.targets])
        return 0
    from tests.fuzz import targets

    unknown = set(options.targets) - set(targets.TARGETS)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(targets.TARGETS)}")
    names = options.targets or list(targets.TARGETS)
    broken = []
    for name in names:
        amount = [f"-max_total_time={options.seconds}"]
        if options.runs is not None:
            amount = [f"-runs={options.runs + len(targets.seeds(name))}", "-seed=1"]
        if not drive(name, amount, options.found, options.corpus):
            broken.append(name)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
