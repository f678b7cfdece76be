"""Both nodes dialled each other at the same time; one of the two connections was dropped on purpose.

What happens:
    Two connections in opposite directions are in their handshake at once. One gets status `nok` or is dropped, the
    other gets `ok_simultaneous` and goes on. The nodes end up with one link.

Why:
    Nodes that start together, or find each other again after an outage, often dial at the same moment. The rule is
    fixed: the connection that was started by the node with the greater name survives.

How to confirm:
    Expect no log. The losing side may print `remarked` or a `shutdown` after `net_kernel:verbose(1)`.

    In the capture: look for the other connection of the same pair, in the opposite direction, at the same time. It
    must reach the ack.

    The initiator of the loser does not react to the close. It stays until its node ends it, or 7 seconds pass. That
    is normal.

    If no connection of the pair completes, look at the other one: its verdict is the problem. A status `nok`
    without another connection can mean that the initiator uses the acceptor's own name.

How to fix:
    Nothing needs fixing, as long as one connection of the pair completes.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.lifetime import broke_later
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="HSK008",
    name="simultaneous-connect",
    stage=Stage.STATUS,
    outcome=Outcome.OK,
    severity=Severity.INFO,
    needs=(events.StatusSent,),
    says=(
        "{initiator} and {acceptor} dialled each other at the same time; one of the two connections was dropped on "
        "purpose"
    ),
    references=("https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    status = next((status for status in attempt.all(events.StatusSent) if status.text in DECIDED), None)
    if status is None or (attempt.first(events.AckSent) is not None and broke_later(attempt, around)):
        # Of a link that came up the way in which it broke is the story.
        return
    other = _opposite(attempt, around)
    survived = attempt.first(events.AckSent) is not None
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if other is not None or status.text == "ok_simultaneous" else Certainty.LIKELY,
        why=f"the acceptor answered {status.text}: both nodes dialled each other at once, and "
        + ("this connection survives" if survived else "the other connection is the one that survives"),
        evidence=[
            show(attempt.first(events.NameSent), "send_name"),
            show(status, f"status {status.text}"),
            show(other.first(events.NameSent), "send_name on the connection in the other direction") if other else None,
        ],
        detail={"status": status.text, "survived": survived},
        alternatives=()
        if other is not None or status.text != "nok"
        else ("the acceptor could not get a connection id, e.g. since the initiator claims the acceptor's own name",),
    )


DECIDED = ("nok", "ok_simultaneous")


def _opposite(attempt: Attempt, around: Surroundings) -> Attempt | None:
    """The connection of the same two nodes in the other direction that overlaps this one in time."""
    meanwhile = around.of_node(attempt.initiator.node, attempt.started_at, attempt.ended_at)
    opposite = (other for other in meanwhile if other.link and other.acceptor.address == attempt.initiator.address)
    return next(opposite, None)
