"""The acceptor's kernel took the name, but its Erlang node never answered.

What happens:
    TCP opens and the initiator sends its name. TCP acknowledges it. No status comes back. After 7 seconds the
    initiator closes. The acceptor does not close by itself.

Why:
    The kernel of the host accepts connections and acknowledges data for a process that does not run, or does not
    get to it:

    - the VM is stopped (SIGSTOP, a frozen container or virtual machine, a debugger);
    - the VM is starved: no CPU, heavy swapping, a disk that does not answer, out of file descriptors;
    - net_kernel, the one process that takes care of connections, is blocked.

    A healthy but slow acceptor would close the connection itself after 7 seconds. This one did not.

How to confirm:
    Expect no log on either side. After `net_kernel:verbose(1)` the initiator prints `setup_timer_timeout`.
    RabbitMQ's CLI hints at TLS here. That is a guess; the packets show a plain listener that is silent.

    On the called host: `ps -o pid,stat,pcpu,etime,args -C beam.smp` (T is stopped, D waits for a disk),
    `ss -ltn 'sport = :PORT'` (Recv-Q counts the connections that the VM has not taken), `vmstat 1`, `df -h`,
    `cat /proc/PID/limits`.

    In a console that is attached already (a new remote shell needs the same net_kernel):
    `erlang:process_info(whereis(net_kernel), [current_stacktrace, message_queue_len]).`

    In the capture: the name is acknowledged, nothing follows, FIN of the initiator at 7.0 s.

    Look-alikes: without acknowledgements it is handshake-blackholed. If the capture was taken at the initiator
    only, the answer may have been lost on its way.

How to fix:
    Get the VM to run again, or restart it. The cause lies on that host, not on the network.

Seen in:
    All OTP releases. Blocked net_kernel or TLS acceptor: erlang/otp#4931, #5708, #3287.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.compatibility import is_version_zero
from analyzer.sessions.ending import MILLISECOND, OWN_TIMER, PATIENCE, ending_of, is_slow_path, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK003",
    name="no-handshake-response",
    stage=Stage.NAME,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.NameSent,),
    at=(Stage.NAME,),
    says="{acceptor} took the name of {initiator} at TCP level and never answered: the VM hangs or is stopped",
    fix=(
        Fix(
            "Look at the acceptor's VM first: state (`ps`), CPU, swap, disk and file descriptors; resume a "
            "stopped one with `kill -CONT PID`.",
        ),
        Fix(
            "If net_kernel hangs, save the evidence (`kill -USR1 PID` writes erl_crash.dump and ends the VM) and "
            "restart the node.",
        ),
        Fix(
            "Look for memory and disk alarms, and for long garbage collections or a slow disk in the server's log "
            "around that time.",
            Product.RABBITMQ,
        ),
        Fix(
            "If the pod is throttled, raise its CPU limit; a remote shell (`bin/APP remote`) will hang as well "
            "while the node is blocked.",
            Product.ELIXIR,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://github.com/erlang/otp/issues/4931",
        "https://github.com/erlang/otp/issues/5708",
        "https://github.com/erlang/otp/issues/3287",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    named = attempt.first(events.NameSent)
    if link is None or named is None or link.flows[Side.ACCEPTOR].sent or attempt.stage is not Stage.NAME:
        return
    said = link.flows[Side.INITIATOR]
    if is_version_zero(attempt):
        return
    if said.unacknowledged and said.resent:
        return
    ending = ending_of(attempt, link)
    if ending is None and around.capture_ends(attempt) - named.packet.at < PATIENCE:
        return
    if ending is not None and (ending.prompt or is_slow_path(attempt)):
        return
    if ending is not None and ending.side is Side.ACCEPTOR and ending.timer < OWN_TIMER:
        return
    if has_foreign_reset(attempt):
        return
    one_sided = bool(attempt.qualities & {Quality.ONE_SIDED, Quality.GAP})
    answered = link.flows[Side.ACCEPTOR].last
    waited = (ending.closing.packet.at if ending else around.capture_ends(attempt)) - named.packet.at
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE
        if one_sided
        else Certainty.LIKELY
        if len(attempt.views) == 0
        else Certainty.CERTAIN,
        why="the acceptor's TCP acknowledged the name, so its host is up and reachable, but no status came"
        f" in {seconds(waited)}" + (f", when the {ending.side.value} gave up" if ending else ""),
        evidence=[
            show(named, "send_name"),
            Evidence(answered, "last packet of the acceptor: TCP only, no payload") if answered else None,
            show(ending.closing, f"the {ending.side.value} gives up after {seconds(ending.timer)}") if ending else None,
        ],
        detail={"waited_ms": waited // MILLISECOND},
        alternatives=("a status was sent and lost between the acceptor and this capture",),
    )
