"""``distscope sniff``: network interfaces → verdicts as they fall."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import click

from analyzer.cli.ending import EXIT_STATUS, PROBLEMS, complain
from analyzer.cli.ending import finish as finish_command
from analyzer.cli.options import FORMATS, cookie_files, flavour, live_selection, report_files

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SPANS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def _amount(units: dict[str, int]) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """The callback of an option that takes a number with one of these units."""

    def convert(ctx: click.Context, option: click.Parameter, text: str | None) -> int | None:
        if text is None:
            return None
        found = re.fullmatch(r"(\d+)([a-z]?)", text.lower())
        if found is None or found[2] not in units or not int(found[1]):
            raise click.BadParameter(f"{text!r}: write a number, and one of {', '.join(filter(None, units))} behind it")
        return int(found[1]) * units[found[2]]

    return convert


@click.command("sniff", short_help="Listen to interfaces: verdicts as they fall.", epilog=EXIT_STATUS)
@click.option(
    "-i",
    "--interface",
    "interfaces",
    multiple=True,
    required=True,
    metavar="IFACE",
    help="Interface to listen to (repeatable); any: all of them. See: distscope interfaces.",
)
@live_selection
@cookie_files
@click.option("--duration", callback=_amount(_SPANS), metavar="TIME", help="End after so long: 30, 90s, 5m, 2h.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after N verdicts.")
@click.option("--until-problem", is_flag=True, help="End with the first problem.")
@report_files("Write the report to FILE at the end (repeatable); its suffix says how, as with analyze.")
@click.option(
    "--write",
    "written",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Keep the packets of all attempts in a pcapng file, as they are: it can hold secrets, mode 0600.",
)
@click.option(
    "--write-size", callback=_amount(_UNITS), metavar="SIZE", help="Begin a new file after so much: 500k, 100M, 1G."
)
@click.option(
    "--write-files",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Keep the last N files, FILE.1 to FILE.N [default: 10, with --write-size].",
)
@click.option(
    "--user",
    metavar="NAME",
    help="Root becomes this user once the interfaces are open [default: who called sudo, else nobody].",
)
@click.option(
    "--metrics",
    metavar="[ADDRESS:]PORT",
    help="Serve metrics for Prometheus there [default ADDRESS: 127.0.0.1, nobody else's business].",
)
@click.option(
    "--notify",
    "urls",
    multiple=True,
    metavar="URL",
    help="Tell this target of problems (repeatable), as apprise writes it. Others see it in ps: better use a file.",
)
@click.option(
    "--notify-file",
    type=click.Path(),
    metavar="FILE",
    help="The same, a URL a line; also: the environment variable DISTSCOPE_NOTIFY.",
)
@click.option(
    "--notify-every",
    callback=_amount(_SPANS),
    metavar="TIME",
    help="Tell of one incident no more often than that, but for its beginning and its end [default: 15m].",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Format on standard output [default: text].")
@flavour
@click.option("-q", "--quiet", is_flag=True, help="Only problems, a line each; no status line and no report.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    interfaces: tuple[str, ...],
    outputs: tuple[str, ...],
    written: str | None,
    write_size: int | None,
    write_files: int | None,
    user: str | None,
    metrics: str | None,
    urls: tuple[str, ...],
    notify_file: str | None,
    notify_every: int | None,
    duration: int | None,
    count: int | None,
    until_problem: bool,
    format_: str | None,
    flavour: str,
    quiet: bool,
    no_color: bool,
    keep_digests: bool,
    **selected: Any,
) -> None:
    """Listen to network interfaces, and print each verdict as soon as the packets decide it.

    Needs the right to listen (root, or CAP_NET_RAW), and gives it up once the interfaces are open.  Ctrl-C and SIGTERM
    end it with the report; with --format json there is one object a line instead, each an attempt of the report's
    schema.

    \b
    Examples:
      distscope sniff -i any
      distscope sniff -i eth0 --until-problem --write evidence.pcapng
      distscope sniff -i eth0 -i lo --format json | jq -r .verdict
      distscope sniff -i any --duration 1h -o report.json -q
      distscope sniff -i any -q --metrics 9404 --notify-file /etc/distscope/notify
    """
    from analyzer.live import privileges

    privileges.stay_one_thread()
    from analyzer.arguments import options_of
    from analyzer.findings import Outcome
    from analyzer.live.listeners import JsonPrinter, StatusLine, TextPrinter
    from analyzer.live.listening import listen
    from analyzer.live.outputs import Report
    from analyzer.live.preload import preload
    from analyzer.live.ring import Interface, Ring
    from analyzer.live.session import KEPT, KEPT_FOR_VERDICTS, Limits, Listener, Session
    from analyzer.report import EVIDENCE, Look, format_of, render, view
    from analyzer.report.output import NotWritable, emit, look_of_terminal
    from analyzer.service.outlets import Outlets

    if written is None and (write_size or write_files):
        raise click.UsageError("--write-size and --write-files need --write FILE")
    if write_files and not write_size:
        raise click.UsageError("--write-files needs --write-size: when is a file full?")
    how = [format_of(path) for path in outputs]
    if EVIDENCE in how:
        raise click.UsageError(
            f"-o {outputs[how.index(EVIDENCE)]}: packets are kept with --write FILE; "
            "'distscope analyze FILE -o …' makes evidence without digests of it"
        )
    options = options_of((), **selected)
    who = privileges.account(user)
    look = look_of_terminal(color=not no_color)
    status = StatusLine(shown=not quiet and sys.stderr.isatty())
    outlets = Outlets(metrics=metrics, urls=urls, file=notify_file, every=notify_every, on_trouble=status.trouble)
    taps = listen(interfaces)
    reports = [Report(path, who, private=keep_digests) for path in outputs]
    ring = None
    if written is not None:
        described = [Interface(tap.name, tap.link_type) for tap in taps]
        files = write_files or (10 if write_size else 1)
        ring = Ring(written, described, size=write_size, files=files, owner=who, on_trouble=status.trouble)
    preload(("text", *how))
    remark = privileges.drop(who)
    if remark is not None:
        status.trouble(remark)

    outlets.start()

    listeners: list[Listener] = [status, *outlets.listeners]
    limits = Limits(duration, count, until_problem)
    text = format_ != "json"
    kept = KEPT if outputs or (text and not quiet) else KEPT_FOR_VERDICTS
    session = Session(taps, options, listeners, limits=limits, ring=ring, kept=kept)
    names = [tap.name for tap in taps]
    listeners.append(
        TextPrinter(status, session.stop, quiet=quiet, look=look)
        if text
        else JsonPrinter(status, session.stop, quiet=quiet, captures=names, keep_digests=keep_digests)
    )
    if not quiet:
        status.trouble(f"listening to {', '.join(names)}{outlets.said}; end with Ctrl-C")
    analysis = session.run()
    status.clear()
    outlets.close()
    document = view.build(analysis, keep_digests=keep_digests)
    if text and not quiet:
        emit(("\n" if session.counters.attempts else "") + render(document, "text", look), flush=True)
    unwritten: list[NotWritable] = []
    for report, name in zip(reports, how, strict=True):
        try:
            report.write(render(document, name, Look(flavour=flavour)))
        except NotWritable as error:
            unwritten.append(error)
    for other in unwritten[1:]:
        complain(other)
    if unwritten:
        raise unwritten[0]
    finish_command(ctx, session.source, PROBLEMS if session.problems or document.counts[Outcome.PROBLEM] else 0)
