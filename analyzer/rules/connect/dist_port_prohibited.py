"""A firewall answers the call to the distribution port with an ICMP error.

What happens:
    The initiator dials the distribution port. Instead of a TCP answer comes an ICMP "destination unreachable"
    message. The initiator gives up at once.

Why:
    A firewall rejects the packet by rule (REJECT in Linux, "administratively prohibited" in routers), or a router
    has no way to that host. Usually EPMD's port is allowed and the distribution port was forgotten.

How to confirm:
    Expect no log on either side.

    The sender of the ICMP message, shown in the evidence, is the device to look at. The code tells more: 9, 10 and
    13 are policy; 0 and 1 are routing (net or host unreachable); 3 (port unreachable) is the default of an iptables
    REJECT rule.

    On that device: `iptables -nvL` or `nft list ruleset`, and see which REJECT counter grows while the node dials.

    Look-alikes: a RST instead of ICMP is dist-port-refused, silence is dist-port-unreachable.

How to fix:
    Allow the distribution port from the initiator to the acceptor. Fix the port to a small range first, as it is
    random otherwise.

Seen in:
    All OTP releases. firewalld rejects with ICMP unless told otherwise.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="CON003",
    name="dist-port-prohibited",
    stage=Stage.TCP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    at=(Stage.TCP,),
    says="A firewall or router rejected the call of {initiator} to TCP port {port} of {acceptor} with an ICMP error",
    fix=(
        Fix("Allow the distribution port on the device that sent the ICMP message (its address is in the evidence)."),
        Fix(
            "Fix the port with `-kernel inet_dist_listen_min` and `inet_dist_listen_max`, then allow that range "
            "in both directions.",
        ),
        Fix(
            "For ICMP codes 0 and 1 check the route to the host instead: `ip route get ADDRESS` on the sender of "
            "the message.",
        ),
        Fix(
            "Allow 25672 between nodes and from the hosts of CLI tools, e.g. "
            "`firewall-cmd --add-port=25672/tcp --permanent`.",
            Product.RABBITMQ,
        ),
        Fix("Set FIREWALL_WINDOW in ejabberdctl.cfg and allow that range.", Product.EJABBERD),
        Fix("Allow the range of inet_dist_listen_min/max in vm.args.", Product.COUCHDB),
        Fix("Allow 4370 and 5370, each plus the number at the end of the node name.", Product.EMQX),
    ),
    references=(
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
        "https://www.rabbitmq.com/docs/networking",
        "https://docs.couchdb.org/en/stable/setup/cluster.html",
        "https://docs.emqx.com/en/emqx/latest/deploy/cluster/security.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None or link.prohibited is None or link.is_open or link.answered or link.refused:
        return
    icmp = link.prohibited
    what = f"ICMP{'v6' if icmp.version == 6 else ''} type {icmp.type} code {icmp.code}"
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"{what} from {icmp.reporter} answered the SYN to {link.listener}",
        evidence=[
            show(attempt.first(events.EpmdAnswered), f"EPMD names port {link.listener.port}"),
            show(link.first_dial, f"SYN to {link.listener}"),
            show(icmp, f"{what} from {icmp.reporter}"),
        ],
        detail={"icmp": f"{icmp.type}/{icmp.code}", "reporter": icmp.reporter, "port": link.listener.port},
        port=link.listener.port,
    )
