"""Nothing is left to import once root is given up."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from tests.analyzer.live import test_preload, test_session
from analyzer.live.preload import preload
preload(["text", "json", "markdown"])
known = set(sys.modules)
test_preload.whole_run()
print(sorted(set(sys.modules) - known))
print([name for name in ("analyzer.rules.fallback.inconclusive", "analyzer.sieve") if name not in known])
others = ("analyzer.attach", "analyzer.evidence", "github", "gitlab", "jira", "keyring", "redminelib", "rt")
print([name for name in others if name in known])
"""


def whole_run() -> None:
    """Sessions over a few samples, and their reports."""
    from analyzer.pipeline import Options
    from analyzer.report import Look, render, view
    from tests.analyzer.live.test_session import recorded, session
    from tests.corpus import ROOT

    for name in (
        "handshake/cookie-mismatch.pcap",
        "link/tick-timeout.pcap",
        "healthy/tls13.pcap",
        "healthy/tls12.pcap",
    ):
        heard = recorded(ROOT / "samples" / name)
        if heard is not None:
            document = view.build(session(heard[1], link_type=heard[0], options=Options()).run())
            for how in ("text", "json", "markdown"):
                assert render(document, how, Look())


def test_a_run_imports_nothing_more() -> None:
    """In a process of its own, whose modules nobody else has loaded; and nothing that only other commands need."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines(), done.returncode) == (["[]", "[]", "[]"], 0), done.stderr
