"""distscope, tcpdump, tshark and a loop with dpkt on the same captures, in one session → tables of ratios, in Markdown.

``python -m tests.benchmarks.compare``; README.md of this folder says how to read them.  Whole processes, the page cache
warm, distscope and tcpdump taking turns; the slow ones run once.  This process stays small: what it occupies counts as
memory of those that it starts.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.files import CACHE, DISTSCOPE, NOT_BROKEN, size_of, truth_of
from tests.benchmarks.process import Usage, run, typical

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = sys.executable
SMALL_SAMPLE = ROOT / "samples" / "handshake" / "cookie-mismatch.pcap"
SIZES = {
    "unrelated": 1_000_000_000,
    "bulk": 1_000_000_000,
    "attempts": 100_000,
    "storm": 5_000,
    "flood": 1_000_000,
    "longlived": 5_000_000,
}
"""Mixes, and what each is measured with unless asked otherwise."""
GROWTH = 10
_MB = 10**6


@dataclass(frozen=True, slots=True)
class Measured:
    """One capture."""

    name: str
    packets: int
    size: int
    distscope: Usage
    tcpdump: Usage
    tshark: Usage | None
    dpkt: Usage | None


def generated(mix: str, size: int, cache: Path) -> Path:
    """The capture, made now if it was not there."""
    command = [PYTHON, "-m", "tests.benchmarks.generate", mix, "--size", str(size), "--cache", str(cache)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Path(ROOT, done.stdout.strip())


def verified(path: Path) -> bool:
    """distscope finds what was planted; says what differs."""
    command = [PYTHON, "-m", "tests.benchmarks.verify", str(path)]
    return subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode == 0


def analyze(path: Path) -> Usage:
    """What is measured."""
    return run([DISTSCOPE, "analyze", "--quiet", str(path)], allowed=NOT_BROKEN)


def measure(path: Path, runs: int, *, slow: bool) -> Measured:
    """All tools on one capture; ``slow``: with tshark and dpkt."""
    truth = truth_of(path)
    warm(path)
    ours: list[Usage] = []
    theirs: list[Usage] = []
    for _ in range(runs):
        ours.append(analyze(path))
        theirs.append(run(["tcpdump", "-r", str(path), "-w", "/dev/null", "tcp port 4369"]))
    dpkt = run([PYTHON, str(HERE / "dpkt_loop.py"), str(path)]) if slow else None
    tshark = run(["tshark", "-r", str(path), "-Y", "epmd or erldp"]) if slow else None
    return Measured(path.stem, truth["packets"], truth["bytes"], typical(ours), typical(theirs), tshark, dpkt)


def warm(path: Path) -> None:
    """Into the page cache."""
    with path.open("rb", buffering=0) as stream:
        while stream.read(1 << 20):
            pass


# --- Tables ----------------------------------------------------------------------------------------------------------


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown, numbers to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)) + "\n"


def throughput(results: list[Measured]) -> str:
    """Times, ratios and memory."""
    head = ["capture", "packets", "MB", "distscope", "tcpdump", "÷ tcpdump", "tshark", "tshark ÷", "dpkt", "dpkt ÷"]
    head += ["memory", "of tshark"]
    return table(head, [_row(each) for each in results])


def _row(each: Measured) -> list[str]:
    ours = each.distscope
    return [
        each.name,
        f"{each.packets:,}",
        f"{each.size / _MB:,.0f}",
        _times(ours),
        _times(each.tcpdump),
        _ratio(ours, each.tcpdump),
        *((_times(each.tshark), _ratio(each.tshark, ours)) if each.tshark else ("", "")),
        *((_times(each.dpkt), _ratio(each.dpkt, ours)) if each.dpkt else ("", "")),
        _memory(ours),
        _memory(each.tshark) if each.tshark else "",
    ]


def _times(usage: Usage) -> str:
    return f"{usage.wall:.2f} s ({usage.processor:.2f})"


def _ratio(one: Usage, other: Usage) -> str:
    return f"{one.wall / other.wall:.2f} ({one.processor / max(other.processor, 0.001):.2f})"


def _memory(usage: Usage) -> str:
    return f"{usage.memory / _MB:,.0f} MB"


def growth(pairs: list[tuple[str, Usage, Usage]]) -> str:
    """Memory on a capture and on one ten times as large."""
    rows = [
        [name, _memory(small), _memory(large), f"{large.memory / small.memory:.2f}", f"{large.wall / small.wall:.1f}"]
        for name, small, large in pairs
    ]
    return table(["mix", "memory at 1 ×", f"at {GROWTH} ×", "growth", "growth of time"], rows)


def start_up(runs: int) -> str:
    """What a short command costs; the interpreter alone is the unit."""
    commands = {
        "python -c pass": [PYTHON, "-c", "pass"],
        "distscope --help": [DISTSCOPE, "--help"],
        f"distscope analyze {SMALL_SAMPLE.name}": [DISTSCOPE, "analyze", "--quiet", str(SMALL_SAMPLE)],
    }
    for command in commands.values():
        # The first run after a change compiles modules.
        run(command, allowed=NOT_BROKEN)
    used: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(max(runs, 1) * 4):
        for name, command in commands.items():
            used[name].append(run(command, allowed=NOT_BROKEN))
    results = {name: typical(usages) for name, usages in used.items()}
    unit = next(iter(results.values()))
    rows = [
        [f"`{name}`", f"{each.wall * 1000:.0f} ms ({each.processor * 1000:.0f})", _ratio(each, unit), _memory(each)]
        for name, each in results.items()
    ]
    return table(["command", "time", "÷ python", "memory"], rows)


def main(arguments: list[str] | None = None) -> int:
    """Generates, verifies, measures, prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.compare", description=__doc__.splitlines()[0])
    parser.add_argument("mix", nargs="*", default=list(SIZES), help=f"of {', '.join(SIZES)} [default: all]")
    parser.add_argument("--size", type=size_of, help="of each mix, such as 200M [default: what the targets name]")
    parser.add_argument("--runs", type=int, default=5, help="of distscope and tcpdump [default: %(default)s]")
    parser.add_argument("--fast", action="store_true", help="leave out tshark and dpkt")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of captures [default: %(default)s]")
    options = parser.parse_args(arguments)
    if unknown := set(options.mix) - set(SIZES):
        parser.error(f"no such mix: {', '.join(sorted(unknown))}")
    results: list[Measured] = []
    grown: list[tuple[str, Usage, Usage]] = []
    wrong: list[str] = []
    for mix in options.mix:
        size = options.size or SIZES[mix]
        path, small = (generated(mix, each, options.cache) for each in (size, size // GROWTH))
        print(f"{mix}: verifying and measuring", file=sys.stderr)
        wrong += [each.name for each in (path, small) if not verified(each)]
        results.append(measure(path, options.runs, slow=not options.fast))
        grown.append((mix, analyze(small), results[-1].distscope))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()};")
    print(f"{options.runs} runs, median: elapsed, and in brackets user and system.\n")
    print(throughput(results))
    print(growth(grown))
    print(start_up(options.runs))
    if wrong:
        print(f"Not as planted: {', '.join(wrong)}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
