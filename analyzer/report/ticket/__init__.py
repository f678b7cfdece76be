"""Document → a comment for a ticket, in the flavour of markup that the tracker understands.

::

    prose       a sentence           -> what is plain in it, and what has to stand as code
    flavour     what a markup must be able to do
    markdown    for GitHub and GitLab
    jira        Jira's wiki markup
    mermaid     an attempt's steps   -> a sequence diagram
    layout      one case, nodes, captures -> blocks of markup
    comment     blocks               -> the comment, within the length that the tracker takes
"""

from __future__ import annotations

from analyzer.report.document import Document
from analyzer.report.ticket.comment import compose
from analyzer.report.ticket.flavour import Flavour
from analyzer.report.ticket.jira import Jira
from analyzer.report.ticket.markdown import GitHub, GitLab

__all__ = ["FLAVOURS", "Flavour", "render"]

FLAVOURS: dict[str, Flavour] = {"github": GitHub(), "gitlab": GitLab(), "jira": Jira()}
"""By the name that ``--flavour`` takes."""


def render(document: Document, flavour: str = "github", *, limit: int | None = None) -> str:
    """The comment in the flavour of that name, no longer than ``limit`` characters, or than its tracker takes."""
    return compose(document, FLAVOURS[flavour], limit)
