"""Nothing is left to import once root is given up."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from analyzer.live.preload import preload
preload(["text", "json"])
known = set(sys.modules)
from tests.analyzer.live.test_preload import whole_run
known |= {name for name in sys.modules if name.startswith(("tests", "samples", "pytest", "_pytest"))}
after = set(sys.modules)
whole_run()
print(sorted(name for name in set(sys.modules) - after if name.startswith(("analyzer", "dissectors"))))
print([name for name in ("analyzer.rules.fallback.inconclusive", "statistics") if name not in known])
"""


def whole_run() -> None:
    """A session and its report."""
    from analyzer.report import Look, render, view
    from samples.conversation import Network
    from tests.analyzer.live.test_session import session
    from tests.analyzer.test_pipeline import rejected

    net = Network()
    rejected(net)
    document = view.build(session(net).run())
    for name in ("text", "json"):
        assert "cookie-mismatch" in render(document, name, Look())


def test_a_run_imports_nothing_more() -> None:
    """In a process of its own, whose modules nobody else has loaded."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
