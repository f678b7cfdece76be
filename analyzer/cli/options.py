"""What several commands take: options and arguments, declared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from analyzer.redact.redactor import Redactor

FORMATS = ("text", "json")
"""What can be printed on standard output."""

FLAVOURS = ("github", "gitlab", "jira")
"""Of Markdown; :data:`analyzer.report.ticket.FLAVOURS` has what they do."""

PORT = click.IntRange(1, 65535)

F = TypeVar("F", bound=Callable[..., Any])


def selection(command: F) -> F:
    """What to read of the captures: shared by analyze and decode."""
    return _with(command, (_CAPTURES, *_ATTEMPTS, *_TIMES, *_SHOWN))


def live_selection(command: F) -> F:
    """What to tell of what is heard on interfaces."""
    return _with(command, (*_ATTEMPTS, *_SHOWN))


def _with(command: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


_CAPTURES = click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
_ATTEMPTS = (
    click.option(
        "--epmd-port", "epmd_ports", type=PORT, metavar="PORT", multiple=True, help="EPMD's port, if not 4369."
    ),
    click.option(
        "--dist-port",
        "dist_ports",
        type=PORT,
        metavar="PORT",
        multiple=True,
        help="Port of a node, where its lookup in EPMD is not in the capture.",
    ),
    click.option("--node", "nodes", multiple=True, metavar="NAME", help="Only attempts of or to this node."),
    click.option("--host", "hosts", multiple=True, metavar="ADDRESS", help="Only attempts of or to this address."),
)
_TIMES = (
    click.option(
        "--since",
        metavar="TIME",
        help="Only packets from then on: 2026-10-31T15:10:37Z, 15:10[:37], epoch seconds; UTC.",
    ),
    click.option("--until", metavar="TIME", help="Only packets up to then; written like --since."),
)
_SHOWN = (
    click.option(
        "--keep-digests",
        is_flag=True,
        help="Show digests of cookies, too: whoever reads them can try to guess the cookie.",
    ),
    click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR=1, or output that is no terminal)."),
)


cookie_files = click.option(
    "--cookie-file",
    "cookie_files",
    type=click.Path(),
    multiple=True,
    metavar="FILE",
    help="A cookie to compare digests with (repeatable); it is never shown or stored.",
)


def report_files(says: str) -> Callable[[F], F]:
    """Files to write reports to; ``says`` is the help, for when they are written differs."""
    return click.option(
        "-o", "--output", "outputs", type=click.Path(dir_okay=False), multiple=True, metavar="FILE", help=says
    )


flavour = click.option(
    "--flavour",
    type=click.Choice(FLAVOURS),
    default="github",
    help="Whose Markdown: a comment for a ticket there; jira: its wiki markup [default: github].",
)


def redaction(command: F) -> F:
    """Pseudonyms in what is printed and written; see :func:`redactor_of`."""
    return _with(
        command,
        (
            click.option(
                "--redact", is_flag=True, help="Pseudonyms in place of names of nodes, hosts, files, and of addresses."
            ),
            click.option(
                "--redact-map",
                type=click.Path(dir_okay=False),
                metavar="FILE",
                help="Redact, and keep the way back in FILE; one that is there gives the same pseudonyms again.",
            ),
        ),
    )


def redactor_of(path: str | None, *, asked: bool) -> Redactor | None:
    """What both options ask for.  Raises UnusableMap."""
    if path is None and not asked:
        return None
    from analyzer.redact.mapfile import load, new_redactor

    return new_redactor() if path is None else load(path)


no_color = click.option("--no-color", is_flag=True, help="No colour.")
