"""The command line, run as a user runs it, without a terminal."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from analyzer.cli import cli


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Without a terminal; an exception is a defect."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)
