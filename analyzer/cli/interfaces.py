"""``distscope interfaces``: this host's network interfaces, a line each."""

from __future__ import annotations

import json

import click

from analyzer.cli.options import FORMATS


@click.command("interfaces")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="[default: text]")
def command(format_: str) -> None:
    """The network interfaces that `distscope sniff -i` can listen to.

    \b
    Examples:
      distscope interfaces
      distscope interfaces --format json
    """
    from analyzer.capture.devices import devices
    from analyzer.errors import printable
    from analyzer.report.output import emit, finish

    found = devices()
    if format_ == "json":
        rows = [{"name": each.name, "up": each.up, "addresses": each.addresses} for each in found]
        emit(json.dumps(rows, indent=2) + "\n")
    else:
        width = max(len(each.name) for each in found)
        for each in found:
            about = each.about or ", ".join(each.addresses) or "no address"
            emit(f"{printable(each.name):<{width}}  {'up  ' if each.up else 'down'}  {printable(about)}\n")
    finish()
