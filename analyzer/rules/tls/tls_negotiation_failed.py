"""The two nodes found no TLS version or cipher that both accept.

What happens:
    The initiator offers TLS versions and ciphers in its ClientHello. The acceptor, or the initiator after the
    ServerHello, answers with a fatal alert and the connection ends. No certificate was looked at yet.

Why:
    - protocol_version (70): one side allows TLS 1.2 only, the other TLS 1.3 only. OTP 25 uses TLS 1.2 alone for
      distribution when its option file does not set `versions`;
    - insufficient_security (71), from other software also handshake_failure (40): no common cipher, e.g. a hardened
      `ciphers` list on one side, or an RSA cipher list with an ECDSA certificate.

How to confirm:
    Both sides log it: "generated SERVER ALERT: Fatal - Protocol Version" or "Insufficient Security" on the
    acceptor, "received SERVER ALERT" on the initiator. The second line may say `no_suitable_ciphers`.

    Look for `versions` and `ciphers` in the option files of both nodes, and for `ssl` settings in their config
    files.

    From the initiator's host: `openssl s_client -connect HOST:PORT -tls1_2`, then with `-tls1_3`, shows what the
    acceptor takes.

    In the capture: the versions and ciphers in the ClientHello, and an alert instead of a ServerHello or right
    after it.

    Look-alike: alert 40 at that place can also mean that the acceptor has no certificate
    (tls-listener-misconfigured), or none that fits the offered ciphers.

How to fix:
    Set the same `versions` in both parts of the option files of all nodes and tools, and drop hand-made cipher
    lists.

Seen in:
    All releases with TLS distribution; often while a cluster is upgraded one node at a time.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="TLS005",
    name="tls-negotiation-failed",
    stage=Stage.TLS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.TlsAlert,),
    says=(
        "{initiator} and {acceptor} have no TLS version or cipher in common: {rejecter} ended the TLS handshake "
        "({alert})"
    ),
    fix=(
        Fix(
            "Set `{versions, ['tlsv1.3', 'tlsv1.2']}` in the server and in the client part of the option file on "
            "all nodes.",
        ),
        Fix(
            "Remove `ciphers` from the option files, or use the same list everywhere and make it fit the type of "
            "the certificate's key.",
        ),
        Fix("Upgrade a node whose OpenSSL or OTP does not know the TLS version that the others demand."),
        Fix(
            "Set versions alike in both sections of inter_node_tls.config, for the servers and for the CLI tools.",
            Product.RABBITMQ,
        ),
        Fix("Set versions alike in both sections of etc/ssl_dist.conf on all nodes.", Product.EMQX),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://www.rabbitmq.com/docs/clustering-ssl",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    hello = attempt.first(events.TlsClientHello)
    if hello is None or attempt.first(events.StatusSent):
        return
    alert = next((alert for alert in attempt.all(events.TlsAlert) if alert.message.name in ABOUT_PARAMETERS), None)
    if alert is None:
        return
    offered = ", ".join(_version(version) for version in hello.message.versions)
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"the {alert.side.value} sent the TLS alert {alert.message.name}; the initiator offers {offered} and"
        f" {len(hello.message.cipher_suites)} cipher suites",
        evidence=[
            show(hello, f"ClientHello: {offered}"),
            show(attempt.first(events.TlsServerHello), "ServerHello"),
            show(alert, f"alert {alert.message.name} from the {alert.side.value}"),
        ],
        detail={"alert": alert.message.name, "rejected_by": alert.side.value},
        alert=alert.message.name,
        rejecter=attempt.label(alert.side),
    )


ABOUT_PARAMETERS = frozenset(
    {
        "protocol_version",
        "insufficient_security",
        "illegal_parameter",
        "inappropriate_fallback",
        "missing_extension",
        "unsupported_extension",
        "unrecognized_name",
        "no_application_protocol",
    }
)

_VERSIONS = {0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}


def _version(number: int) -> str:
    return _VERSIONS.get(number, f"{number:#06x}")
