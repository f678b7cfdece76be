"""``distscope decode``: captures → their messages, one line each."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli.ending import finish, opened
from analyzer.cli.options import selection


@click.command("decode", short_help="List every EPMD, handshake and TLS message.")
@selection
@click.option("-V", "--verbose", is_flag=True, help="All fields of each message.")
@click.pass_context
def command(
    ctx: click.Context, /, captures: tuple[str, ...], verbose: bool, keep_digests: bool, no_color: bool, **selected: Any
) -> None:
    """List every EPMD, handshake and TLS message, one line each, without judging.

    \b
    Examples:
      distscope decode incident.pcap
      distscope decode -V --host 10.0.0.7 incident.pcap
    """
    from analyzer import pipeline
    from analyzer.arguments import options_of
    from analyzer.report import listing
    from analyzer.report.output import emit

    options = options_of(captures, **selected)
    with opened(captures) as source:
        several = len(source.captures) > 1
        for message in pipeline.decode(source, options):
            lines = [listing.line(message.event, message.source, message.destination, several=several)]
            if verbose:
                lines += listing.details(message.event, keep_digests=keep_digests)
            if not emit("".join(f"{line}\n" for line in lines), flush="-" in captures):
                break
        finish(ctx, source, 0)
