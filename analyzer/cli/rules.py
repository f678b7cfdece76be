"""``distscope rules``: all verdicts and advice, a line each."""

from __future__ import annotations

import click

from analyzer.cli.options import FORMATS, no_color


@click.command("rules")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="[default: text]")
@no_color
def command(format_: str, no_color: bool) -> None:
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
