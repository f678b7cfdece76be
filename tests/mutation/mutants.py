"""Source of a module → its mutants: the same module with one operator, number or condition replaced.

The operators are those of cosmic-ray.  Left out from the start is what no test could tell:
annotations, the star of a signature, and equality in the place of identity or the other way round.
"""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import cosmic_ray.ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator, operator_names

SAME_TO_A_TEST = ("Eq_Is", "Is_Eq", "NotEq_IsNot", "IsNot_NotEq", "Variable")
"""Ends and beginnings of operators that are not used; those of variables need arguments."""


@dataclass(frozen=True)
class Mutant:
    """One change."""

    operator: str
    occurrence: int
    source: str
    """The whole module, changed."""
    change: str
    """The lines before and after it."""


def positions(source: str) -> Iterator[tuple[str, int]]:
    """Every operator with the number of each place where it applies."""
    operators = [
        (name, get_operator(name)())
        for name in sorted(operator_names())
        if not any(part in name for part in SAME_TO_A_TEST)
    ]
    counts: Counter[str] = Counter()
    for node in cosmic_ray.ast.ast_nodes(cosmic_ray.ast.get_ast(source)):
        for name, operator in operators:
            for _ in operator.mutation_positions(node):
                yield name, counts[name]
                counts[name] += 1


def mutants(source: str, most: int, seed: int) -> tuple[int, list[Mutant]]:
    """How many places there are to change, and ``most`` mutants drawn among them."""
    places = list(positions(source))
    drawn = list(places)
    Random(seed).shuffle(drawn)
    original = _meaning(source)
    found: list[Mutant] = []
    for name, occurrence in drawn:
        if len(found) == most:
            break
        changed = mutate(source, name, occurrence)
        if _meaning(changed) not in (original, None):
            found.append(Mutant(name, occurrence, changed, _change(source, changed)))
    return len(places), found


def mutate(source: str, name: str, occurrence: int) -> str:
    """The module with this one change."""
    code: str | None = MutationVisitor.mutate_code(source, get_operator(name)(), occurrence)
    assert code is not None, "the places were counted in another text"
    return code


def _meaning(source: str) -> str | None:
    """The syntax without annotations, and without who may be named in a call; None if it is no Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    anything: Any = ast.Constant(None)
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
            node.defaults = [*node.defaults, *(default for default in node.kw_defaults if default is not None)]
            node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        for slot in ("annotation", "returns"):
            if getattr(node, slot, None) is not None:
                setattr(node, slot, anything)
    return ast.dump(tree)


def _change(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))
