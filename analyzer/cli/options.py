"""What several commands take: options and arguments, declared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

FORMATS = ("text", "json")
"""What can be printed on standard output."""

FLAVOURS = ("github", "gitlab", "jira")
"""Of Markdown; :data:`analyzer.report.ticket.FLAVOURS` has what they do."""

PORT = click.IntRange(1, 65535)

F = TypeVar("F", bound=Callable[..., Any])


def selection(command: F) -> F:
    """What to read of the captures: shared by analyze and decode."""
    for option in reversed(_SELECTION):
        command = option(command)
    return command


_SELECTION = (
    click.argument("captures", nargs=-1, required=True, metavar="CAPTURE..."),
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
    click.option(
        "--since",
        metavar="TIME",
        help="Only packets from then on: 2026-10-31T15:10:37Z, 15:10[:37], epoch seconds; UTC.",
    ),
    click.option("--until", metavar="TIME", help="Only packets up to then; written like --since."),
    click.option(
        "--keep-digests",
        is_flag=True,
        help="Show digests of cookies, too: whoever reads them can try to guess the cookie.",
    ),
    click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR=1, or output that is no terminal)."),
)


no_color = click.option("--no-color", is_flag=True, help="No colour.")
