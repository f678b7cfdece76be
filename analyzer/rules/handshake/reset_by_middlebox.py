"""A device on the path reset the connection: neither of the two ends sent that RST.

What happens:
    The connection is in the middle of its handshake, or up, when a RST arrives. Its TTL, IP identification or
    sequence number does not fit the host that it claims to come from.

Why:
    Firewalls, intrusion prevention, load balancers and service meshes reset connections that they do not want or no
    longer know: by policy, after an idle time, after their own restart or failover, or because they recognise the
    protocol and forbid it. Each end believes that the other one closed.

How to confirm:
    The logs of both sides say only that the connection was closed, e.g. `{recv_status_failed,{error,closed}}` after
    `net_kernel:verbose(1)`.

    Capture on both hosts at the same time. A RST that one side receives and the other never sent is the proof.

    The TTL of the RST tells how far away the sender is: subtract it from the next of 64, 128 or 255. Compare with
    `traceroute`.

    Look for the pair in the logs of firewalls and IPS at that second.

    Look-alikes: an end sends a real RST when it closes with unread data, when its process is killed with unread
    data, or when the host was restarted (connection-reset). A capture on one side with a RST that fits in all
    respects cannot tell.

How to fix:
    Find the device and let it pass the ports of EPMD and distribution, without inspection and with an idle time
    above net_ticktime.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.resets import foreign_resets, not_sent_by
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="HSK016",
    name="reset-by-middlebox",
    stage=None,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.WasReset,),
    says="Something on the path between {initiator} and {acceptor} reset their connection: neither end sent that RST",
    fix=(
        Fix("Capture on both hosts to prove it, then find the device by the TTL of the RST and by its log."),
        Fix(
            "Allow the distribution port in that device and exclude it from inspection (IPS, application control, "
            "service mesh).",
        ),
        Fix("Set its idle timeout for these connections well above net_ticktime (60 s; ticks come every 15 s)."),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.rabbitmq.com/docs/networking",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None:
        return
    for reset in foreign_resets(attempt):
        sure = bool(attempt.views) and not_sent_by(attempt, reset)
        ttl = (
            f"its TTL is {reset.ttl}, other packets of that side arrive with {reset.usual_ttl}"
            if reset.usual_ttl is not None and reset.ttl != reset.usual_ttl
            else "the capture at the end that it claims to be from does not have it"
            if sure
            else "its numbers fit neither end"
        )
        absent = "; the capture nearer to that end does not have it" if sure and reset.ttl != reset.usual_ttl else ""
        yield RULE.finding(
            attempt,
            certainty=Certainty.CERTAIN if sure else Certainty.LIKELY,
            why=f"the RST that claims to be from the {reset.side.value} was not sent by it: {ttl}{absent}",
            evidence=[
                Evidence(link.flows[reset.side].last_data or link.first, "a genuine packet of the connection"),
                show(reset, f"RST in the name of the {reset.side.value}"),
            ],
            detail={"claimed_sender": reset.side.value, "ttl": reset.ttl, "usual_ttl": reset.usual_ttl},
            alternatives=() if sure else ("the route changed in that very moment",),
        )
        return
