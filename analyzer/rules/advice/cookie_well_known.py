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

from analyzer.findings import Severity
from analyzer.rules.rule import Fix, Rule
from analyzer.sessions.product import Product

RULE = Rule(
    id="ADV001",
    name="cookie-well-known",
    stage=None,
    outcome=None,
    severity=Severity.WARNING,
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
