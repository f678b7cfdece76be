"""Scenarios → results: each on a stage of its own, a few side by side."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.network import remove_leftovers
from tests.lab.processes import LabError
from tests.lab.scenario import Scenario
from tests.lab.stage import Stage
from tests.lab.watching import Attempt, verdicts

SIDE_BY_SIDE = 6
"""Scenarios wait more than they work: for timers of seven seconds, mostly."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scenario."""

    scenario: Scenario
    folder: Path
    seconds: float
    complaints: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """All was said that had to be, and nothing else."""
        return not self.complaints


def play(scenario: Scenario, folder: Path) -> Result:
    """Play one; whatever goes wrong is a complaint."""
    began = time.monotonic()
    complaints: list[str] = []
    try:
        with Stage(folder, scenario.dist_ports) as stage:
            scenario.play(stage)
            watching = stage.watching
            told = watching.wait_until_told(lambda attempts: verdicts(attempts) == scenario.verdicts)
            complaints += compare(scenario, "live, while it happens", told)
            watching.finish()
            for where, attempts in watching.accounts():
                complaints += compare(scenario, where, attempts)
    except LabError as error:
        complaints.append(f"the lab: {error}")
    except Exception:  # one broken scenario does not take the others with it
        complaints.append(f"the lab: {traceback.format_exc()}")
    return Result(scenario, folder, time.monotonic() - began, tuple(complaints))


def compare(scenario: Scenario, where: str, attempts: list[Attempt]) -> Iterator[str]:
    """What is wrong with what distscope said."""
    if verdicts(attempts) != scenario.verdicts:
        expected = ", ".join(f"{count} × {verdict}" for verdict, count in scenario.verdicts.items())
        yield f"{where}: {', '.join(map(str, attempts)) or 'no attempt'}; expected is {expected}"
        return
    for attempt in attempts:
        if attempt.outcome != "problem":
            continue
        if not scenario.detail.items() <= attempt.detail.items():
            yield f"{where}: {attempt}; expected is the detail {dict(scenario.detail)}"
        if scenario.certain and attempt.certainty != "certain":
            yield f"{where}: {attempt}; expected is certain"


@contextmanager
def playing(
    scenarios: Iterable[Scenario], folder: Path, side_by_side: int = SIDE_BY_SIDE
) -> Iterator[dict[str, Future[Result]]]:
    """They are under way, several at a time; those that have not begun when the context ends never do."""
    remove_leftovers()
    pool = ThreadPoolExecutor(side_by_side)
    try:
        yield {one.name: pool.submit(play, one, folder / one.name) for one in scenarios}
    finally:
        pool.shutdown(cancel_futures=True)
