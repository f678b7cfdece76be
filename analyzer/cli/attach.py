"""``distscope attach``: finished reports → a comment and files on the ticket of an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from analyzer.cli.ending import UNUSABLE, complain

if TYPE_CHECKING:
    from analyzer.attach.parcel import Parcel
    from analyzer.attach.target import Target
    from analyzer.report import Document

EXIT_STATUS = """\b
Exit status:
  0  it is on the ticket
  2  the command line is wrong
  3  it is not: the network, the credentials, a right, a file; the files stay"""


@click.command("attach", short_help="Put reports on the ticket of an incident.", epilog=EXIT_STATUS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="TRACKER:KEY",
    help="The ticket: rt:4711, jira:OPS-17, gitlab:group/project#12, github:owner/repo#12, redmine:1234.",
)
@click.option(
    "--new", "anew", is_flag=True, help="As a comment of its own, even where an earlier one could be updated."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent; ask nobody, send nothing.")
def command(files: tuple[str, ...], target: str, anew: bool, dry_run: bool) -> None:
    """Put reports on the ticket of an incident: a comment that sums them up, and the files.

    Run again, it updates its comment, or writes one that supersedes it, and sends only files that are new or have
    changed.  Server and credentials come from the environment or the system's keyring, never from the command line:
    docs/attach.md has the names.

    \b
    Examples:
      distscope attach report.html evidence.pcapng --to rt:4711
      distscope attach report.json report.html --to gitlab:infra/rabbitmq#12
      distscope attach report.md --to github:example/ops#3 --dry-run
    """
    from analyzer.attach import files as uploads
    from analyzer.attach import parcel
    from analyzer.attach import target as targets
    from analyzer.report.output import emit, finish

    emit(sent(parcel.of_files(uploads.read(files)), targets.parse(target), anew=anew, dry_run=dry_run))
    finish()


def sent(parcel: Parcel, target: Target, *, anew: bool = False, dry_run: bool = False) -> str:
    """Deliver it, and say what was done; with ``dry_run`` what would be.  Raises DistscopeError."""
    from analyzer.attach.credentials import account_for
    from analyzer.attach.delivery import deliver
    from analyzer.attach.receipt import preview, receipt

    if dry_run:
        return preview(parcel, target)
    return receipt(target, deliver(parcel, target, account_for(target.tracker), anew=anew))


def known_ticket(text: str | None, *, dry_run: bool) -> Target | None:
    """What ``analyze --attach`` names, before the work is done rather than after it.  Raises DistscopeError."""
    if text is None:
        if dry_run:
            raise click.UsageError("--dry-run is about --attach: without it nothing is sent")
        return None
    from analyzer.attach.target import parse

    return parse(text)


def attach_report(document: Document, outputs: tuple[str, ...], target: Target, status: int, *, dry_run: bool) -> int:
    """Put a report that was just made on a ticket, with its files; the exit status, which is ``status`` if that worked.

    What is told of it goes to standard error: standard output may be a report for a machine."""
    from analyzer.attach import files, parcel
    from analyzer.errors import DistscopeError

    try:
        said = sent(parcel.of_document(document, files.read(outputs)), target, dry_run=dry_run)
    except DistscopeError as error:
        complain(error)
        return UNUSABLE
    click.echo(said, err=True, nl=False)
    return status
