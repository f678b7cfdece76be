"""The link was closed because the same node connected anew.

What happens:
    A node that is connected already connects again under the same name. The acceptor asks (status `alive`), the
    initiator insists, and the acceptor closes the old link as the new one proves its cookie.

Why:
    The node restarted, or lost the old link, before the acceptor noticed. Since OTP 25 the new connection replaces
    the old one. Up to OTP 24 it would have had to wait, and would have failed (duplicate-name).

How to confirm:
    Expect no log by default. The acceptor prints `wait_pending` for the old link after `net_kernel:verbose(1)`.

    In the capture: FIN on the old connection between the challenge reply and the ack of the new one.

    One replacement is a restart. Replacements to and fro, from different addresses, are two nodes with one name
    that throw each other out: see duplicate-name.

How to fix:
    Nothing needs fixing after a restart. If it repeats, give the nodes different names.

Seen in:
    Acceptors of OTP 25 and later.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.lifetime import superseding
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="LNK004",
    name="superseded-connection",
    stage=Stage.ENDED,
    outcome=Outcome.OK,
    severity=Severity.INFO,
    at=(Stage.ENDED,),
    says="The old link between {initiator} and {acceptor} was closed because the same node connected anew",
    fix=(
        Fix(
            "If this repeats and the new connections come from different addresses, two nodes share one name: "
            "rename one of them.",
        ),
    ),
    references=("https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    newer = superseding(attempt, around)
    link = attempt.link
    if newer is None or link is None:
        return
    alive = next((status for status in newer.all(events.StatusSent) if status.text == "alive"), None)
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"a new connection of {attempt.label(Side.INITIATOR)} to the same acceptor was answered alive and went"
        " through; the acceptor then dropped this one",
        evidence=[
            show(alive, "status alive on the new connection"),
            show(newer.first(events.ReplySent), "the new connection passes the challenge"),
            show(link.end, "this connection is closed"),
        ],
        detail={"superseded_by_port": newer.initiator.port},
    )
