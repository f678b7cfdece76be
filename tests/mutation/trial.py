"""Mutants of a module and the tests that cover it → which of them no test notices.

The tests are collected once; each mutant then lives in a fork of that process, where the functions that it changes get
their new code.  What is run while modules are imported can't be changed afterwards: such a mutant is imported instead,
in a process that has loaded no module of ours.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.machinery
import json
import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import hypothesis
import pytest

from tests.mutation.mutants import Mutant

SLACK = 5.0
"""Times the processor time of the tests without a change, and as many seconds: then a mutant hangs."""
OURS = ("analyzer", "conftest", "dissectors", "docs", "samples", "tests")
"""All else is loaded once."""
MEMORY = 4 << 30
"""Bytes that a mutant may take: one that hangs may do so by collecting what never ends."""
EXAMPLES = 5
"""Of each property; ``make test`` tries 100, and other ones each time."""

Key = tuple[str, int]
"""Qualified name and first line of a function."""


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    HUNG = "hung"
    SURVIVED = "survived"


class BrokenTests(Exception):
    """They fail without any change."""


@dataclass(frozen=True)
class Patient:
    """A module, its mutants, and the tests that cover it, those that notice most of all first."""

    path: Path
    mutants: Sequence[Mutant]
    tests: Sequence[str]
    """As on the command line of pytest: folders, files, functions or single cases."""


def try_all(patients: Sequence[Patient]) -> Iterator[list[Fate]]:
    """The fates of the mutants of each; the tests of all are collected at once."""
    tests = list(dict.fromkeys(test for patient in patients for test in patient.tests))
    with tempfile.TemporaryDirectory(prefix="distscope-mutation-") as folder:
        notes = Path(folder) / "fates"
        if _forked(lambda: _collected(patients, tests, notes), None) is not Fate.SURVIVED:
            raise BrokenTests(f"tests fail without any change: pytest {' '.join(tests)}")
        told = json.loads(notes.read_text(encoding="utf-8"))
    for name in told["loaded"]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    for patient, fates in zip(patients, told["fates"], strict=True):
        unchanged = patient.path.read_text(encoding="utf-8")
        if None in fates and _forked(lambda: _imported(patient, unchanged), None) is not Fate.SURVIVED:  # noqa: B023
            raise BrokenTests(f"tests fail where {patient.path} is imported anew: pytest {' '.join(patient.tests)}")
        yield [
            _forked(lambda: _imported(patient, mutant.source), told["limit"]) if fate is None else Fate(fate)  # noqa: B023
            for mutant, fate in zip(patient.mutants, fates, strict=True)
        ]


# --- Processes -------------------------------------------------------------------------------------------------------


def _forked(run: Callable[[], bool], limit: float | None) -> Fate:
    """``run`` in a process of its own, silently: whether it was content.  ``limit``: seconds of processor time."""
    child = os.fork()
    if not child:
        status = 1
        try:
            if limit is not None:
                seconds = math.ceil(limit + time.process_time())
                resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            status = 0 if run() else 1
        finally:
            os._exit(status)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return Fate.HUNG
    return Fate.SURVIVED if status == 0 else Fate.KILLED


def _pytest(tests: Sequence[str], *plugins: object) -> int:
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutation")
    options = ["-x", "-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]
    return int(pytest.main([*options, *tests], plugins=list(plugins)))


# --- Imported --------------------------------------------------------------------------------------------------------


def _imported(patient: Patient, source: str) -> bool:
    original = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: Any, fullname: str) -> CodeType | None:
        if Path(loader.path) == patient.path:
            return compile(source, loader.path, "exec")
        return original(loader, fullname)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
    return _pytest(patient.tests) == pytest.ExitCode.OK


# --- Collected -------------------------------------------------------------------------------------------------------


def _collected(patients: Sequence[Patient], tests: Sequence[str], notes: Path) -> bool:
    """Write the fates that can be told without a new import; False if the tests fail as they are."""
    ran: set[tuple[str, Key]] = set()
    ours = {str(patient.path) for patient in patients}

    def profile(frame: Any, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename in ours:
            ran.add((frame.f_code.co_filename, _key(frame.f_code)))

    sys.setprofile(profile)
    trials = _Trials(patients, ran)
    _pytest(tests, trials)
    loaded = [name for name in sys.modules if name.partition(".")[0] not in OURS]
    told = {"limit": trials.limit, "fates": trials.fates, "loaded": loaded}
    notes.write_text(json.dumps(told), encoding="utf-8")
    return trials.content


class _Trials:
    """A plugin of pytest that runs the collected tests of a module once for each of its mutants."""

    def __init__(self, patients: Sequence[Patient], ran: set[tuple[str, Key]]) -> None:
        self.patients, self.ran = patients, ran
        self.fates: list[list[str | None]] = []
        """None: it has to be imported."""
        self.limit = 0.0
        self.content = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.setprofile(None)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.content = bool(session.items) and _forked(lambda: _passes(session.items), None) is Fate.SURVIVED
        self.limit = SLACK + SLACK * (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
        if self.content:
            self.fates = [self._fates(patient, session.items) for patient in self.patients]
        return True

    def _fates(self, patient: Patient, items: Sequence[pytest.Item]) -> list[str | None]:
        path = str(patient.path)
        unchanged = dict(_codes(compile(patient.path.read_text(encoding="utf-8"), path, "exec")))
        functions = _functions(path)
        early = {key for where, key in self.ran if where == path}
        chosen = [
            item
            for test in patient.tests
            for item in items
            if item.nodeid == test or item.nodeid.startswith((f"{test}/", f"{test}::", f"{test}["))
        ]
        assert chosen, patient.tests
        fates: list[str | None] = []
        for mutant in patient.mutants:
            changed = dict(_codes(compile(mutant.source, path, "exec")))
            reached = _to_replace(unchanged, changed, functions.keys())
            if reached is None:
                fates.append(None)
                continue

            def run(changed: dict[Key, CodeType] = changed, reached: set[Key] = reached) -> bool:
                for key in reached:
                    for function in functions[key]:
                        function.__code__ = changed[key]
                return _passes(chosen)

            fate = _forked(run, self.limit)
            # What ran before may have left behind what the change would have made otherwise.
            fates.append(None if fate is Fate.SURVIVED and reached & early else fate.value)
        return fates


def _to_replace(old: dict[Key, CodeType], new: dict[Key, CodeType], functions: Set[Key]) -> set[Key] | None:
    """Which of the functions get new code so that every change is in force; None if some can't be."""
    if old.keys() != new.keys():
        return None
    changed = {key for key in old if _own(old[key]) != _own(new[key])}
    # The code of an inner function is a constant of the outer one.
    within = {key: {inner for inner, _ in _codes(old[key])} for key in functions & old.keys()}
    reached = {key for key, inner in within.items() if inner & changed}
    return reached if changed <= set().union(*(within[key] for key in reached)) else None


def _passes(items: Sequence[pytest.Item]) -> bool:
    for number, item in enumerate(items):
        following = items[number + 1] if number + 1 < len(items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return False
    return True


def _key(code: CodeType) -> Key:
    return code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[tuple[Key, CodeType]]:
    """This one and those within it."""
    yield _key(code), code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _own(code: CodeType) -> tuple[object, ...]:
    """What it does, apart from the functions within it."""
    constants = [
        _key(constant) if isinstance(constant, CodeType) else (type(constant).__name__, repr(constant))
        for constant in code.co_consts
    ]
    return code.co_code, code.co_names, code.co_varnames, code.co_exceptiontable, constants


def _functions(path: str) -> dict[Key, list[FunctionType]]:
    """The living functions of a module."""
    found: dict[Key, list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == path:
            found.setdefault(_key(thing.__code__), []).append(thing)
    return found
