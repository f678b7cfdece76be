"""The command line → calls of the pipeline, and its results → standard output, files and the exit status.

::

    analyze, sniff, interfaces, …    one command each, in a module of its name
    options                          what several commands take
    ending                           how a command ends: what could not be read, and the exit status

Commands only parse and print.  Everything that costs time to import is imported where it is used, so that ``--help``
and shell completion are quick.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from analyzer import __version__
from analyzer.cli.ending import EXIT_STATUS, INTERRUPTED, complain

COMMANDS = ("analyze", "sniff", "interfaces", "decode", "explain", "rules", "attach")
"""In the order of the help.  Each is the function ``command`` of the module of its name."""


class Commands(click.Group):
    """Loads a command when it is asked for, and tells DistscopeError to people."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"analyzer.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        from analyzer.errors import DistscopeError

        try:
            return super().invoke(ctx)
        except DistscopeError as error:
            complain(error)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            # click would exit with 1, which stands for problems found.
            ctx.exit(INTERRUPTED)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=EXIT_STATUS,
)
@click.version_option(__version__, prog_name="distscope", message="%(prog)s %(version)s")
def cli() -> None:
    """Why can't these Erlang nodes talk?  distscope tells it from packets alone.

    \b
    Examples:
      distscope analyze incident.pcap
      distscope analyze /var/tmp/captures/ -o report.json
      ssh host tcpdump -i any -s 0 -U -w - 'not port 22' | distscope analyze -
      distscope explain cookie-mismatch
    """
