"""``distscope explain``: a verdict → its page of the handbook."""

from __future__ import annotations

import click

from analyzer.cli.options import FORMATS, no_color


@click.command("explain")
@click.argument("verdict", metavar="SLUG-OR-CODE")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="[default: text]")
@no_color
def command(verdict: str, format_: str, no_color: bool) -> None:
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
