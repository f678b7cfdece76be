"""A node registered its name and port in EPMD, as it should.

What happens:
    A starting node tells EPMD its name and port (ALIVE2_REQ). EPMD answers with result 0 and a creation number. The
    connection stays open: it is the registration.

Why:
    Every node that accepts connections registers once, at start. Nodes started with `-dist_listen false`, with
    `-erl_epmd_port`, or with a dynamic name (`-sname undefined`) do not register.

How to confirm:
    `epmd -names` on the host lists the name and its port.

    In the capture the answer is `76 00` and four bytes of creation, or `79 00` and two bytes (OTP 22 and earlier on
    either side).

    The creation shows restarts: EPMD of OTP 23 or later starts it from the clock and adds one with each
    registration of the same name. Many registrations in a short time mean that the node restarts again and again.

    The node is unregistered as soon as this connection ends, by FIN, by RST, or by any extra byte sent on it.

How to fix:
    Nothing needs fixing. If nodes cannot reach this one later, compare the registered port with the port that they
    dial, and look whether this connection was closed in between.

Seen in:
    All OTP releases; the answer with a 32-bit creation since OTP 23.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.surroundings import Surroundings
from dissectors import epmd

RULE = Rule(
    id="REG002",
    name="registered",
    stage=Stage.LOOKUP,
    outcome=Outcome.OK,
    severity=Severity.INFO,
    needs=(events.EpmdAnswered,),
    at=(Stage.LOOKUP, Stage.TCP),
    says="{initiator} registered as {name} with port {port} in the EPMD of {acceptor}",
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    asked, answered = attempt.first(events.EpmdAsked), attempt.first(events.EpmdAnswered)
    if answered is None or not isinstance(answered.message, epmd.Alive2Resp | epmd.Alive2XResp | epmd.AliveResp):
        return
    if not isinstance(answered.message, epmd.AliveResp) and answered.message.result != 0:
        return
    port = asked.message.port if asked and isinstance(asked.message, epmd.Alive2Req | epmd.AliveReq) else None
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"EPMD accepted the registration, creation {answered.message.creation}",
        evidence=[show(asked, "the registration"), show(answered, "accepted")],
        detail={"name": attempt.called_name, "port": port, "creation": answered.message.creation},
        name=attempt.called_name or "a name that the capture does not show",
        port=port or "unknown",
    )
