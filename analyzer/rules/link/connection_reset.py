"""A working link ended with a TCP reset.

What happens:
    The nodes are connected. Then a RST ends the connection, without FIN.

Why:
    - The VM ended with unread data in its socket: a crash, `kill -9`, or the out-of-memory killer while data was
      coming in.
    - The host restarted, or the connection moved to another one, and answers data of the old connection with RST.
    - A firewall, NAT or load balancer no longer knows the connection and resets it at the next packet.

How to confirm:
    The other side logs the loss of the node (`connection_closed`, in OTP 28 `tcp_closed`), no more.

    On the host that sent the RST: uptime of host and VM (`ps -o lstart= -C beam.smp`), `dmesg -T` for the
    out-of-memory killer, erl_crash.dump, `journalctl` of the service.

    If the node runs on and kept its other links, suspect the path: compare TTL and IP identification of the RST
    with earlier packets of that host, and capture on both sides.

    In the capture: a RST shortly after data, from an end that had data to read, fits a dying VM. A RST after a long
    silence, as the answer to a tick, fits a lost state or a restarted host.

    Look-alikes: if the RST does not fit its host, it is reset-by-middlebox.

How to fix:
    Find out which of the two it was: a VM that died, or a device that forgot the connection.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import seconds
from analyzer.sessions.lifetime import setup_failed
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="LNK006",
    name="connection-reset",
    stage=Stage.ENDED,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.WasReset,),
    at=(Stage.ENDED,),
    says="The working link between {initiator} and {acceptor} was reset by {closer}",
    fix=(
        Fix(
            "Check whether the node on that side crashed or was killed: its service log, erl_crash.dump, "
            "`dmesg -T` (out of memory).",
        ),
        Fix(
            "If the node ran on, look at firewalls, NAT and load balancers between: idle timeout, failover, table "
            "overflow.",
        ),
        Fix(
            "If connections get reset after idle times, check that net_ticktime/4 is below the idle timeout of "
            "every device on the path.",
        ),
        Fix(
            "If the out-of-memory killer ended it, lower vm_memory_high_watermark or raise the memory limit of "
            "the container.",
            Product.RABBITMQ,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None or attempt.stage is not Stage.ENDED or not isinstance(link.end, events.WasReset):
        return
    if has_foreign_reset(attempt) or setup_failed(attempt):
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY if attempt.qualities else Certainty.CERTAIN,
        why=f"the link was up for {seconds(link.end.packet.at - link.first.at)}; then the {link.end.side.value} reset"
        " it",
        evidence=[
            show(attempt.first(events.AckSent) or attempt.first(events.DataStarted), "the link is up"),
            show(link.end, f"RST from the {link.end.side.value}"),
        ],
        detail={"reset_by": link.end.side.value},
        closer=attempt.label(link.end.side),
    )
