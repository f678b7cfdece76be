"""The tree keeps its promises: mirrored tests, well-formed rules, small modules with names that say something."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import pytest

from analyzer import rules
from analyzer.rules.rule import HEADINGS, Rule
from tests.corpus import ROOT

TESTS = ROOT / "tests"
PACKAGES = ("analyzer", "dissectors")
SOURCES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
OURS = [
    *SOURCES,
    *sorted(path.relative_to(ROOT) for folder in ("samples", "tests") for path in (ROOT / folder).rglob("*.py")),
]
TEST_FILES = sorted(path.relative_to(ROOT) for path in TESTS.rglob("test_*.py"))
RULES = rules.all_rules()
RULE_FILES = [path for path in SOURCES if path.match("analyzer/rules/*/*.py") and path.name != "__init__.py"]

MOST_LINES = 400
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "tools", "base", "lib"}

TESTED_ELSEWHERE: dict[str, str] = {
    "analyzer/capture/packet.py": "two declarations; every test of capture uses them",
    "analyzer/capture/run_parts.py": "three declarations; every test of the sieve uses them",
    "analyzer/decode/segment.py": "declarations; every test of decode uses them",
    "analyzer/rules/index.py": "written by make docs; the test of catalogue.py compares it with the rules",
}
"""Module → where its tests are, if not in the file of its name."""
TESTED_AS_ONE = {Path("analyzer/sessions/events")}
"""Packages with one test beside them for all their modules."""
TESTED_BY_THE_CORPUS = "analyzer/rules/*/*.py"
"""A rule is tested by its captures: test_samples.py sees that each has one, and that it fires nowhere else."""
WITHOUT_MODULE = {
    "tests/lab/test_lab.py",
    "tests/test_browser.py",
    "tests/test_docs.py",
    "tests/test_dpkt.py",
    "tests/test_fuzz.py",
    "tests/test_safety.py",
    "tests/test_samples.py",
    "tests/test_tree.py",
    "tests/test_tshark.py",
}
"""Tests of the whole."""

STAGE_PREFIX = {
    "advice": "ADV",
    "connect": "CON",
    "fallback": "ANY",
    "handshake": "HSK",
    "link": "LNK",
    "lookup": "LKP",
    "query": "QRY",
    "registration": "REG",
    "tls": "TLS",
}
"""Folder of rules → what their codes begin with."""


def _ids(paths: list[Path]) -> list[str]:
    return [path.as_posix() for path in paths]


@cache
def _syntax(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


# --- Mirrors ---------------------------------------------------------------------------------------------------------


def _is_declaration_of_a_package(path: Path) -> bool:
    """An ``__init__`` that has no code but names from elsewhere."""
    plain = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign, ast.AnnAssign)
    return path.name == "__init__.py" and all(isinstance(statement, plain) for statement in _syntax(path).body)


def _mirror(path: Path) -> Path:
    """decode/tags.py → decode/test_tags.py, below tests/; a package's own code → test_init.py in its folder."""
    if path.parent in TESTED_AS_ONE:
        return Path("tests") / path.parent.parent / f"test_{path.parent.name}.py"
    stem = "init" if path.name == "__init__.py" else path.stem
    return Path("tests") / path.parent / f"test_{stem}.py"


NEED_TESTS = [
    path for path in SOURCES if not path.match(TESTED_BY_THE_CORPUS) and not _is_declaration_of_a_package(path)
]


@pytest.mark.parametrize("path", NEED_TESTS, ids=_ids(NEED_TESTS))
def test_every_module_has_its_test(path: Path) -> None:
    """In the same place below tests/; an exception says where else, and goes when it is no longer needed."""
    mirrored = (ROOT / _mirror(path)).exists()
    excused = path.as_posix() in TESTED_ELSEWHERE
    assert mirrored is not excused, f"{_mirror(path)} {'exists: drop the exception' if mirrored else 'is missing'}"


def test_exceptions_exist() -> None:
    """No exception outlives its module."""
    assert set(TESTED_ELSEWHERE) <= {path.as_posix() for path in NEED_TESTS}


def test_no_test_is_orphaned() -> None:
    """Each test file mirrors a module, or tests the whole."""
    mirrors = {_mirror(path).as_posix() for path in SOURCES}
    assert {path.as_posix() for path in TEST_FILES} - mirrors == WITHOUT_MODULE


# --- Rules -----------------------------------------------------------------------------------------------------------


def _module_file(rule: Rule) -> Path:
    return Path(inspect.getfile(rule.checks[0])).relative_to(ROOT)


def test_every_rule_file_is_found() -> None:
    """Discovery by folder misses none; and a rule has a check, or it could never fire."""
    assert [rule.id for rule in RULES if not rule.checks] == []
    assert sorted(map(_module_file, RULES)) == RULE_FILES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_is_well_formed(rule: Rule) -> None:
    """The file is named for the defect, the code for the folder; the explanation has every heading, in order."""
    path = _module_file(rule)
    assert path.stem == rule.name.replace("-", "_")
    assert re.fullmatch(rf"{STAGE_PREFIX[path.parent.name]}\d{{3}}", rule.id)
    assert tuple(rule.documentation) == HEADINGS
    assert all(rule.documentation.values())
    assert rule.says[:1].isupper() or rule.says.startswith("{")
    assert not rule.says.endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_problem_can_be_fixed(rule: Rule) -> None:
    """A verdict that reports a problem says what to do, and where to read more."""
    if rule.outcome is not None and rule.outcome.value == "problem":
        assert rule.fix
        assert all(reference.startswith("https://") for reference in rule.references)


# --- Modules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OURS, ids=_ids(OURS))
def test_module_is_small_and_says_what_it_is(path: Path) -> None:
    """At most 400 lines, a docstring, and a name for a concept."""
    text = (ROOT / path).read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    assert ast.get_docstring(_syntax(path)), "the first line says what the module turns into what"


@pytest.mark.parametrize("path", TEST_FILES, ids=_ids(TEST_FILES))
def test_every_test_says_what_it_shows(path: Path) -> None:
    """Each test function has a docstring."""
    silent = [
        node.name
        for node in ast.walk(_syntax(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("path", OURS, ids=_ids(OURS))
def test_nothing_is_left_to_do(path: Path) -> None:
    """What is unfinished is an issue on the tracker, not a comment."""
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert [word for word in words if re.search(rf"\b{word}\b", text)] == []
