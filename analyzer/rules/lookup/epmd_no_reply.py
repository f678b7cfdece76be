"""EPMD's port accepts the connection and takes the question, but gives no answer.

What happens:
    The TCP connection to the EPMD port opens. The initiator asks for the port of the other node. Then either
    nothing comes until the initiator gives up after 7 seconds, or the connection is closed or reset without an
    answer. The node itself is never dialled.

Why:
    Closed at once: what accepted the connection is not EPMD, but a proxy, a sidecar or a load balancer without a
    backend; or it is an EPMD that did not like the request. EPMD never says "bad request". It closes.

    Silence: EPMD hangs (stopped, starved, out of file descriptors), and the kernel accepts for it; or a proxy holds
    the connection.

How to confirm:
    Expect no log on either side. After `net_kernel:verbose(1)` the initiator prints `setup_timer_timeout` in the
    silent case.

    On the called host run `epmd -names`. If it answers there and not from outside, something sits between. If it
    hangs, look at EPMD: `ps -o pid,stat,cmd -C epmd` (T is stopped, D waits for a disk) and
    `ls /proc/PID/fd | wc -l`.

    In Kubernetes, look whether a sidecar takes port 4369
    (`kubectl get pod POD -o jsonpath='{.spec.containers[*].name}'`).

    In the capture: the request (`7a` and the name) is acknowledged by TCP, and no byte comes back.

    Look-alikes: bytes that are not EPMD's are epmd-not-epmd. A full answer without FIN is epmd-reply-not-closed. On
    a network with a round trip of a second, a short net_setuptime can end the lookup as well (handshake-timeout).

How to fix:
    Take proxies out of the path of port 4369, or restart a hung EPMD. When EPMD is restarted, nodes of OTP 24 and
    later register again by themselves, RabbitMQ nodes in every release. Older nodes must be restarted.

Seen in:
    All OTP releases. istio/istio#5989 and #6029 (sidecar takes 4369), hung EPMD in virtual machines.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.ending import PATIENCE, ending_of, is_slow_path, seconds
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Problem, Side

RULE = Rule(
    id="LKP003",
    name="epmd-no-reply",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    says="The EPMD port of {acceptor} took the question of {initiator} and gave no answer",
    fix=(
        Fix(
            "Ask on the called host itself with `epmd -names`: if that works, look for a proxy, sidecar or load "
            "balancer before it.",
        ),
        Fix(
            "If EPMD hangs, resume it (`kill -CONT PID`) or restart it; restart nodes of OTP 23 or earlier after that.",
        ),
        Fix(
            "Exclude TCP 4369 and the distribution port from the service mesh, e.g. "
            "traffic.sidecar.istio.io/excludeInboundPorts.",
        ),
        Fix(
            "Exclude 4369 and 25672 from the service mesh for the RabbitMQ pods, inbound and outbound.",
            Product.RABBITMQ,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://github.com/istio/istio/issues/5989",
        "https://github.com/istio/istio/issues/6029",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    lookup = attempt.epmd
    asked = attempt.first(events.EpmdAsked)
    if lookup is None or asked is None or attempt.first(events.EpmdAnswered):
        return
    if attempt.first(events.ForeignSpoken, leg=Leg.EPMD):
        return
    cut = attempt.first(events.NotUnderstood, Side.ACCEPTOR, Leg.EPMD)
    if (cut is not None and cut.problem != Problem.TRUNCATED.value) or lookup.flows[Side.ACCEPTOR].sent > (
        cut.length if cut else 0
    ):
        return
    ending = ending_of(attempt, lookup)
    waited = around.capture_ends(attempt) - asked.packet.at
    if ending is None and waited < PATIENCE:
        return
    if ending is None:
        how = f"no answer came in the {seconds(waited)} that the capture goes on"
    elif ending.side is Side.ACCEPTOR:
        did = "reset" if ending.is_reset else "closed"
        how = f"EPMD's side {did} the connection {seconds(ending.waited)} later without an answer"
    else:
        how = f"the initiator gave up after {seconds(ending.closing.packet.at - asked.packet.at)}"
    unacknowledged = lookup.flows[Side.INITIATOR].acknowledged == 0
    # Without EPMD's SYN-ACK nothing tells at which number its bytes begin: the first of them may be missing unseen.
    lost = bool(attempt.qualities & {Quality.ONE_SIDED, Quality.GAP}) or lookup.answered is None
    slow = is_slow_path(attempt, lookup)
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE if lost or slow else Certainty.CERTAIN,
        why=f"the request was sent{'' if unacknowledged else ' and acknowledged by TCP'}; {how}",
        evidence=[
            show(asked, f"request to EPMD for {attempt.called_name!r}" if attempt.called_name else "request to EPMD"),
            show(cut, "the answer begins and breaks off") if cut else None,
            show(ending.closing, how) if ending else None,
        ],
        detail={"closed_by": ending.side.value} if ending else {},
        alternatives=("the answer is not in the capture",)
        if lost
        else ("the path is too slow for the initiator's net_setuptime",)
        if slow
        else (),
    )
