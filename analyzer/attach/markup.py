"""Text, files and marks → the markup of a tracker, in which nothing of a capture means anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

from analyzer.attach.files import Upload


class Markup(Enum):
    """How a tracker shows the text of a comment."""

    GITHUB = "github"
    GITLAB = "gitlab"
    JIRA = "jira"
    PREFORMATTED = "pre"
    """Whatever else it understands, ``<pre>`` stands for a block of plain text."""
    PLAIN = "plain"
    """As it is, line for line."""


def file_line(file: Upload, markup: Markup, link: str | None, attached: bool) -> str:
    """An item of a list: a file, with what tells it from others of its name."""
    return _FILE_LINES[markup](file, link, attached)


def hidden(mark: str, markup: Markup) -> str:
    """``mark`` out of sight where there is a way; it stands on a line of its own."""
    return f"<!-- {mark} -->" if markup in (Markup.GITHUB, Markup.GITLAB) else mark


def literal(text: str, markup: Markup) -> str:
    """``text`` as a block in which nothing is markup, whatever it holds."""
    return _LITERAL[markup](text.rstrip("\n"))


def _fenced(text: str) -> str:
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _noformat(text: str) -> str:
    """Only its own end can end it: a space takes the meaning from every brace that begins a macro."""
    return "{noformat}\n" + re.sub(r"\{(?=noformat)", "{ ", text, flags=re.IGNORECASE) + "\n{noformat}"


def _pre(text: str) -> str:
    """Textile shows what is in it as it is, Markdown takes it for HTML: without ``<`` both see the same."""
    return f"<pre>\n{text.replace('<', '‹')}\n</pre>"


def _as_it_is(text: str) -> str:
    return text


_LITERAL: dict[Markup, Callable[[str], str]] = {
    Markup.GITHUB: _fenced,
    Markup.GITLAB: _fenced,
    Markup.JIRA: _noformat,
    Markup.PREFORMATTED: _pre,
    Markup.PLAIN: _as_it_is,
}


def _markdown_line(file: Upload, link: str | None, _: bool) -> str:
    name = f"[`{file.name}`]({link})" if link else f"`{file.name}`"
    return f"- {name}, {file.size:,} bytes, SHA-256 `{file.sha256}`"


def _jira_line(file: Upload, _: str | None, attached: bool) -> str:
    return f"* {f'[^{file.name}]' if attached else file.name}, {file.size:,} bytes, SHA-256 {{{{{file.sha256}}}}}"


def _plain_line(file: Upload, _: str | None, __: bool) -> str:
    return f"* {file.name}, {file.size:,} bytes, SHA-256 {file.sha256}"


_FILE_LINES: dict[Markup, Callable[[Upload, str | None, bool], str]] = {
    Markup.GITHUB: _markdown_line,
    Markup.GITLAB: _markdown_line,
    Markup.JIRA: _jira_line,
    Markup.PREFORMATTED: _plain_line,
    Markup.PLAIN: _plain_line,
}
