"""Diagnosis, notice → a few lines for people who are not looking at a terminal.

Chat services find links, mentions and markup in anything.  Names and text from the wire come out in letters, digits and
the punctuation that none of them gives a meaning, so that they mean nothing anywhere; the rest is ours, and the
library that sends it escapes it for HTML and Markdown.
"""

from __future__ import annotations

import re

from analyzer.errors import printable
from analyzer.findings import Diagnosis
from analyzer.report import times, view
from analyzer.report.wording import counted
from analyzer.service.incidents import Change, Notice
from dissectors.dataclass import dataclass

LONGEST = 300
"""Characters of what comes from the wire, in one place."""
_MARKUP = re.compile(r"(?!\\[xu][0-9a-f]{2})[^\w\s.,;:@/()→…'\"%=+?!-]|(?<=:)/(?=/)")
_MENTION = re.compile(r"@(?=(?:everyone|here|channel|all|room)\b)", re.IGNORECASE)
_APART = "@\u2060"
"""Looks like an @ and calls nobody."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message says of an incident, harmless."""

    verdict: str
    certainty: str
    who: str
    says: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Message:
    """To be sent as plain text."""

    title: str
    body: str
    good: bool


def facts_of(diagnosis: Diagnosis) -> Facts:
    """Of the attempt that is the first of its incident."""
    shown = view.attempt_view(diagnosis, "")
    finding = shown.finding
    return Facts(
        verdict=diagnosis.verdict,
        certainty=shown.certainty,
        who=harmless(shown.who),
        says=harmless(finding.says) if finding else "",
        why=harmless(finding.why) if finding else "",
        fix=finding.fix[0] if finding and finding.fix else "",
    )


def harmless(text: str) -> str:
    r"""``text`` with everything that some chat service could take for markup written as ``\x2a``."""
    text = printable(text).replace("`", "'")
    text = _MARKUP.sub(lambda found: "".join(f"\\x{ord(each):02x}" for each in found[0]), text)
    return _MENTION.sub(_APART, text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def message_of(notice: Notice[Facts], host: str) -> Message:
    """What ``host`` has seen."""
    facts = notice.facts
    lines = [_HAPPENED[notice.change].format(times=counted(notice.failures, "time"))]
    good = notice.change in (Change.RECOVERED, Change.FAILED_MEANWHILE)
    if notice.change is Change.RECOVERED and notice.failures:
        lines = [f"They connect again, after {counted(notice.failures, 'more failure')}."]
    if not good:
        lines += [facts.says, f"Why: {facts.why}" if facts.why else "", f"Fix: {facts.fix}" if facts.fix else ""]
    often = f", {notice.in_all:,} in all" if notice.in_all > 1 else ""
    lines.append(f"Latest failure: {times.stamp(notice.last_at, 0)} UTC{often}; seen on {harmless(host)}.")
    if not good:
        lines.append(f"More: distscope explain {facts.verdict}")
    if notice.last_of_hour:
        lines.append("That was the last notification for now: there were too many within an hour. Others will follow.")
    mark = "OK" if good else "PROBLEM"
    return Message(f"{mark} {facts.verdict}: {facts.who}", "\n".join(filter(None, lines)), good)


_HAPPENED = {
    Change.FAILS: "",
    Change.STILL_FAILS: "It failed {times} more.",
    Change.FAILED_MEANWHILE: "It failed {times} more meanwhile, and they connect again.",
    Change.RECOVERED: "They connect again.",
}
