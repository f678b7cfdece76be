"""An attempt → the rules that may have something to say of it, and only these are loaded.

There are some fifty modules of rules, and a small capture is the story of a dozen.  To load them all takes longer than
to diagnose it, so :mod:`analyzer.rules.index` has what each declares of itself.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from functools import cache

from analyzer.errors import UnusableRule
from analyzer.findings import Outcome
from analyzer.offered import offered
from analyzer.rules import index
from analyzer.rules.rule import Rule
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.states import Stage
from dissectors.dataclass import dataclass

PACKAGE = __name__.rpartition(".")[0]
ENTRY_POINTS = "distscope.rules"


@dataclass(slots=True, eq=False)
class Entry:
    """One rule, loaded or not."""

    id: str
    name: str
    last_resort: bool
    """Only asked where no other rule has an explanation."""
    needs: frozenset[str]
    """:attr:`~analyzer.rules.rule.Rule.needs`, by name."""
    at: frozenset[Stage]
    module: str
    """Where its ``RULE`` is."""
    known: Rule | None = None
    """If it is loaded."""

    @classmethod
    def of(cls, rule: Rule) -> Entry:
        """Of a rule that is there already."""
        return cls(
            rule.id,
            rule.name,
            rule.outcome is Outcome.INCONCLUSIVE,
            frozenset(kind.__name__ for kind in rule.needs),
            frozenset(rule.at),
            rule.checks[0].__module__ if rule.checks else rule.id,
            rule,
        )

    @property
    def rule(self) -> Rule:
        if self.known is None:
            self.known = importlib.import_module(self.module).RULE
        return self.known

    def suits(self, kinds: frozenset[str], stage: Stage) -> bool:
        """It may have something to say of an attempt with events of these ``kinds`` that got to ``stage``."""
        return (not self.needs or not self.needs.isdisjoint(kinds)) and (not self.at or stage in self.at)


@cache
def entries() -> tuple[Entry, ...]:
    """Every rule, by code.  Raises :class:`UnusableRule`."""
    return distinct(_listed())


def _listed() -> Iterator[Entry]:
    for code, place, last_resort, needs, at in index.INDEX:
        name = place.rpartition(".")[2].replace("_", "-")
        yield Entry(code, name, last_resort, frozenset(needs), frozenset(map(Stage, at)), f"{PACKAGE}.{place}")
    yield from map(Entry.of, offered(ENTRY_POINTS, Rule, UnusableRule))


def distinct(found: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sorted by code.  Raises :class:`UnusableRule` where two have one code or one name."""
    by_code: dict[str, Entry] = {}
    by_name: dict[str, Entry] = {}
    for entry in found:
        for key, known in ((entry.id, by_code), (entry.name, by_name)):
            if key in known:
                raise UnusableRule(
                    f"two rules are called {key}: {known[key].module} and {entry.module}",
                    next_step="uninstall the package that offers one of them",
                )
        by_code[entry.id] = by_name[entry.name] = entry
    return tuple(by_code[code] for code in sorted(by_code))


def candidates(attempt: Attempt, *, last_resort: bool) -> Iterator[Rule]:
    """The rules that may have something to say of ``attempt``, by code: those of last resort, or the others."""
    kinds = frozenset[str]().union(*map(_names_of, set(map(type, attempt.timeline))))
    stage = attempt.stage
    for entry in entries():
        if entry.last_resort is last_resort and entry.suits(kinds, stage):
            yield entry.rule


@cache
def _names_of(kind: type) -> frozenset[str]:
    """Of the class of an event and of all that it is based on."""
    return frozenset(each.__name__ for each in kind.__mro__)
