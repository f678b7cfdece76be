"""The EPMD of the called node cannot be reached: its TCP port never answers.

What happens:
    The initiator opens a TCP connection to the EPMD port (4369) to ask for the port of the other node. Its SYN is
    sent again and again, and nothing comes back. The initiator gives up after 7 seconds. It never dials the node
    itself.

Why:
    Something on the path drops the packets without a word: a firewall, a security group, a network policy, a
    missing route, or a host that is down. An EPMD that merely does not run would refuse instead (epmd-refused).

    The name may also resolve to a wrong or old address. Compare the address in the capture with the real one.

How to confirm:
    Expect no log at all, on either side. After `net_kernel:verbose(1)` the initiator prints `setup_timer_timeout`.

    From the initiator's host: `timeout 3 bash -c '</dev/tcp/HOST/4369'; echo $?` gives 124 while the port is
    dropped, and 1 if it is refused.

    On the called host: `ss -ltn 'sport = :4369'` must show a listener that is not bound to 127.0.0.1 only. Capture
    there, too: if the SYN does not arrive, something in between drops it; if it arrives and no answer leaves, the
    firewall is on that host.

    In the capture: SYN copies without answer (at 0, 1, 3 s, or once a second with Linux 6.5 and later), at most 7 s
    long.

    Look-alikes: a RST is epmd-refused. If the connection opens and no answer comes, it is epmd-no-reply. If EPMD
    answers and the SYN after that stays unanswered, it is dist-port-unreachable.

How to fix:
    Open the EPMD port from every node to every other node, in both directions of dialling. Open the distribution
    port at the same time: it is the next thing that the initiator dials.

Seen in:
    All OTP releases. EMQX does not use EPMD unless WITH_EPMD=1 is set.
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
    id="LKP001",
    name="epmd-unreachable",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    at=(Stage.LOOKUP,),
    says="The EPMD of {acceptor} does not answer {initiator}: TCP port {port} is silent",
    fix=(
        Fix(
            "Open TCP 4369 (or the port in ERL_EPMD_PORT) from the initiator to the host of the other node, in "
            "every firewall between.",
        ),
        Fix(
            "Check that the host part of the called node name resolves to the right address: `getent hosts HOST` "
            "on the initiator.",
        ),
        Fix(
            "Check that the host is up and that its own firewall lets the port in: `ss -ltn`, `nft list ruleset` "
            "or `iptables -nvL`.",
        ),
        Fix(
            "Open 4369 and 25672 between all nodes, and 35672-35682 on the hosts where CLI tools run.", Product.RABBITMQ
        ),
        Fix("Open 4369 and the range of FIREWALL_WINDOW in ejabberdctl.cfg between all nodes.", Product.EJABBERD),
        Fix(
            "Open 4369 and the range of inet_dist_listen_min/max in vm.args (9100 by custom) between all nodes.",
            Product.COUCHDB,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.erlang.org/doc/system/distributed.html",
        "https://www.rabbitmq.com/docs/networking",
        "https://docs.couchdb.org/en/stable/setup/cluster.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    lookup = attempt.epmd
    if lookup is None or lookup.first_dial is None or lookup.refused or lookup.is_open:
        return
    answered, again = lookup.answered, lookup.last_dial
    if answered is not None and (again is None or lookup.dials < ENOUGH_DIALS or again.packet.at < answered.packet.at):
        return
    waited = around.capture_ends(attempt) - lookup.first.at
    if lookup.dials < ENOUGH_DIALS and waited < PATIENCE and lookup.prohibited is None:
        return
    icmp = lookup.prohibited
    answers_lost = attempt.qualities & {Quality.ONE_SIDED}
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE if answers_lost else Certainty.LIKELY if answered else Certainty.CERTAIN,
        why=f"{lookup.dials} SYN to {lookup.listener} within {seconds(lookup.last.at - lookup.first.at)}, and "
        + _in_return(lookup),
        evidence=[
            show(lookup.first_dial, f"first SYN to EPMD's port {lookup.listener.port}"),
            show(lookup.last_dial, f"SYN number {lookup.dials}, still unanswered") if lookup.dials > 1 else None,
            show(answered, "SYN-ACK, which does not reach the initiator"),
            show(icmp, f"ICMP type {icmp.type} code {icmp.code} from {icmp.reporter}") if icmp else None,
        ],
        detail={"dials": lookup.dials}
        | ({"icmp": f"{icmp.type}/{icmp.code}", "reporter": icmp.reporter} if icmp else {}),
        alternatives=("the answers took another way than past this capture",) if answers_lost else (),
        port=lookup.listener.port,
    )


ENOUGH_DIALS = 3
"""Two SYNs a second apart may just be a slow path; three go unanswered for at least two seconds."""


def _in_return(lookup: Connection) -> str:
    if lookup.answered is not None:
        return "SYN-ACKs in return that do not reach the initiator, which asks again"
    return "an ICMP error in return" if lookup.prohibited else "no SYN-ACK, no RST and no ICMP error in return"
