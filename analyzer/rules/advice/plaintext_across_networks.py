"""Erlang distribution runs without TLS between different networks.

What happens:
    The two nodes are in different networks, at least one address is public, or the path leads over routers. The
    link is not encrypted.

Why:
    All messages between the nodes can be read and changed on the path. The cookie is not sent, but challenge and
    digest are: they allow guessing it offline. The cookie is checked once, at the start; it does not protect what
    follows.

How to confirm:
    In the capture: handshake messages in the clear between the addresses of the evidence. `ps -o args= -C beam.smp`
    shows no `-proto_dist inet_tls`.

    If a VPN or encrypted overlay carries the packets and the capture was taken inside of it, this is harmless.

How to fix:
    Use TLS distribution, or an encrypted tunnel between the networks.

Seen in:
    Any release.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.naming import is_public
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="ADV002",
    name="plaintext-across-networks",
    stage=None,
    outcome=None,
    severity=Severity.WARNING,
    needs=(events.NameSent,),
    says="{initiator} and {acceptor} talk across networks without TLS",
    fix=(
        Fix(
            "Use TLS distribution (`-proto_dist inet_tls -ssl_dist_optfile FILE`) on all nodes and tools, or a "
            "VPN between the networks.",
        ),
        Fix("Allow the distribution ports only between the addresses of the cluster."),
        Fix(
            "See inter_node_tls.config with RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS and RABBITMQ_CTL_ERL_ARGS.",
            Product.RABBITMQ,
        ),
        Fix("Set cluster.proto_dist = inet_tls on all nodes.", Product.EMQX),
        Fix("Set `-proto_dist couch` with `-ssl_dist_optfile FILE` in vm.args on all nodes.", Product.COUCHDB),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://www.rabbitmq.com/docs/clustering-ssl",
        "https://docs.emqx.com/en/emqx/latest/deploy/cluster/security.html",
        "https://docs.couchdb.org/en/stable/cluster/tls_erlang_distribution.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    named = attempt.first(events.NameSent)
    if named is None or named.message is None or attempt.first(events.TlsClientHello):
        return
    public = [str(end.address) for end in (attempt.initiator, attempt.acceptor) if is_public(end.address)]
    if not public or attempt.initiator.address == attempt.acceptor.address:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"the handshake is readable, and {' and '.join(public)} {'are' if len(public) > 1 else 'is'} public",
        evidence=[show(named, "send_name in the clear")],
    )
