"""``distscope analyze``: captures → verdicts."""

from __future__ import annotations

import sys
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.attach import attach_report, known_ticket
from analyzer.cli.ending import EXIT_STATUS, PROBLEMS, finish, opened
from analyzer.cli.options import FORMATS, cookie_files, flavour, redaction, redactor_of, report_files, selection

if TYPE_CHECKING:
    from analyzer.findings import Diagnosis


@click.command(
    "analyze", short_help="Diagnose captures: who failed to reach whom, why, what to do.", epilog=EXIT_STATUS
)
@selection
@cookie_files
@report_files("Write the report to FILE as well (repeatable); its suffix says how: .txt, .json, .md, .html, .pcapng.")
@click.option(
    "--format",
    "format_",
    type=click.Choice((*FORMATS, "markdown", "html")),
    help="Format on standard output [default: text].",
)
@flavour
@click.option(
    "--attach",
    "ticket",
    metavar="TRACKER:KEY",
    help="Put the report on this ticket, with the files of -o (see distscope attach).",
)
@click.option("--dry-run", is_flag=True, help="With --attach: show what would be sent, send nothing.")
@redaction
@click.option("-q", "--quiet", is_flag=True, help="Only one line for each problem; no progress.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    captures: tuple[str, ...],
    outputs: tuple[str, ...],
    format_: str | None,
    flavour: str,
    ticket: str | None,
    dry_run: bool,
    quiet: bool,
    no_color: bool,
    keep_digests: bool,
    redact: bool,
    redact_map: str | None,
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
      distscope analyze incident.pcap -o comment.md --flavour gitlab
      distscope analyze incident.pcap -o report.json --attach rt:4711
      tcpdump -i any -s 0 -U -w - | distscope analyze -
    """
    from analyzer import pipeline
    from analyzer.arguments import options_of
    from analyzer.findings import Outcome
    from analyzer.report import EVIDENCE, FINGERPRINTED, Look, format_of, pieces, terminal, view
    from analyzer.report.output import check_writable, emit, look_of_terminal, write
    from analyzer.report.progress import progress
    from analyzer.summary import fingerprinted

    name = format_ or "text"
    files = [(path, format_of(path, format_)) for path in outputs]
    for path in (*outputs, *([redact_map] if redact_map else [])):
        check_writable(path, captures)
    target = known_ticket(ticket, dry_run=dry_run)
    options = options_of(captures, **selected)
    look = look_of_terminal(color=not no_color, flavour=flavour)
    redactor = redactor_of(redact_map, asked=redact)
    # What is redacted is known only at the end.
    live = "-" in captures and name == "text" and redactor is None
    told: set[int] = set()
    evidence = None
    if redactor is not None or any(how == EVIDENCE for _, how in files):
        from analyzer.evidence import Evidence

        evidence = Evidence(options.epmd_ports, options.dist_ports, keep_digests=keep_digests, redactor=redactor)

    def announce(diagnosis: Diagnosis) -> None:
        if diagnosis.outcome is Outcome.PROBLEM or not quiet:
            told.add(id(diagnosis.attempt))
            emit(terminal.verdict_line(view.attempt_view(diagnosis, ""), look) + "\n", flush=True)

    with opened(captures) as source:
        with progress(not quiet and not (live and sys.stdout.isatty())) as listener:
            analysis = pipeline.analyze(
                source,
                options,
                on_progress=listener,
                on_verdict=announce if live else None,
                witness=evidence.keeper if evidence is not None else None,
            )
        if FINGERPRINTED & {name, *(how for _, how in files)}:
            analysis = fingerprinted(analysis)
        if evidence is not None and redactor is not None:
            analysis = evidence.redacted(analysis, options)
        if redactor is not None and redact_map is not None:
            from analyzer.redact.mapfile import text_of

            write(redact_map, text_of(redactor), private=True)
        document = view.build(analysis, keep_digests=keep_digests)
        for path, how in files:
            if evidence is not None and how == EVIDENCE:
                write(path, partial(evidence.write, document, analysis), private=keep_digests)
            else:
                write(path, pieces(document, how, Look(flavour=flavour)), private=keep_digests)
        if not quiet or name != "text":
            all(map(emit, chain(["\n"] * bool(told), pieces(document, name, look))))
        elif live:  # those that only the end of the input has settled
            for diagnosis in analysis.diagnoses:
                if id(diagnosis.attempt) not in told:
                    announce(diagnosis)
        else:
            emit("".join(f"{line}\n" for line in terminal.problem_lines(document)))
        status = PROBLEMS if document.counts[Outcome.PROBLEM] else 0
        if target is not None:
            status = attach_report(document, outputs, target, status, dry_run=dry_run)
        finish(ctx, source, status)
