"""A mix, a size and a seed → a large capture, and beside it, in FILE.json, what there is to be found in it.

``python -m tests.benchmarks.generate unrelated --size 1G`` prints the file's name.  A capture that is there already is
not made again, unless the code that makes it has changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.benchmarks.files import CACHE, SEED, is_fresh, path_of, recipe, size_of, truth_path
from tests.benchmarks.mixes import KINDS
from tests.benchmarks.tape import SECOND, START, Tape


def generate(path: Path, mix: str, size: int, seed: int) -> None:
    """Writes the capture and its truth."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with Tape(unfinished) as tape:
        KINDS[mix].fill(tape, size, seed)
        tape.run()
    truth = {
        "recipe": recipe(),
        "mix": mix,
        "size": size,
        "seed": seed,
        "bytes": tape.size,
        "packets": tape.packets,
        "erlang_packets": tape.erlang,
        "seconds": (tape.now - START) // SECOND,
        "verdicts": dict(sorted(tape.planted.items())),
    }
    truth_path(path).write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Makes a capture, unless it is there."""
    kinds = "; ".join(f"{name}: {kind.says}, size in {kind.unit}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.generate", epilog=kinds.replace("%", "%%"))
    parser.add_argument("mix", choices=KINDS)
    parser.add_argument("--size", type=size_of, help="such as 250M")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the captures [default: %(default)s]")
    options = parser.parse_args(arguments)
    size = KINDS[options.mix].usual if options.size is None else options.size
    path = path_of(options.cache, options.mix, size, options.seed)
    if not is_fresh(path):
        generate(path, options.mix, size, options.seed)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
