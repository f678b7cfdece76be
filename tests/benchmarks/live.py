"""Traffic of other applications on a cable, and real attempts among it → what ``distscope sniff`` misses, and its cost.

``python -m tests.benchmarks.live --rate 200000 --seconds 60`` (root, ``tcpreplay``, ``tcpdump``, ``ip``).  Two network
namespaces are joined by a cable (veth).  ``tcpreplay`` sends the mix ``unrelated``, without its Erlang part, from one
end; distscope listens on the other; and every two seconds a node is called over the same cable and rejects the cookie.
Each of these has to be found, once, and nothing else.  Ends with status 1 where that is not so, or packets are dropped.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.analyzer.live.namespaces import Namespace, pair, sniffing
from tests.analyzer.live.peers import EVERY
from tests.benchmarks.files import CACHE, SEED, path_of, size_of
from tests.benchmarks.generate import main as generate

FOREIGN = "net 172.16.0.0/12 and net 192.168.0.0/16"
"""Where the other applications of the mix live."""
PEERS = (sys.executable, "-m", "tests.analyzer.live.peers")
TICKS = 100
"""Of the processor in a second (sysconf _SC_CLK_TCK)."""


@dataclass(frozen=True, slots=True)
class Result:
    """Of one run."""

    sent: int
    seconds: float
    handed_over: int
    dropped: int
    attempts: int
    found: int
    others: int
    processor: float
    """Seconds of distscope."""
    memory: tuple[int, int]
    """Resident, in KiB: after a quarter of the time, and at the end."""

    @property
    def right(self) -> bool:
        """Nothing was missed, and nothing made up."""
        return not self.dropped and self.found == self.attempts and not self.others

    def __str__(self) -> str:
        rate, share = self.sent / self.seconds, 100 * self.processor / self.seconds
        return (
            f"{rate:>9,.0f}  {self.sent:>11,}  {self.handed_over:>11,}  {self.dropped:>8,}  "
            f"{self.found:>3} of {self.attempts:<3}  {self.others:>6}  {share:>4.0f} %  "
            f"{self.memory[0] / 1024:>4.0f} → {self.memory[1] / 1024:<4.0f} MiB"
        )


HEAD = " packets/s         sent  handed over   dropped     found  others     CPU  memory"


def background(size: int, cache: Path) -> Path:
    """A capture of other applications alone."""
    path = cache / f"foreign-{size}.pcap"
    if not path.exists():
        generate(["unrelated", "--size", str(size), "--cache", str(cache)])
        mixed = path_of(cache, "unrelated", size, SEED)
        subprocess.run(["tcpdump", "-Z", "root", "-r", mixed, "-w", path, FOREIGN], check=True, capture_output=True)
    return path


def measure(traffic: Path, rate: int, seconds: int, *, realtime: bool) -> Result:
    """One run; with ``realtime`` the sender, the caller and distscope come before everything else on the machine."""
    with pair() as (one, other), tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        with (
            other.started(*PEERS, "listen", "10.77.0.2") as node,
            sniffing(other, "-i", "right", "--user", "root", "-o", report) as sniffer,
        ):
            assert node.stdout is not None
            node.stdout.readline()
            used = _used(sniffer.process.pid)
            attempts, memory, said = _play(one, traffic, rate, seconds, sniffer.process.pid, realtime=realtime)
            processor = _used(sniffer.process.pid) - used
            sniffer.end()
        document = json.loads(report.read_text())
    [capture] = document["captures"]
    verdicts = document["summary"]["verdicts"]
    dropped = re.search(r"([\d,]+) packets were dropped", " ".join(capture["notes"]))
    sent = re.search(r"Actual: (\d+) packets .* sent in ([\d.]+) seconds", said)
    assert sent is not None, said
    return Result(
        int(sent[1]),
        float(sent[2]),
        capture["packets"],
        int(dropped[1].replace(",", "")) if dropped else 0,
        attempts,
        verdicts.get("cookie-mismatch", 0),
        document["summary"]["attempts"] - verdicts.get("cookie-mismatch", 0),
        processor,
        memory,
    )


def _play(
    one: Namespace, traffic: Path, rate: int, seconds: int, listener: int, *, realtime: bool
) -> tuple[int, tuple[int, int], str]:
    """Until so many seconds are over; how many attempts were made meanwhile, and what the sender says."""
    first: tuple[str, ...] = ()
    if realtime:
        subprocess.run(["chrt", "--fifo", "--pid", "1", str(listener)], check=True, capture_output=True)
        first = ("chrt", "--fifo", "1")
    sender = (*first, "tcpreplay", "-q", "-K", "-i", "left", "--pps", str(rate), "--duration", str(seconds))
    memory, began = [0, 0], time.monotonic()
    with one.started(*first, *PEERS, "keep-calling", "10.77.0.2") as caller:
        with one.started(*sender, "--loop", "0", traffic) as process:
            while process.poll() is None:
                memory[1] = _memory(listener)
                if time.monotonic() - began < seconds / 4:
                    memory[0] = memory[1]
                time.sleep(0.5)
            assert process.stdout is not None
            said = process.stdout.read()
        # Let it finish the call that it is at, and make no other.
        time.sleep(EVERY / 2)
        caller.kill()
        assert caller.stdout is not None
        attempts = caller.stdout.read().count("called")
    return attempts, (memory[0], memory[1]), said


def _used(process: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _memory(process: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) if found else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each rate."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.live")
    parser.add_argument("--rate", type=int, action="append", help="packets/s, repeatable [default: 200000]")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--size", type=size_of, default=150_000_000, help="of what is sent again and again")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--realtime", action="store_true", help="before everything else that the machine has to do")
    options = parser.parse_args(arguments)
    traffic = background(options.size, options.cache)
    print(HEAD, flush=True)
    right = True
    for rate in options.rate or [200_000]:
        result = measure(traffic, rate, options.seconds, realtime=options.realtime)
        right &= result.right
        print(result, flush=True)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
