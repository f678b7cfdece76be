"""How a command ends: what could not be read, told to people, and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from analyzer.capture import Source
    from analyzer.errors import DistscopeError

PROBLEMS, UNUSABLE, INTERRUPTED = 1, 3, 130
"""Exit statuses beside 0; 2 is click's and :class:`~analyzer.errors.DistscopeError`'s."""

EXIT_STATUS = """\b
Exit status:
  0  no problem found (also: nothing found, or the capture cannot tell)
  1  problems found
  2  the command line is wrong
  3  an input could not be used; what the others show is reported all the same"""


def opened(captures: Sequence[str]) -> Source:
    from analyzer.capture import open_source

    return open_source(captures, stdin=sys.stdin.buffer)


def finish(ctx: click.Context, source: Source, status: int) -> NoReturn:
    """Tell what could not be read, and end with ``status`` if that was nothing."""
    from analyzer.report.output import finish as flush

    flush()
    for error in source.errors:
        complain(error)
    ctx.exit(UNUSABLE if source.errors else status)


def complain(error: DistscopeError) -> None:
    click.echo(f"distscope: {error}", err=True)
