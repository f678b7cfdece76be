"""The nodes are connected.

What happens:
    The handshake is complete, and the link is still alive when the capture ends.

Why:
    Names, capabilities and cookies fit, or data flows, which cannot happen without that. If the capture begins in
    the middle of the link, the handshake itself is not in it.

How to confirm:
    `nodes(connected).` in the console of either side lists the other one. `rabbitmqctl cluster_status`,
    `ejabberdctl list_cluster`, `emqx ctl cluster status` and CouchDB's `/_membership` show the same for the
    product.

    In the capture: frames with a 4-byte length in both directions after the ack. An idle link carries ticks, four
    zero bytes every net_ticktime/4 (15 s by default).

    If the product still says that the node is down, the problem lies above the distribution.

How to fix:
    Nothing needs fixing at this level.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.lifetime import shook_hands, silent_side
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="LNK002",
    name="connected",
    stage=Stage.CONNECTED,
    outcome=Outcome.OK,
    severity=Severity.INFO,
    at=(Stage.ACK, Stage.CONNECTED),
    says="{initiator} and {acceptor} are connected",
    references=("https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None or attempt.stage not in (Stage.ACK, Stage.CONNECTED) or link.end is not None:
        return
    if silent_side(attempt) is not None:
        return
    proof = attempt.first(events.AckSent) or attempt.first(events.DataStarted) or attempt.first(events.Ticked)
    if proof is None:
        return
    midstream = attempt.first(events.NameSent) is None
    seen = shook_hands(attempt)
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if seen else Certainty.LIKELY,
        alternatives=()
        if seen
        else ("the part of the handshake that the capture lacks had a problem, which was overcome",),
        why="the link was up when the capture began and is when it ends"
        if midstream
        else "the handshake is complete, and the link is up when the capture ends",
        evidence=[
            show(attempt.first(events.NameSent), "send_name"),
            show(proof, "challenge ack" if isinstance(proof, events.AckSent) else "distribution traffic"),
        ],
    )
