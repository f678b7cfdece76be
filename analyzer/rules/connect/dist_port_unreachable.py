"""The distribution port of the called node cannot be reached: it never answers.

What happens:
    EPMD told the port, or it is fixed by configuration. The initiator opens a TCP connection to it. Its SYN is sent
    again and again, and nothing comes back. The initiator gives up after 7 seconds.

Why:
    Most often a firewall is open for EPMD (4369) and closed for the distribution port. That port is chosen at
    random at every start, unless inet_dist_listen_min and inet_dist_listen_max fix it.

    The other cause is a node that does not take connections any more. Its accept queue is full (128 by default),
    and the kernel drops every further SYN. The VM is then stopped or hangs.

How to confirm:
    Expect no log on either side. After `net_kernel:verbose(1)` the initiator prints `setup_timer_timeout`.
    RabbitMQ's CLI reports that EPMD knows the port and that no TCP connection to it can be made.

    From the initiator's host: `timeout 3 bash -c '</dev/tcp/HOST/PORT'; echo $?` gives 124 while the port is
    dropped.

    On the called host: `ss -ltn 'sport = :PORT'`. If Recv-Q has reached Send-Q, the accept queue is full, and the
    VM is the problem. Earlier connections to that port which ended as no-handshake-response say the same. Otherwise
    capture there: does the SYN arrive?

    In the capture: SYN copies without answer (at 0, 1, 3 s, or once a second with Linux 6.5 and later), at most 7 s
    long.

    Look-alikes: an ICMP message as the answer is dist-port-prohibited, a RST is dist-port-refused. If the connection
    opens and the acceptor then stays silent, it is no-handshake-response.

How to fix:
    Fix the distribution port to a small range and open that range between all nodes, in both directions, as either
    side may dial. The listening side sets the range. The setting takes effect when the node starts.

Seen in:
    All OTP releases. emqx/emqx#974, emqx/emqx#1576, rabbitmq/rabbitmq-website#297.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.connection import Connection
from analyzer.sessions.ending import PATIENCE, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="CON001",
    name="dist-port-unreachable",
    stage=Stage.TCP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    at=(Stage.TCP,),
    says="{acceptor} does not answer {initiator} on its distribution port: TCP port {port} is silent",
    fix=(
        Fix("Open the distribution port between all nodes, in both directions; EPMD's 4369 alone is not enough."),
        Fix(
            "Fix the port with `-kernel inet_dist_listen_min 9100 inet_dist_listen_max 9105` on every node, then "
            "restart the nodes.",
        ),
        Fix(
            "Look at `ss -ltn` on the called host: where Recv-Q of the node's port has reached Send-Q, the node's VM "
            "hangs and takes no connections, and no firewall is at fault.",
        ),
        Fix(
            "Open 25672 (RABBITMQ_DIST_PORT) between all nodes and from the hosts of CLI tools, and 35672-35682 "
            "towards those.",
            Product.RABBITMQ,
        ),
        Fix(
            "Set FIREWALL_WINDOW=4200-4210 in ejabberdctl.cfg and open that range, or fix one port with "
            "ERL_DIST_PORT (OTP 23.1 or later).",
            Product.EJABBERD,
        ),
        Fix(
            "Put `-kernel inet_dist_listen_min 9100` and `-kernel inet_dist_listen_max 9200` into vm.args and "
            "open that range.",
            Product.COUCHDB,
        ),
        Fix(
            "Open 4370 plus the number at the end of the node name, and 5370 plus that number for cluster RPC.",
            Product.EMQX,
        ),
        Fix(
            "Put the two inet_dist_listen parameters into rel/vm.args.eex and open the range between all pods or "
            "hosts.",
            Product.ELIXIR,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
        "https://www.rabbitmq.com/docs/networking",
        "https://docs.couchdb.org/en/stable/setup/cluster.html",
        "https://docs.emqx.com/en/emqx/latest/deploy/cluster/security.html",
        "https://github.com/emqx/emqx/issues/974",
        "https://github.com/rabbitmq/rabbitmq-website/issues/297",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None or link.first_dial is None or link.refused or link.prohibited or link.is_open:
        return
    if link.answered is not None:
        yield from _answers_lost(attempt, link)
        return
    waited = around.capture_ends(attempt) - link.first.at
    if link.dials < ENOUGH_DIALS and waited < PATIENCE:
        return
    one_sided = attempt.qualities & {Quality.ONE_SIDED}
    hung = around.listener(attempt).silent
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE if one_sided else Certainty.CERTAIN,
        why=f"{link.dials} SYN to {link.listener} within {seconds(link.last.at - link.first.at)}, and no SYN-ACK, no"
        " RST and no ICMP error in return"
        + (
            f"; {len(hung)} earlier connections to this port were accepted and never answered, so its accept queue may"
            " be full"
            if hung
            else ""
        ),
        evidence=[
            show(link.first_dial, f"first SYN to {link.listener}"),
            show(link.last_dial, f"SYN number {link.dials}, still unanswered") if link.dials > 1 else None,
        ],
        detail={"dials": link.dials, "port": link.listener.port},
        alternatives=("the answers took another way than past this capture",) if one_sided else (),
        port=link.listener.port,
    )


def _answers_lost(attempt: Attempt, link: Connection) -> Iterator[Finding]:
    """As the acceptor's end sees it: it answers, and the initiator asks again as if it had not."""
    answered, again = link.answered, link.last_dial
    if answered is None or again is None or link.dials < ENOUGH_DIALS or again.packet.at < answered.packet.at:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"{link.dials} SYN came to {link.listener} and were answered with SYN-ACK, but the initiator never went on:"
        " the answers do not reach it",
        evidence=[
            show(link.first_dial, f"first SYN to {link.listener}"),
            show(answered, "SYN-ACK, so the port is open"),
            show(again, f"SYN number {link.dials}: the initiator has not got the SYN-ACK"),
        ],
        detail={"dials": link.dials, "port": link.listener.port, "direction": "acceptor to initiator"},
        alternatives=("the initiator's host drops the SYN-ACK itself",),
        port=link.listener.port,
    )


ENOUGH_DIALS = 3
"""Two SYNs a second apart may just be a slow path; three go unanswered for at least two seconds."""
