"""EPMD answers on a public address.

What happens:
    A question to EPMD was answered, and EPMD's address, or that of the asker, is a public one.

Why:
    EPMD tells everyone who asks which nodes run on the host and on which ports. That is the first step of an attack
    on the distribution port, where only the cookie stands in the way. Open EPMDs are searched for all over the
    internet.

How to confirm:
    From outside of your networks: `timeout 3 bash -c '</dev/tcp/ADDRESS/4369'; echo $?` gives 0 while it is open.

    On the host: `ss -ltn 'sport = :4369'`. A line with 0.0.0.0 or [::] listens on all addresses.

How to fix:
    Close 4369 and the distribution ports to the outside, or bind both to the interface of the cluster.

Seen in:
    Any release: EPMD listens on all addresses unless told otherwise.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Kind
from analyzer.sessions.naming import is_public
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="ADV005",
    name="epmd-open-to-world",
    stage=None,
    outcome=None,
    severity=Severity.WARNING,
    needs=(events.EpmdAnswered,),
    says="The EPMD of {acceptor} answers on a public address",
    fix=(
        Fix("Allow TCP 4369 and the distribution ports only from the nodes of the cluster."),
        Fix(
            "Set ERL_EPMD_ADDRESS to the address of the cluster interface and `-kernel inet_dist_use_interface` "
            "likewise; restart EPMD and nodes.",
        ),
        Fix("Set ERL_EPMD_ADDRESS and INET_DIST_INTERFACE in ejabberdctl.cfg.", Product.EJABBERD),
        Fix(
            "Set ERL_EPMD_ADDRESS in /etc/default/couchdb and inet_dist_use_interface in vm.args; 127.0.0.1 for a "
            "single node.",
            Product.COUCHDB,
        ),
        Fix("Put `export ERL_EPMD_ADDRESS=ADDRESS` into rabbitmq-env.conf.", Product.RABBITMQ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.rabbitmq.com/docs/networking",
        "https://docs.ejabberd.im/admin/guide/security/",
        "https://docs.couchdb.org/en/stable/setup/cluster.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    answered = attempt.first(events.EpmdAnswered)
    if answered is None or attempt.epmd is None or attempt.kind is Kind.REGISTER:
        return
    public = [end.address for end in (attempt.epmd.listener, attempt.epmd.opener) if is_public(end.address)]
    if not public:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"EPMD at {attempt.epmd.listener.address} answered {attempt.epmd.opener.address}, and {public[0]} is a"
        " public address",
        evidence=[show(answered, "EPMD answers")],
        alternatives=("a firewall lets only known addresses through",),
    )
