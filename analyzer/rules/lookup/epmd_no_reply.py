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
from analyzer.sessions.connection import Connection
from analyzer.sessions.ending import PATIENCE, ending_of, is_slow_path, seconds
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors import epmd
from dissectors.dialogue import Problem, Side

RULE = Rule(
    id="LKP003",
    name="epmd-no-reply",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.EpmdAsked,),
    at=(Stage.LOOKUP,),
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
            "Exclude TCP 4369 and the distribution port from the service mesh; in Istio with the pod annotations "
            "`traffic.sidecar.istio.io/excludeInboundPorts` and `excludeOutboundPorts`.",
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
    if lookup is None or asked is None or attempt.first(events.ForeignSpoken, leg=Leg.EPMD):
        return
    answered = attempt.first(events.EpmdAnswered)
    if answered is not None:
        yield from _lost_after_sending(attempt, lookup, answered)
        return
    cut = attempt.first(events.NotUnderstood, Side.ACCEPTOR, Leg.EPMD)
    lost_bytes = sum(hole.length for hole in _lost_on_the_way(lookup))
    arrived = lookup.flows[Side.ACCEPTOR].sent - lost_bytes
    if (cut is not None and cut.problem != Problem.TRUNCATED.value) or arrived > (cut.length if cut else 0):
        return
    ending = ending_of(attempt, lookup)
    if isinstance(asked.message, PRIVILEGED) and ending is not None and ending.side is Side.ACCEPTOR and ending.prompt:
        return
    waited = around.capture_ends(attempt) - asked.packet.at
    if ending is None and waited < PATIENCE:
        return
    if ending is None:
        how = f"no answer came in the {seconds(waited)} that the capture goes on"
    elif lost_bytes and ending.side is Side.ACCEPTOR:
        how = f"EPMD closed, and {lost_bytes} bytes that it sent before that never arrived"
    elif ending.side is Side.ACCEPTOR:
        did = "reset" if ending.is_reset else "closed"
        how = f"EPMD's side {did} the connection {seconds(ending.waited)} later without an answer"
    else:
        how = f"the initiator gave up after {seconds(ending.closing.packet.at - asked.packet.at)}"
        how += f", and {lost_bytes} bytes that EPMD sent never arrived" if lost_bytes else ""
    unacknowledged = lookup.flows[Side.INITIATOR].acknowledged == 0
    # Without EPMD's SYN-ACK nothing tells at which number its bytes begin: the first of them may be missing unseen.
    unseen = bool(attempt.qualities & {Quality.ONE_SIDED, Quality.GAP}) or lookup.answered is None
    slow = is_slow_path(attempt, lookup)
    doubt = UNSEEN if unseen else SLOW if slow else LOST if lost_bytes else ""
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY if doubt == LOST else Certainty.POSSIBLE if doubt else Certainty.CERTAIN,
        why=f"the request was sent{'' if unacknowledged else ' and acknowledged by TCP'}; {how}",
        evidence=[
            show(asked, f"request to EPMD for {attempt.called_name!r}" if attempt.called_name else "request to EPMD"),
            show(cut, "the answer begins and breaks off") if cut else None,
            show(ending.closing, how) if ending else None,
        ],
        detail={"closed_by": ending.side.value} if ending else {},
        alternatives=(doubt,) if doubt else (),
    )


PRIVILEGED = (epmd.DumpReq, epmd.KillReq, epmd.StopReq)
"""EPMD refuses these by closing without a word (docs/protocol.md 1.2): that is its answer."""
UNSEEN = "the answer is not in the capture"
SLOW = "the path is too slow for the initiator's net_setuptime"
LOST = "the capture lost the answer, not the network"


def _lost_on_the_way(lookup: Connection) -> list[events.BytesMissing]:
    """Bytes of EPMD's answer that this end of the connection never got: those after them came."""
    return [hole for hole in lookup.holes if hole.side is Side.ACCEPTOR and not hole.delivered and not hole.snapped]


def _lost_after_sending(attempt: Attempt, lookup: Connection, answered: events.EpmdAnswered) -> Iterator[Finding]:
    """As EPMD's end sees it: the answer is sent again and again, and the initiator does not get it."""
    flow = lookup.flows[Side.ACCEPTOR]
    if attempt.link is not None or not flow.unacknowledged or flow.resent < 2 or flow.last_resent is None:
        return
    ending = lookup.closing_of(Side.INITIATOR)
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"EPMD's answer was sent {flow.resent + 1} times and never acknowledged: it does not reach the initiator",
        evidence=[
            show(answered, "EPMD answers"),
            show(flow.last_resent, f"the answer again, retransmission {flow.resent}"),
            show(ending, "the initiator gives up") if ending else None,
        ],
        detail={"closed_by": Side.INITIATOR.value if ending else None, "direction": "acceptor to initiator"},
        alternatives=("the acknowledgments are what gets lost",),
    )
