"""What the source never does: run text from elsewhere as code, start programs, or write files but in the one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus import ROOT
from tests.test_tree import SOURCES

BANNED_MODULES = {
    "pickle": "to load one is to run what is in it",
    "marshal": "likewise, and it crashes on bytes that are not its own",
    "shelve": "it is made of pickles",
    "dill": "pickles of more",
    "subprocess": "nothing is run: what is on PATH is not ours to trust, least of all as root",
    "pty": "likewise",
    "xml": "its parsers expand entities; nothing here reads XML",
    "yaml": "it makes any object; nothing here reads YAML",
    "multiprocessing": "its pipes carry pickles",
}
"""Module → why it is not imported."""
BANNED_CALLS = {
    "eval": "text becomes code",
    "exec": "text becomes code",
    "compile": "text becomes code",
    "__import__": "names become code; importlib is for names of our own",
    "os.system": "a shell reads names from the wire in its own way",
    "os.popen": "likewise",
    "os.execv": "nothing is run",
    "os.execve": "nothing is run",
    "os.execvp": "nothing is run",
    "os.posix_spawn": "nothing is run",
    "tempfile.mktemp": "somebody else makes the file between the name and its use",
}
"""Call → why it is not made."""
WRITERS = {
    "open for writing": "a reader sees half a file, and root follows a link that somebody put there",
    "os.open": "likewise",
    "write_text": "likewise",
    "write_bytes": "likewise",
    "tempfile": "where and with which rights is decided in one place",
}
"""Way to write → why only the writers do it."""
EXCUSED = {
    ("analyzer/capture/ahead.py", "pickle"): (
        "the pipe between a process and its own fork has no name, and both ends are this program with the same rights"
    ),
    (
        "analyzer/sessions/archive.py",
        "pickle",
    ): "of this very process, in a file without a name that nobody else can open",
    ("analyzer/sessions/archive.py", "tempfile"): "a file without a name, gone with the process",
    ("dissectors/dataclass.py", "exec"): "the text is made of names of fields, at import, before there is any input",
    ("analyzer/report/output.py", "os.open"): "the one writer: a new file beside it that then takes its place",
    ("analyzer/report/output.py", "tempfile"): "the one writer",
    ("analyzer/live/outputs.py", "os.open"): "while still root: no link is followed where others could put one",
    ("analyzer/evidence/spool.py", "tempfile"): "a file without a name, gone with the process",
}
"""Module and what it does → why it may; whoever adds to this says why."""


def _dotted(node: ast.expr) -> str:
    """``os.open`` of the call ``os.open(…)``; of a method its name, for what it is called on has no name here."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else node.attr
    return ""


def _mode(call: ast.Call, position: int) -> str:
    """The mode of a call of open, as far as it is written there."""
    given = [*call.args[position : position + 1], *(each.value for each in call.keywords if each.arg == "mode")]
    return next((str(each.value) for each in given if isinstance(each, ast.Constant)), "r")


def does(tree: ast.AST) -> Iterator[str]:
    """Everything in ``tree`` that one of the tables forbids."""
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [(node.module or "").partition(".")[0]]
        yield from (module for module in modules if module in BANNED_MODULES or module in WRITERS)
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        method = name.rpartition(".")[2]
        if name in BANNED_CALLS or name in WRITERS:
            yield name
        elif method in ("write_text", "write_bytes"):
            yield method
        elif method == "open" and set(_mode(node, 1 if name == "open" else 0)) & set("wax+"):
            yield "open for writing"
        if any(each.arg == "shell" for each in node.keywords):
            yield "shell"


def _tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=[path.as_posix() for path in SOURCES])
def test_no_module_does_what_is_banned(path: Path) -> None:
    """But for those that say why they may."""
    found = {each for each in does(_tree(path)) if (path.as_posix(), each) not in EXCUSED}
    assert {each: (BANNED_MODULES | BANNED_CALLS | WRITERS).get(each, "") for each in found} == {}


def test_every_excuse_is_needed() -> None:
    """One that is not would let something new in."""
    assert {(name, what) for name, what in EXCUSED if what in set(does(_tree(Path(name))))} == set(EXCUSED)


@pytest.mark.parametrize("path", SOURCES, ids=[path.as_posix() for path in SOURCES])
def test_assertions_are_for_the_type_checker(path: Path) -> None:
    """``python -O`` leaves them out: what comes from outside is checked by statements, or is a value."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Assert):
            assert ast.unparse(node.test).endswith(" is not None"), f"line {node.lineno}"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import pickle", "pickle"),
        ("from xml.etree import ElementTree", "xml"),
        ("from multiprocessing.connection import Pipe", "multiprocessing"),
        ("eval('1')", "eval"),
        ("os.system('ls')", "os.system"),
        ("run('ls', shell=True)", "shell"),
        ("open(name, 'w')", "open for writing"),
        ("path.open('ab')", "open for writing"),
        ("(folder / name).open(mode='x')", "open for writing"),
        ("path.write_text('')", "write_text"),
        ("(folder / name).write_bytes(b'')", "write_bytes"),
        ("os.open(name, flags)", "os.open"),
        ("import tempfile", "tempfile"),
    ],
)
def test_what_is_banned_is_seen(source: str, what: str) -> None:
    """In each of its forms."""
    assert what in set(does(ast.parse(source)))


@pytest.mark.parametrize("source", ["path.open('rb')", "open(name)", "path.open()", "tracker.open(key, account)"])
def test_reading_is_free(source: str) -> None:
    """Opening is not writing."""
    assert set(does(ast.parse(source))) == set()
