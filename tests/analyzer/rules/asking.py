"""A told story → what one rule says of it, whatever the others say: a report has the words of the best one only."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.findings import Finding
from analyzer.rules.catalogue import candidates
from analyzer.sessions.endpoints import Ports
from analyzer.sessions.surroundings import Extent, Surroundings
from analyzer.sessions.views import join_views
from dissectors.cookie import CookieJar
from tests.analyzer.sessions.talking import PORT, Clock, attempts


def all_said(
    name: str, *clocks: Clock, cookies: Iterable[bytes] = (), others: int = 1, cut: bool = False
) -> list[Finding]:
    """By the rule ``name``, of all attempts, where it is asked at all.  A capture ends when its clock does.

    ``others``: TCP connections beside EPMD's; ``cut``: the file ends within a packet."""
    story = [event for clock in clocks for event in clock.told]
    found = join_views(attempts(story, Ports(distribution=frozenset({PORT}))))
    extents = {clock.vantage: Extent(clock.told[0].packet.at, clock.now, others, cut) for clock in clocks}
    around = Surroundings(found, extents, CookieJar(cookies))
    return [
        finding
        for attempt in found
        for view in (attempt, *attempt.views)
        for last_resort in (False, True)
        for rule in candidates(view, last_resort=last_resort)
        if rule.name == name
        for finding in rule.run(view, around)
    ]


def said(
    name: str, *clocks: Clock, cookies: Iterable[bytes] = (), others: int = 1, cut: bool = False
) -> Finding | None:
    """The same where it has to be said once, if at all."""
    found = all_said(name, *clocks, cookies=cookies, others=others, cut=cut)
    assert len(found) <= 1
    return found[0] if found else None


def shown(finding: Finding | None) -> list[str]:
    """What its packets show; nothing of no finding."""
    return [] if finding is None else [each.says for each in finding.evidence]
