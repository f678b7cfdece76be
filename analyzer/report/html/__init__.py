"""Document → one HTML page that needs nothing else: no network, no font, no library; for tickets, e-mail and paper.

::

    page      Document              -> the page: what templates/ lays out, under a policy that forbids everything else
    case      Case                  -> its heading, facts, proof, fixes
    stages    Case                  -> how far the attempt got, step by step
    ladder    Case                  -> the diagram of who said what to whom, and where it broke
    mesh      Document              -> who reached whom
    strip     Document              -> when
    shapes    lines, text           -> what a diagram is drawn with; text in lines that fit
    prose     text with `code`      -> its pieces, commands told apart
"""

from __future__ import annotations

from analyzer.report.html.page import render

__all__ = ["render"]
