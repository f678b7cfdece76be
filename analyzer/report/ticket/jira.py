"""Blocks of a comment → Jira's wiki markup, as Data Center renders it and Cloud converts it.

Both take a backslash before the same marks.  Neither has a way to write a bar in a table cell or a backslash before a
mark that both understand, so characters that look like them stand for these two: no name that a node can have in
earnest holds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from analyzer.report.ticket.flavour import Flavour

_MARK = re.compile(r"[-#*_+?^~%{}\[\]()!@]")
"""What a backslash takes the meaning from."""
_MARK_BETWEEN_WORDS = re.compile(r"[+?()!%]|(?<![^\W_])-|-(?![^\W_])")
_BACKSLASH_THAT_BITES = re.compile(r"\\(?=[-#*_+?^~%{}\[\]()!@|\\]|$)")
_SCHEME = re.compile(r"(?i)\b(https?|ftp|irc|mailto|news|nntp|file|jamfselfservice):")
_FACE = re.compile(r"([:;])(?=[DPp|(])")
"""Becomes an emoticon."""
_MACRO_END = re.compile(r"(?i)\{(?=noformat)")
_URL = re.compile(r"https://[\w./#%?=&+~:-]+", re.ASCII)
_APART = "\u200b"
"""A space without width: keeps apart what would be a link."""


class Jira(Flavour):
    """https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all"""

    limit = 32_767

    def plain(self, words: str) -> str:
        return _MARK_BETWEEN_WORDS.sub(r"\\\g<0>", words)

    def code(self, text: str) -> str:
        """Monospaced; what holds a brace, the mark of monospaced text, is only escaped."""
        text = _BACKSLASH_THAT_BITES.sub("∖", text).replace("|", "¦")
        text = _FACE.sub(rf"\1{_APART}", _SCHEME.sub(rf"\1:{_APART}", text))
        escaped = _MARK.sub(r"\\\g<0>", text)
        return escaped if re.search(r"[{}]|^\s|\s$", text) or not text else f"{{{{{escaped}}}}}"

    def strong(self, words: str) -> str:
        return f"*{self.plain(words)}*"

    def link(self, url: str) -> str:
        return f"[{url}]" if _URL.fullmatch(url) else self.code(url)

    def heading(self, inline: str) -> str:
        return f"h3. {inline}\n"

    def bullets(self, items: Iterable[str]) -> str:
        return "".join(f"* {item}\n" for item in items)

    def numbered(self, items: Iterable[str]) -> str:
        return "".join(f"# {item}\n" for item in items)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        lines = [f"||{'||'.join(head)}||", *(f"|{'|'.join(cell or ' ' for cell in row)}|" for row in rows)]
        return "".join(f"{line}\n" for line in lines)

    def verbatim(self, lines: Iterable[str]) -> str:
        text = "".join(f"{_MACRO_END.sub('{ ', line)}\n" for line in lines)
        return f"{{noformat}}\n{text}{{noformat}}\n"

    def folded(self, title: str, body: str) -> str:
        """Jira folds nothing, and Cloud allows neither tables nor preformatted text in a panel: a smaller heading."""
        return f"h4. {title}\n\n{body}"

    def diagram(self, source: str) -> str:
        return ""
