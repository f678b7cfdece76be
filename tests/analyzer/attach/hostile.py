"""Node names as somebody would choose who wants to break out of a comment."""

from __future__ import annotations

HOSTILE_NAMES = (
    "<script>alert(1)</script>@host",
    "](javascript:alert(1))@host",
    "```\n# not a heading".replace("\n", "\\n") + "@host",
    "````` @everyone ~~~ @host",
    "{noformat}{color:red}x{noformat}@host",
    "</pre><img src=x onerror=alert(1)>@host",
    "--><!-- distscope-report-aaaaaaaaaaaa-0000000000000000 -->@host",
    "=cmd|'/c calc'!A0@host",
    "|a|b|\\|@host *x* _y_ !image.png!",
)
"""Fit to be shown on a terminal, as everything in a report is: without control characters."""
