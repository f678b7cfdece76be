"""The command line → calls of the pipeline, and its results → standard output, files and the exit status.

Commands only parse and print.  Everything that costs time to import is imported where it is used, so that ``--help``
and shell completion are quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from analyzer import __version__

if TYPE_CHECKING:
    from analyzer.capture import Source
    from analyzer.errors import DistscopeError
    from analyzer.findings import Diagnosis

PROBLEMS, UNUSABLE, INTERRUPTED = 1, 3, 130
"""Exit statuses beside 0; 2 is click's and :class:`~analyzer.errors.DistscopeError`'s."""

EXIT_STATUS = """\b
Exit status:
  0  no problem found (also: nothing found, or the capture cannot tell)
  1  problems found
  2  the command line is wrong
  3  an input could not be used; what the others show is reported all the same"""

FORMATS = ("text", "json")

PORT = click.IntRange(1, 65535)

F = TypeVar("F", bound=Callable[..., Any])


class Commands(click.Group):
    """Tells DistscopeError to people, and keeps the commands in the order of their declaration."""

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

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


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


# --- Options that commands share -------------------------------------------------------------------------------------


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


# --- Commands --------------------------------------------------------------------------------------------------------


@cli.command(short_help="Diagnose captures: who failed to reach whom, why, what to do.", epilog=EXIT_STATUS)
@selection
@click.option(
    "--cookie-file",
    "cookie_files",
    type=click.Path(),
    multiple=True,
    metavar="FILE",
    help="A cookie to compare digests with (repeatable); it is never shown or stored.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Write the report to FILE as well (repeatable); its suffix says how: .txt, .json.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Format on standard output [default: text].")
@click.option("-q", "--quiet", is_flag=True, help="Only one line for each problem; no progress.")
@click.pass_context
def analyze(
    ctx: click.Context,
    /,
    captures: tuple[str, ...],
    outputs: tuple[str, ...],
    format_: str | None,
    quiet: bool,
    no_color: bool,
    keep_digests: bool,
    **selected: Any,
) -> None:
    """Diagnose captures: which node failed to reach which, at which step, why, and what to change.

    CAPTURE is a file (pcap or pcapng, also compressed), a folder, a pattern, or - for standard input.  All together
    tell one story: rotated files in any order, captures of both ends.  From standard input each verdict is printed as
    it falls.  Ctrl-C ends the reading: what is known by then is reported, and decides the exit status.

    \b
    Examples:
      distscope analyze incident.pcap
      distscope analyze node1.pcap node2.pcap --cookie-file ~/.erlang.cookie
      distscope analyze 'trace.pcap*' --since 15:10 --until 15:20 -o report.json
      tcpdump -i any -s 0 -U -w - | distscope analyze -
    """
    from analyzer import pipeline
    from analyzer.arguments import options_of
    from analyzer.findings import Outcome
    from analyzer.report import Look, format_of, render, terminal, view
    from analyzer.report.output import check_writable, emit, look_of_terminal, write
    from analyzer.report.progress import progress

    name = format_ or "text"
    files = [(path, format_of(path, format_)) for path in outputs]
    for path in outputs:
        check_writable(path, captures)
    options = options_of(captures, **selected)
    look = look_of_terminal(color=not no_color)
    live = "-" in captures and name == "text"
    told: set[int] = set()

    def announce(diagnosis: Diagnosis) -> None:
        if diagnosis.outcome is Outcome.PROBLEM or not quiet:
            told.add(id(diagnosis.attempt))
            emit(terminal.verdict_line(view.attempt_view(diagnosis, ""), look) + "\n", flush=True)

    with _opened(captures) as source:
        with progress(not quiet and not (live and sys.stdout.isatty())) as listener:
            analysis = pipeline.analyze(source, options, on_progress=listener, on_verdict=announce if live else None)
        document = view.build(analysis, keep_digests=keep_digests)
        for path, how in files:
            write(path, render(document, how, Look()))
        if not quiet or name != "text":
            emit(("\n" if told else "") + render(document, name, look))
        elif live:  # those that only the end of the input has settled
            for diagnosis in analysis.diagnoses:
                if id(diagnosis.attempt) not in told:
                    announce(diagnosis)
        else:
            emit("".join(f"{line}\n" for line in terminal.problem_lines(document)))
        _finish(ctx, source, PROBLEMS if document.counts[Outcome.PROBLEM] else 0)


@cli.command(short_help="List every EPMD, handshake and TLS message.")
@selection
@click.option("-V", "--verbose", is_flag=True, help="All fields of each message.")
@click.pass_context
def decode(
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
    with _opened(captures) as source:
        several = len(source.captures) > 1
        for message in pipeline.decode(source, options):
            lines = [listing.line(message.event, message.source, message.destination, several=several)]
            if verbose:
                lines += listing.details(message.event, keep_digests=keep_digests)
            if not emit("".join(f"{line}\n" for line in lines), flush="-" in captures):
                break
        _finish(ctx, source, 0)


@cli.command()
@click.argument("verdict", metavar="SLUG-OR-CODE")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="[default: text]")
@click.option("--no-color", is_flag=True, help="No colour.")
def explain(verdict: str, format_: str, no_color: bool) -> None:
    """What a verdict means, how to confirm it, and how to fix it.

    \b
    Examples:
      distscope explain cookie-mismatch
      distscope explain HSK013
    """
    from analyzer import rules
    from analyzer.report import handbook
    from analyzer.report.output import emit, look_of_terminal

    rule = rules.find_rule(verdict)
    if rule is None:
        raise click.UsageError(handbook.unknown(verdict, rules.all_rules()))
    entry = handbook.entry_of(rule)
    emit(handbook.as_json([entry]) if format_ == "json" else handbook.page(entry, look_of_terminal(color=not no_color)))


@cli.command("rules")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="[default: text]")
@click.option("--no-color", is_flag=True, help="No colour.")
def list_rules(format_: str, no_color: bool) -> None:
    """All verdicts and advice that distscope knows.

    \b
    Examples:
      distscope rules
      distscope rules --format json
    """
    from analyzer import rules
    from analyzer.report import handbook
    from analyzer.report.output import emit, look_of_terminal

    entries = list(map(handbook.entry_of, rules.all_rules()))
    look = look_of_terminal(color=not no_color)
    emit(handbook.as_json(entries) if format_ == "json" else handbook.table(entries, look))


# --- What they share -------------------------------------------------------------------------------------------------


def _opened(captures: Sequence[str]) -> Source:
    from analyzer.capture import open_source

    return open_source(captures, stdin=sys.stdin.buffer)


def _finish(ctx: click.Context, source: Source, status: int) -> NoReturn:
    """Tell what could not be read, and end with ``status`` if that was nothing."""
    from analyzer.report.output import finish

    finish()
    for error in source.errors:
        complain(error)
    ctx.exit(UNUSABLE if source.errors else status)


def complain(error: DistscopeError) -> None:
    click.echo(f"distscope: {error}", err=True)
