"""Modules → how many of their mutants the tests notice, and the changes that no test notices.

``python -m tests.mutation dissectors/epmd.py analyzer/rules/link`` tries these; without arguments all that
docs/mutation.md lists.  The draw is the same each time.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from pathlib import Path

from tests.mutation.mutants import mutants
from tests.mutation.trial import BrokenTests, Fate, Patient, try_all

ROOT = Path(__file__).parent.parent.parent
SESSIONS = ("ending", "lifetime", "compatibility", "resets")
ELSEWHERE = {
    "analyzer/rules/catalogue.py": ["tests/analyzer/rules/test_init.py"],
    "dissectors/cursor.py": ["tests/dissectors/test_wire.py"],
    "dissectors/dialogue.py": ["tests/dissectors/test_epmd.py", "tests/dissectors/test_handshake.py"],
    "dissectors/epmd_messages.py": ["tests/dissectors/test_epmd.py"],
    "dissectors/flags.py": ["tests/dissectors/test_handshake_messages.py"],
    "dissectors/handshake_messages.py": ["tests/dissectors/test_handshake.py"],
    "dissectors/lane.py": ["tests/dissectors/test_handshake.py", "tests/dissectors/test_epmd.py"],
    "dissectors/speaker.py": ["tests/dissectors/test_handshake.py"],
    "dissectors/tls_codec.py": ["tests/dissectors/test_tls_hello.py", "tests/dissectors/test_certificate.py"],
    "dissectors/tls_hello.py": ["tests/dissectors/test_tls.py"],
    "dissectors/tls_messages.py": ["tests/dissectors/test_tls.py"],
    "dissectors/tls_records.py": ["tests/dissectors/test_tls.py"],
    "dissectors/traffic.py": ["tests/dissectors/test_handshake.py"],
    "dissectors/wire.py": ["tests/dissectors/test_epmd.py"],
}
"""Module → tests of the modules that it is a part of, beside its own."""
NOT_TRIED = ("__init__.py", "index.py")
"""Empty ones, and what ``make docs`` writes and a test compares with the rules."""


def every_module() -> list[Path]:
    """What is tried when nothing is asked for."""
    rooms = [ROOT / "dissectors", ROOT / "analyzer" / "rules"]
    return [
        *(path for room in rooms for path in modules_in(room)),
        *(ROOT / "analyzer" / "sessions" / f"{name}.py" for name in SESSIONS),
    ]


def modules_in(room: Path) -> list[Path]:
    """Of a folder and those within it."""
    return [path for path in sorted(room.rglob("*.py")) if path.name not in NOT_TRIED]


def tests_of(path: Path) -> list[str]:
    """The tests that cover a module, what tells most of it first: of a rule its own, its captures, their neighbours."""
    place = path.relative_to(ROOT)
    own = f"tests/{place.parent.as_posix()}/test_{path.stem}.py"
    here = [own, *ELSEWHERE.get(place.as_posix(), [])]
    if place.parts[0] == "dissectors":
        return here
    if place.parts[1] == "sessions":
        return [*here, "tests/analyzer/rules", "tests/test_samples.py::test_golden_report"]
    slug, stage = path.stem.replace("_", "-"), path.parent.name
    with (ROOT / "samples" / "provenance.toml").open("rb") as file:
        samples = {sample["name"]: sample["verdicts"] for sample in tomllib.load(file)["sample"]}
    shows = [name for name, verdicts in samples.items() if slug in verdicts or f"/{slug}" in name]
    near = [name for name in samples if name.split("/")[0] in (stage, "healthy") and "dress" not in name]
    # A sample that shows others, too, says much at once: last.
    shows.sort(key=lambda name: name.startswith("shapes/"))
    golden = [f"tests/test_samples.py::test_golden_report[{name}]" for name in dict.fromkeys([*shows, *near])]
    return [*here, *golden] if (ROOT / own).exists() else golden


def main() -> int:
    """Try what was asked for, and count."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", type=Path, help="files or folders [default: all]")
    parser.add_argument("--most", type=int, default=60, help="mutants of each module [default: 60]")
    parser.add_argument("--seed", type=int, default=1, help="of the draw [default: 1]")
    options = parser.parse_args()
    modules: list[Path] = []
    for asked in options.modules:
        found = asked.resolve()
        modules += modules_in(found) if found.is_dir() else [found]
    places = 0
    total: Counter[Fate] = Counter()
    try:
        for together in batches(modules or every_module()):
            drawn = [mutants(path.read_text(encoding="utf-8"), options.most, options.seed) for path in together]
            patients = [
                Patient(path, mutated, tests_of(path)) for path, (_, mutated) in zip(together, drawn, strict=True)
            ]
            for patient, (known, _), fates in zip(patients, drawn, try_all(patients), strict=True):
                counts = Counter(fates)
                places, total = places + known, total + counts
                print(_line(patient.path.relative_to(ROOT).as_posix(), known, counts), flush=True)
                for mutant, fate in zip(patient.mutants, fates, strict=True):
                    if fate is Fate.SURVIVED:
                        print(f"  {mutant.operator} {mutant.occurrence}")
                        print("\n".join(f"    {line}" for line in mutant.change.splitlines()), flush=True)
    except BrokenTests as error:
        print(error, file=sys.stderr)
        return 1
    print(_line("all", places, total))
    return 0


def batches(modules: list[Path]) -> list[list[Path]]:
    """Modules that have most of their tests in common, together: rules."""
    rules = [path for path in modules if path.is_relative_to(ROOT / "analyzer" / "rules")]
    return [*([path] for path in modules if path not in rules), *([rules] if rules else [])]


def _line(name: str, places: int, counts: Counter[Fate]) -> str:
    tried = counts.total()
    noticed = tried - counts[Fate.SURVIVED]
    return (
        f"{name:44} {places:>5} places, {tried:>4} tried, {counts[Fate.KILLED]:>4} killed, {counts[Fate.HUNG]:>2} hung,"
        f" {counts[Fate.SURVIVED]:>3} survived: {100 * noticed // tried if tried else 100} %"
    )


if __name__ == "__main__":
    sys.exit(main())
