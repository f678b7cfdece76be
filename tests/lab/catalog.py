"""The modules of ``scenarios/`` → every scenario that they declare."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.lab.scenario import SCENARIOS, Scenario


def every_scenario() -> dict[str, Scenario]:
    """By name, in the order of the alphabet."""
    for path in sorted((Path(__file__).parent / "scenarios").glob("*.py")):
        importlib.import_module(f"tests.lab.scenarios.{path.stem}")
    return dict(sorted(SCENARIOS.items()))
