"""``distscope decode``: captures → their messages, one line each."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli.ending import finish, opened
from analyzer.cli.options import redaction, redactor_of, selection


@click.command("decode", short_help="List every EPMD, handshake and TLS message.")
@selection
@redaction
@click.option("-V", "--verbose", is_flag=True, help="All fields of each message.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    captures: tuple[str, ...],
    verbose: bool,
    keep_digests: bool,
    no_color: bool,
    redact: bool,
    redact_map: str | None,
    **selected: Any,
) -> None:
    """List every EPMD, handshake and TLS message, one line each, without judging.

    \b
    Examples:
      distscope decode incident.pcap
      distscope decode -V --host 10.0.0.7 incident.pcap
      distscope decode --redact incident.pcap
    """
    from analyzer import pipeline
    from analyzer.arguments import options_of
    from analyzer.report import listing
    from analyzer.report.output import check_writable, emit, write

    if redact_map is not None:
        check_writable(redact_map, captures)
    options = options_of(captures, **selected)
    redactor = redactor_of(redact_map, asked=redact)
    with opened(captures) as source:
        several = len(source.captures) > 1
        if redactor is None:
            messages = pipeline.decode(source, options)
        else:
            from analyzer.evidence import Evidence

            evidence = Evidence(options.epmd_ports, options.dist_ports, keep_digests=keep_digests, redactor=redactor)
            analysis = pipeline.analyze(source, options, witness=evidence.keeper)
            messages = pipeline.decode(*evidence.replayed(analysis, options))
        for message in messages:
            lines = [listing.line(message.event, message.source, message.destination, several=several)]
            if verbose:
                lines += listing.details(message.event, keep_digests=keep_digests)
            if not emit("".join(f"{line}\n" for line in lines), flush="-" in captures):
                break
        if redactor is not None and redact_map is not None:
            from analyzer.redact.mapfile import text_of

            write(redact_map, text_of(redactor), private=True)
        finish(ctx, source, 0)
