"""The distribution port of the called node is closed at the address that was dialled.

What happens:
    The initiator dials the port that EPMD told, and gets a reset at once. It gives up in the same millisecond.

Why:
    - The registration is stale, or belongs to another network namespace. EPMD answers for the whole host, while the
      node listens inside a container.
    - The node listens on another address: inet_dist_use_interface (127.0.0.1 in many hardened setups), or IPv6 only
      (`-proto_dist inet6_tcp`) while the initiator dials IPv4, or the other way round. EPMD's answer does not show
      that.
    - The port is published under another number (container port mapping).
    - The node restarted between the lookup and the dial.
    - A firewall rejects with a TCP reset.

How to confirm:
    Expect no log on either side.

    On the called host: `ss -ltnp 'sport = :PORT'`. No line: stale registration or another namespace; compare with
    `epmd -names`. A line with 127.0.0.1 only: bound to loopback. A line with [::] and a SYN over IPv4, or the other
    way round: the address families differ.

    In the capture: SYN, then RST within about a millisecond. A RST whose TTL differs from other packets of the same
    host comes from a firewall.

    Look-alikes: an ICMP message instead of a RST is dist-port-prohibited, silence is dist-port-unreachable. A RST on a
    connection that was open is connection-reset or reset-by-middlebox.

How to fix:
    Let the node listen on the address that its name resolves to, and use the same `-proto_dist` everywhere. Restart
    a node whose registration does not fit its port.

Seen in:
    All OTP releases. IPv6 on one side only: rabbitmq/rabbitmq-server#1421, vernemq/vernemq#1664.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import seconds
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="CON002",
    name="dist-port-refused",
    stage=Stage.TCP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.DialRefused,),
    says="{acceptor} refused {initiator} on its distribution port: nothing listens on TCP port {port} there",
    fix=(
        Fix("Check where the node listens: `ss -ltnp` on the called host, and compare the port with `epmd -names`."),
        Fix(
            "Look for `-kernel inet_dist_use_interface`, which lets the node listen on one address only: remove it, or "
            "set it to the address that the other nodes dial, e.g. `{10,0,0,2}`.",
        ),
        Fix("Use the same address family on all nodes and tools: `-proto_dist inet6_tcp` everywhere or nowhere."),
        Fix(
            "In containers, publish the distribution port under its own number and run one EPMD per network namespace.",
        ),
        Fix(
            "For IPv6 put `-proto_dist inet6_tcp` into RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS and into "
            "RABBITMQ_CTL_ERL_ARGS.",
            Product.RABBITMQ,
        ),
        Fix(
            "Set INET_DIST_INTERFACE in ejabberdctl.cfg to the address of the cluster interface; 127.0.0.1 shuts "
            "out other hosts.",
            Product.EJABBERD,
        ),
        Fix(
            "Look for `-kernel inet_dist_use_interface` in vm.args: {127,0,0,1} is right for a single node only.",
            Product.COUCHDB,
        ),
        Fix("Set cluster.proto_dist to the same value (inet_tcp or inet6_tcp) on all nodes.", Product.EMQX),
    ),
    references=(
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.rabbitmq.com/docs/networking",
        "https://github.com/rabbitmq/rabbitmq-server/issues/1421",
        "https://github.com/vernemq/vernemq/issues/1664",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None or link.refused is None:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"a RST answered the SYN to {link.listener} after {seconds(link.refused.packet.at - link.first.at)}",
        evidence=[
            show(attempt.first(events.EpmdAnswered), f"EPMD names port {link.listener.port}"),
            show(link.last_dial, f"SYN to {link.listener}"),
            show(link.refused, "RST in answer to that SYN"),
        ],
        detail={"port": link.listener.port},
        port=link.listener.port,
    )
