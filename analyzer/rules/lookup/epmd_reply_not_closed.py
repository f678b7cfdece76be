"""EPMD gave a good answer, but its connection was never closed, so the initiator did not go on.

What happens:
    EPMD answers with the port of the node. EPMD should close the connection right after that. The close (FIN) does
    not reach the initiator. The initiator waits, gives up after 7 seconds and never dials the node.

Why:
    The answer of EPMD has no length: its end is the end of the connection. Erlang nodes read until EPMD closes, and
    dial only then. The FIN gets lost where something ends the TCP connection and opens its own: a proxy that keeps
    half-open connections, a load balancer, a NAT or a connection tracker that drops the FIN. A program that
    imitates EPMD may forget to close, too.

How to confirm:
    Expect no log on either side. After `net_kernel:verbose(1)` the initiator prints `setup_timer_timeout`.

    Compare with the host itself: there, `epmd -names` returns at once. From the initiator,
    `erl -noshell -eval 'io:format("~p~n", [erl_epmd:port_please("NAME", "HOST")]), halt().'` hangs.

    In the capture: `77 00`, port, name; no FIN from EPMD; FIN of the initiator 7.0 s after its start; no SYN to the
    distribution port. Capture at EPMD's host as well: if a FIN leaves there, the network loses it.

    Look-alike: if both sides closed and still no SYN follows, it is no-dial-after-lookup.

How to fix:
    Take the proxy out of the path of port 4369, or set it to pass on half-closed connections. Direct TCP is what
    Erlang expects.

Seen in:
    All OTP releases wait for the close of EPMD.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import MILLISECOND, SECOND, ending_of, seconds
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="LKP005",
    name="epmd-reply-not-closed",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.EpmdAnswered,),
    at=(Stage.LOOKUP,),
    says="The EPMD of {acceptor} answered {initiator} but never closed the connection, and {initiator} waited in vain",
    fix=(
        Fix("Let nodes reach TCP 4369 of each other directly, without a proxy, load balancer or service mesh."),
        Fix(
            "If a proxy has to stay, let it forward the FIN of the server at once; check its setting for "
            "half-closed connections.",
        ),
        Fix("If the node uses its own EPMD replacement, make that close the connection after each PORT2_RESP."),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    lookup = attempt.epmd
    answered = attempt.first(events.EpmdAnswered)
    if lookup is None or attempt.link is not None or attempt.port2_resp is None or answered is None:
        return
    ending = ending_of(attempt, lookup)
    waited = (ending.closing.packet.at if ending else around.capture_ends(attempt)) - answered.packet.at
    asked = attempt.first(events.EpmdAsked)
    if ending is not None and ending.side is Side.ACCEPTOR:
        return
    # An answer that comes after the initiator gave up is a slow path, not a missing FIN.
    if waited < SECOND or asked is None:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY if attempt.qualities else Certainty.CERTAIN,
        why=f"EPMD's answer is good, but its FIN never came; an initiator dials only after that FIN, and"
        f" {'gave up' if ending else 'still waits'} after {seconds(waited)}",
        evidence=[
            show(answered, f"EPMD answers: port {attempt.port2_resp.port}"),
            show(ending.closing, f"the initiator closes, {seconds(waited)} after the answer") if ending else None,
        ],
        detail={"waited_ms": waited // MILLISECOND},
    )
