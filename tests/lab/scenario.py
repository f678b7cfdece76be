"""Declarations: what is done with real nodes, and what distscope has to say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab.stage import Stage

Play = Callable[[Stage], None]
SCENARIOS: dict[str, Scenario] = {}
"""All that are declared, by name."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One deed, and the verdicts that it must get, live and from the file."""

    name: str
    shows: str
    play: Play
    verdicts: Mapping[str, int]
    """Verdict → how many attempts of the capture have it; these and no others."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What the details of every attempt with a verdict that is a problem have to hold, if nothing else."""
    certain: bool = False
    """No other explanation is left."""
    dist_ports: frozenset[int] = frozenset()
    """What distscope is told of, as neither EPMD nor the first bytes tell."""


def declare(scenario: Scenario) -> None:
    """One more; names are unique."""
    if scenario.name in SCENARIOS:
        raise ValueError(f"two scenarios are called {scenario.name}")
    SCENARIOS[scenario.name] = scenario


def scenario(
    name: str,
    verdicts: str | Mapping[str, int],
    *,
    detail: Mapping[str, Any] | None = None,
    certain: bool = False,
    dist_ports: frozenset[int] = frozenset(),
) -> Callable[[Play], Play]:
    """Declare the decorated function, whose docstring says what it shows; one verdict is one attempt."""

    def declared(play: Play) -> Play:
        expected = {verdicts: 1} if isinstance(verdicts, str) else verdicts
        shows = " ".join((play.__doc__ or "").split())
        declare(Scenario(name, shows, play, expected, detail or {}, certain, dist_ports))
        return play

    return declared
