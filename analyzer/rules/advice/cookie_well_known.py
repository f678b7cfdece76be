"""The cookie is one that comes with a product or a tutorial.

What happens:
    The digest in the handshake fits a cookie from a published list. It was found by trying that list; no other
    cookie can be read from a capture.

Why:
    The cookie is the only thing that protects a node without TLS. Whoever knows it and reaches the distribution
    port can run any code as the user of the node. Defaults and examples are the first that an attacker tries:
    monster (CouchDB), emqxsecretcookie (EMQX), vmq (VerneMQ), nocookie, and words such as cookie, erlang, secret or
    ejabberd.

How to confirm:
    In a console: `erlang:get_cookie().` Do not paste it anywhere.

    In the capture: challenge and digest of the packets in the evidence. Anybody with a copy of the capture can make
    the same test, so treat captures as secrets.

How to fix:
    Choose a long random cookie and bring it to all nodes and tools. Nodes with the old and the new one cannot talk,
    so plan a restart of the whole cluster.

Seen in:
    Any release; product defaults that were never changed.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings, digest_of
from dissectors.cookie import CookieJar
from dissectors.dialogue import Side

RULE = Rule(
    id="ADV001",
    name="cookie-well-known",
    stage=None,
    outcome=None,
    severity=Severity.WARNING,
    needs=(events.ReplySent, events.AckSent),
    says="{holder} uses a well-known cookie: whoever reaches its distribution port can run code there",
    fix=(
        Fix(
            "Make a random cookie, e.g. `openssl rand -hex 32`, and set it on all nodes and tools; restart them "
            "together.",
        ),
        Fix("Until then, close the distribution ports and 4369 to everything but the nodes of the cluster."),
        Fix("Replace `-setcookie monster` in vm.args on all nodes.", Product.COUCHDB),
        Fix("Replace node.cookie (EMQX_NODE__COOKIE) on all nodes; the default is emqxsecretcookie.", Product.EMQX),
        Fix(
            "Put the new cookie into /var/lib/rabbitmq/.erlang.cookie of all nodes and into the files of the CLI "
            "users.",
            Product.RABBITMQ,
        ),
        Fix("Set RELEASE_COOKIE to the new cookie for nodes and remote shells.", Product.ELIXIR),
    ),
    references=(
        "https://www.erlang.org/doc/system/distributed.html",
        "https://docs.couchdb.org/en/stable/setup/cluster.html",
        "https://docs.emqx.com/en/emqx/latest/deploy/cluster/security.html",
        "https://docs.ejabberd.im/admin/guide/security/",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    for side, kind in ((Side.INITIATOR, events.ReplySent), (Side.ACCEPTOR, events.AckSent)):
        challenge, digest = digest_of(attempt, side)
        if challenge is None or digest is None or WELL_KNOWN.match(challenge, digest) is None:
            continue
        yield RULE.finding(
            attempt,
            certainty=Certainty.CERTAIN,
            why=f"the digest of the {side.value} was made with a cookie from the short list of published defaults and"
            " tutorial cookies",
            evidence=[show(attempt.first(kind), f"the digest of the {side.value}")],
            holder=attempt.label(side),
        )
        return


WELL_KNOWN = CookieJar(
    cookie.encode()
    for cookie in (
        "monster",  # CouchDB
        "emqxsecretcookie",
        "emqx_dist_cookie",
        "vmq",  # VerneMQ
        "riak",
        "nocookie",
        "cookie",
        "erlang",
        "ejabberd",
        "rabbit",
        "rabbitmq",
        "secret",
        "secretcookie",
        "mysecretcookie",
        "mycookie",
        "monster_cookie",
        "changeme",
        "change_me",
        "test",
        "dev",
        "password",
        "1234",
    )
)
"""Never shown: a finding says only that one of them fits."""
