"""Blocks of a comment → GitHub Flavored Markdown, which GitLab understands, too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from analyzer.report.ticket.flavour import Flavour

_URL = re.compile(r"https://[\w./#%?=&+~:-]+", re.ASCII)
_BACKQUOTES = re.compile("`+")


class GitHub(Flavour):
    """https://github.github.com/gfm/"""

    limit = 65_536

    def plain(self, words: str) -> str:
        return words

    def code(self, text: str) -> str:
        """As a code span; as HTML with every mark as a reference where a span could be left or a table cell split."""
        if re.search(r"[`|\\]|^\s|\s$", text) or not text:
            return f"<code>{''.join(map(_reference, text))}</code>"
        return f"`{text}`"

    def strong(self, words: str) -> str:
        return f"**{words}**"

    def link(self, url: str) -> str:
        return f"<{url}>" if _URL.fullmatch(url) else self.code(url)

    def heading(self, inline: str) -> str:
        return f"### {inline}\n"

    def bullets(self, items: Iterable[str]) -> str:
        return "".join(f"- {item}\n" for item in items)

    def numbered(self, items: Iterable[str]) -> str:
        return "".join(f"{number}. {item}\n" for number, item in enumerate(items, 1))

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rows))

    def verbatim(self, lines: Iterable[str]) -> str:
        return _fenced("text", "".join(f"{line}\n" for line in lines))

    def folded(self, title: str, body: str) -> str:
        return f"<details>\n<summary>{title}</summary>\n\n{body}\n</details>\n"

    def diagram(self, source: str) -> str:
        return _fenced("mermaid", source)


class GitLab(GitHub):
    """https://docs.gitlab.com/user/markdown/: the same marks, and longer comments."""

    limit = 1_000_000


def _fenced(language: str, text: str) -> str:
    longest = max((len(found[0]) for found in _BACKQUOTES.finditer(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}{fence}\n"


def _reference(character: str) -> str:
    """A character reference is never a mark."""
    return character if character.isalnum() else f"&#{ord(character)};"
