"""Options of the test run."""

from __future__ import annotations

import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest

# A run in the background of a script inherits an ignored SIGINT, and so would the commands whose Ctrl-C is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more of the machine than of distscope.  In CI the same code gets the same examples, as
# Hypothesis itself has it there: what fails by chance would be blamed on the wrong change.
hypothesis.settings.register_profile("distscope", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("distscope")

WITHOUT_TSHARK = bool(os.environ.get("WITHOUT_TSHARK"))
"""Said on purpose, for machines where it can't be had; CI never does."""
WITHOUT_NAMESPACES = not (os.geteuid() == 0 and shutil.which("ip"))
"""Live capture is tested in network namespaces, which take root and the program ip."""
WITHOUT_BROWSER = bool(os.environ.get("WITHOUT_BROWSER"))
"""Said on purpose, as for tshark: nobody looks at the HTML reports."""
WITHOUT_FUZZER = find_spec("atheris") is None
"""There are no wheels of atheris for this machine or this Python; pyproject.toml says for which there are."""
WITHOUT_RT = not Path("/usr/sbin/rt-setup-database-5").exists() and not os.environ.get("CI")
"""Request Tracker is a lot to install on a machine that is not one's own to change; CI demands it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden`` makes the reports of today the expected ones; git shows what changed."""
    parser.addoption("--update-golden", action="store_true", help="write the golden reports of tests/golden anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Write the golden reports instead of comparing with them."""
    return bool(request.config.getoption("--update-golden"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out is the last thing that one reads."""
    left_out = []
    if WITHOUT_TSHARK:
        left_out.append("WITHOUT_TSHARK is set: tests/test_tshark.py, the second opinion on decoding, was left out.")
    if WITHOUT_BROWSER:
        left_out.append("WITHOUT_BROWSER is set: tests/test_browser.py, a look at the HTML reports, was left out.")
    if WITHOUT_RT:
        left_out.append(
            "Request Tracker 5 is not installed: that distscope attach works with a real one was not tested. "
            "On Debian, as root: apt-get install request-tracker5 rt5-db-sqlite rt5-standalone"
        )
    if WITHOUT_FUZZER:
        left_out.append(
            "atheris is not installed, as there is none for this Python or this machine: no target was fuzzed. "
            "Mutated captures and the finds of earlier runs were tried. CPython 3.11 to 3.13 on Linux, x86-64, fuzz."
        )
    if WITHOUT_NAMESPACES:
        left_out.append(
            "Live capture on real interfaces was left out: it takes root, and the program ip (iproute2). "
            "As root, make test installs it and runs everything."
        )
    if left_out:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        for line in left_out:
            terminalreporter.line(line)
