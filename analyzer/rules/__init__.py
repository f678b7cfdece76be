"""Attempts → findings → verdict: finds every rule, asks those that may know, contains a crash, and picks the best
explanation.

A rule is a module in a folder beside this file with a ``RULE`` in it; ``make docs`` enters it into
:mod:`analyzer.rules.index`.  Third parties offer theirs through the entry point group ``distscope.rules``, each naming
a :class:`~analyzer.rules.rule.Rule`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

from analyzer.errors import UnusableRule
from analyzer.findings import Certainty, Diagnosis, Finding, Outcome
from analyzer.offered import offered
from analyzer.rules.catalogue import ENTRY_POINTS, Entry, candidates, distinct
from analyzer.rules.rule import Rule
from analyzer.sessions.archive import opened
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.states import Stage
from analyzer.sessions.surroundings import Surroundings
from dissectors.dataclass import replace

_PROGRESS = {stage: index for index, stage in enumerate(Stage)}


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code, loaded from where it is: a diagnosis does without."""
    return tuple(entry.rule for entry in distinct(map(Entry.of, _discovered())))


def _discovered() -> Iterable[Rule]:
    import pkgutil  # a diagnosis does without it, too

    for folder in pkgutil.iter_modules(__path__, f"{__name__}."):
        if not folder.ispkg:
            continue
        package = importlib.import_module(folder.name)
        for module in pkgutil.iter_modules(package.__path__, f"{folder.name}."):
            yield importlib.import_module(module.name).RULE
    yield from offered(ENTRY_POINTS, Rule, UnusableRule)


def find_rule(name: str) -> Rule | None:
    """By code (any case) or slug."""
    return next((rule for rule in all_rules() if name.upper() == rule.id or name.lower() == rule.name), None)


_WEAKER = {Certainty.CERTAIN: Certainty.LIKELY, Certainty.LIKELY: Certainty.POSSIBLE}
_WEAKER[Certainty.POSSIBLE] = Certainty.POSSIBLE
_LOSS = "the capture lost packets meanwhile, and what they held is not known"


def judge(attempt: Attempt, around: Surroundings) -> Diagnosis:
    """The verdict on one attempt, from every view that the captures give of it."""
    heard = list(_heard(attempt, around, last_resort=False))
    if all(finding.outcome is None for _, finding in heard):
        # Any explanation is better than none, so those who cannot tell are asked only now.
        heard += _heard(attempt, around, last_resort=True)
    advice = [finding for _, finding in heard if finding.outcome is None]
    # The view that saw the attempt get furthest knows most of it; within one view the surest finding wins.
    verdicts = [
        ((-_PROGRESS[view.stage], finding.certainty.rank), finding)
        for view, finding in heard
        if finding.outcome is not None
    ]
    if not verdicts:
        # Even the rule of last resort failed; the notes say how.
        return Diagnosis(attempt, "inconclusive", Outcome.INCONCLUSIVE, Certainty.POSSIBLE, {}, tuple(_unique(advice)))
    best = min(verdicts, key=lambda ranked: ranked[0])[1]
    if attempt.lossy:
        best = replace(best, certainty=_WEAKER[best.certainty], alternatives=(*best.alternatives, _LOSS))
    assert best.outcome is not None
    return Diagnosis(
        attempt=attempt,
        verdict=best.name,
        outcome=best.outcome,
        certainty=best.certainty,
        detail=best.detail,
        findings=(best, *_unique(advice)),
    )


def _heard(attempt: Attempt, around: Surroundings, *, last_resort: bool) -> Iterator[tuple[Attempt, Finding]]:
    """What the rules say of each view; those of last resort, or the others."""
    for view in chain((attempt,), opened(attempt.views)):
        for rule in candidates(view, last_resort=last_resort):
            try:
                findings = list(rule.run(view, around))
            except Exception as error:
                around.failures.append(
                    f"rule {rule.id} {rule.name} failed on an attempt: {type(error).__name__}: {error}"
                )
                continue
            for finding in findings:
                yield view, finding


def _unique(advice: list[Finding]) -> list[Finding]:
    kept: dict[str, Finding] = {}
    for finding in advice:
        kept.setdefault(finding.rule, finding)
    return list(kept.values())
