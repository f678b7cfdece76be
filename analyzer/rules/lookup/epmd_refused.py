"""The host of the called node refuses the connection to EPMD: nothing listens on that port and address.

What happens:
    The initiator opens a TCP connection to the EPMD port (4369) and gets a reset at once. It gives up in the same
    millisecond. `net_kernel:connect_node/1` returns false, `net_adm:ping/1` returns pang.

Why:
    The host is up, and no EPMD listens on the address that was dialled:

    - no Erlang node runs there, or EPMD was stopped or crashed;
    - EPMD is bound to the loopback address by ERL_EPMD_ADDRESS=127.0.0.1. Debian packages of CouchDB and ejabberd
      do that;
    - EPMD uses another port (ERL_EPMD_PORT, `epmd -port`);
    - the node runs without EPMD (`-erl_epmd_port`, `-epmd_module`, EMQX) and the initiator was not told;
    - the address belongs to another host, or to the host of a container instead of the container;
    - a firewall rejects with a TCP reset.

How to confirm:
    Expect no log on either side. A node that cannot register at its own start, on the other hand, logs
    "register/listen error: econnrefused".

    On the called host: `ss -ltnp 'sport = :4369'`. No line: EPMD does not run. A line with 127.0.0.1 or [::1] only:
    it is bound to loopback. `epmd -names` works there in that case, as it asks the loopback address.

    In the capture: SYN, then RST from the EPMD port within about a millisecond. If the TTL of the RST differs from
    other packets of that host, a firewall sent it.

    Look-alikes: silence instead of a RST is epmd-unreachable. A RST from the port that EPMD named is dist-port-refused.

How to fix:
    Start the node (it starts EPMD), or let EPMD listen on the address that the other nodes use. EPMD reads its
    settings when it starts: after a change, stop all nodes of the host, then EPMD, then start again.

Seen in:
    All OTP releases. apache/couchdb#4217 (packages set ERL_EPMD_ADDRESS to loopback).
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
    id="LKP002",
    name="epmd-refused",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.DialRefused,),
    says="{acceptor} refused {initiator} on EPMD's TCP port {port}: nothing listens there",
    fix=(
        Fix("Check on the called host that EPMD runs and listens on more than loopback: `ss -ltnp 'sport = :4369'`."),
        Fix(
            "Remove the environment variable ERL_EPMD_ADDRESS, which binds EPMD to some addresses only, or set it to "
            "the address that the other nodes dial; then restart EPMD and the nodes of that host.",
        ),
        Fix(
            "If the called node runs without EPMD, start the initiator with the same `-erl_epmd_port PORT` or "
            "`-epmd_module`.",
        ),
        Fix(
            "Set ERL_EPMD_ADDRESS in /etc/default/couchdb to the address of the cluster interface (packages set "
            "127.0.0.1).",
            Product.COUCHDB,
        ),
        Fix(
            "Set ERL_EPMD_ADDRESS in ejabberdctl.cfg (Debian: /etc/default/ejabberd) to the address of the "
            "cluster interface.",
            Product.EJABBERD,
        ),
        Fix(
            "Start the node with `systemctl start rabbitmq-server`; check ERL_EPMD_ADDRESS in rabbitmq-env.conf.",
            Product.RABBITMQ,
        ),
        Fix(
            "EMQX has no EPMD unless WITH_EPMD=1 is set: its nodes listen on 4370 plus the number at the end of "
            "their name.",
            Product.EMQX,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://github.com/apache/couchdb/issues/4217",
        "https://www.rabbitmq.com/docs/networking",
        "https://docs.ejabberd.im/admin/guide/security/",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    lookup = attempt.epmd
    if lookup is None or lookup.refused is None:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"a RST answered the SYN to {lookup.listener} after {seconds(lookup.refused.packet.at - lookup.first.at)}",
        evidence=[
            show(lookup.last_dial, f"SYN to EPMD's port {lookup.listener.port}"),
            show(lookup.refused, "RST in answer to that SYN"),
        ],
        port=lookup.listener.port,
    )
