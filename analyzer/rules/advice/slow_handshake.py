"""The handshake succeeded, but took a large part of the time that it is allowed.

What happens:
    The steps of the handshake took seconds. Each side allows 7 seconds for a step by default (net_setuptime).

Why:
    A long round trip, lost packets, a slow name lookup, a slow TLS start, or a node that is busy. A little more of
    the same and the connection fails as handshake-timeout.

How to confirm:
    The timeline shows between which two messages the time went. If TCP acknowledges at once and the next message is
    late, the node is slow. If acknowledgements are late too, the path is slow. Retransmissions mean loss.

    The first TLS connection after a start takes 0.3 s or more; that is normal.

How to fix:
    Look at the slow side or path before it fails. On paths that are long by nature raise net_setuptime.

Seen in:
    Any release.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.ending import NET_SETUPTIME, SECOND, seconds
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="ADV003",
    name="slow-handshake",
    stage=None,
    outcome=None,
    severity=Severity.WARNING,
    needs=(events.AckSent,),
    says="The handshake between {initiator} and {acceptor} took {seconds} s: close to the limit at which it fails",
    fix=(
        Fix("Find the slow step in the timeline: a late ACK is the path, a late message after an ACK is the node."),
        Fix("On long paths start both nodes with `-kernel net_setuptime 20` (at most 120)."),
    ),
    references=("https://www.erlang.org/doc/apps/kernel/kernel_app.html",),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    acked, link = attempt.first(events.AckSent), attempt.link
    if acked is None or link is None or link.first_dial is None:
        return
    took = acked.packet.at - link.first_dial.packet.at
    if took < SLOW:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"from the SYN to the challenge ack it took {seconds(took)}; the default limit is"
        f" {seconds(NET_SETUPTIME)} for a step",
        evidence=[show(link.first_dial, "SYN"), show(acked, "challenge ack")],
        seconds=f"{took / SECOND:.1f}",
    )


SLOW = 3 * SECOND
"""Nearly half of the default net_setuptime."""
