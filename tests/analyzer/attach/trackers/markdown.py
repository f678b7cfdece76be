"""A comment in Markdown, read by a Markdown parser: what in it is markup."""

from __future__ import annotations

from markdown_it import MarkdownIt

from analyzer.attach.comment import mark_in
from tests.analyzer.attach.hostile import HOSTILE_NAMES


def check_only_text(comment: str) -> None:
    """One block of code with all the names in it, then nothing but the mark, which nobody sees."""
    parser = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    code, hidden = parser.parse(comment)
    assert (code.type, hidden.type) == ("fence", "html_block")
    assert code.content == "".join(f"{name} calls {name}\n" for name in HOSTILE_NAMES)
    assert hidden.content.strip() == f"<!-- {mark_in(comment)} -->"
