"""Every scenario of the lab, played with real nodes, gets the verdicts that it declares: live and from its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future

import pytest

from tests.lab import catalog, requirements, runner
from tests.lab.runner import Result

EVERY = catalog.every_scenario()


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Result]]]:
    """All that were chosen are under way at once, a few at a time."""
    missing = requirements.missing()
    if missing:
        pytest.fail("the lab is demanded, and can't run here:\n  " + "\n  ".join(missing), pytrace=False)
    ours = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    chosen = [EVERY[item.callspec.params["name"]] for item in ours]
    with runner.playing(chosen, tmp_path_factory.mktemp("lab")) as under_way:
        yield under_way


@pytest.mark.parametrize("name", EVERY)
def test_scenario(results: Mapping[str, Future[Result]], name: str) -> None:
    """What distscope says while it happens, in its report at the end, of the recording and of what it kept itself."""
    result = results[name].result()
    assert result.passed, f"{result.scenario.shows}; logs and captures are in {result.folder}:\n" + "\n".join(
        result.complaints
    )


def test_every_scenario_says_what_it_shows() -> None:
    """A name and a sentence; the README's list is not needed where each one tells."""
    assert [name for name, one in EVERY.items() if not one.shows or not one.verdicts] == []
