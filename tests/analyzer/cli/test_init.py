"""The command line itself: help, version, what it does with a mistake."""

from __future__ import annotations

import importlib
from pathlib import Path

import click
import pytest

from analyzer import __version__
from analyzer.cli import COMMANDS
from tests.analyzer.cli.command import run


def test_a_wrong_command_line_is_2(problem: Path) -> None:
    """Each with a hint."""
    cases: list[tuple[list[str | Path], str]] = [
        (["analyze"], "CAPTURE"),
        (["analyze", problem, "--format", "yaml"], "'text', 'json'"),
        (["analyze", problem, "-o", "x.docx"], ".json (json)"),
        (["analyze", problem, "--epmd-port", "70000"], "70000"),
        (["analyze", problem, "--since", "yesterday"], "2026-10-31T15:10:37Z"),
        (["analyze", problem, "--host", "bob"], "--node"),
        (["analyze", problem, "--cookie-file", "/no/such"], "/no/such"),
        (["explain", "cookie-mismath"], "cookie-mismatch"),
        (["analyse", problem], "analyse"),
    ]
    for arguments, hint in cases:
        done = run(*arguments)
        assert (done.exit_code, done.stdout) == (2, ""), arguments
        assert hint in done.stderr


def test_version() -> None:
    """That of the package."""
    assert run("--version").stdout == f"distscope {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str) -> None:
    """In 80 columns, with every option explained."""
    done = run(name, "--help")
    assert "Examples:\n    distscope " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    for parameter in importlib.import_module(f"analyzer.cli.{name}").command.params:
        assert not isinstance(parameter, click.Option) or parameter.help


def test_help_lists_commands_and_exit_statuses() -> None:
    """On the first page."""
    done = run("--help")
    assert [name for name in COMMANDS if name not in done.stdout] == []
    assert "3  an input could not be used" in done.stdout
