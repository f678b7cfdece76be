"""The acceptor wants TLS but cannot offer it: it ends the connection before its first TLS message.

What happens:
    The initiator opens TCP and sends a ClientHello. The acceptor closes the connection, or sends an alert, before
    any ServerHello. The node listens, is registered, and nobody can join it.

Why:
    The acceptor reads its TLS options when a connection comes in, and fails on them: the certificate or key file
    does not exist or cannot be read by the service user, no certificate is configured in the server part, or an
    option is invalid. The listening port opens all the same.

How to confirm:
    The acceptor logs "Cannot accept TLS distribution connection: ..." with the reason. This is the line to look
    for.

    Check its option file as the service user:
    `erl -noshell -eval 'io:format("~p~n", [file:consult("FILE")]), halt().'` Then check each file that it names:
    `ls -l`, `openssl x509 -in CERT -noout -subject -dates`, and that key and certificate belong together:
    `openssl pkey -in KEY -pubout` and `openssl x509 -in CERT -noout -pubkey` print the same.

    In the capture: FIN of the acceptor before the ClientHello or instead of an answer (a late ClientHello then gets
    a RST), or alert 40 (handshake_failure) right after the ClientHello (no certificate configured).

    Look-alikes: alert 70 or 71 at that place is tls-negotiation-failed. A FIN without any TLS options on the
    acceptor's side can also come from a proxy without a backend (closed-before-handshake).

How to fix:
    Correct the server part of the option file on the acceptor. Certificates that were renewed need the right owner
    and mode: that is the usual cause when it worked yesterday.

Seen in:
    TLS distribution of all releases; wire and log text seen with OTP 25.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import ending_of
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="TLS001",
    name="tls-listener-misconfigured",
    stage=Stage.TLS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.TlsClientHello,),
    says=(
        "{acceptor} is set to TLS but ended the TLS connection of {initiator} before it said anything: its TLS "
        "options do not work"
    ),
    fix=(
        Fix(
            'Read the line "Cannot accept TLS distribution connection" in the acceptor\'s log and correct the file '
            "or option it names.",
        ),
        Fix(
            "Make certificate, key and CA file readable for the user that runs the node, with the directories "
            "above them.",
        ),
        Fix(
            "Name `certfile` and `keyfile` (or one file with both) in the server part of the file in "
            "`-ssl_dist_optfile`.",
        ),
        Fix(
            "Check the server section of inter_node_tls.config and that user rabbitmq can read its files.",
            Product.RABBITMQ,
        ),
        Fix("Check the server section of etc/ssl_dist.conf and the files in etc/certs that it names.", Product.EMQX),
        Fix(
            "Check the path in `-ssl_dist_optfile` of rel/vm.args.eex: a relative path depends on where the "
            "release is started.",
            Product.ELIXIR,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://www.rabbitmq.com/docs/clustering-ssl",
        "https://docs.emqx.com/en/emqx/latest/deploy/cluster/security.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    hello = attempt.first(events.TlsClientHello)
    if link is None or hello is None or attempt.first(events.TlsServerHello) or link.opened is None:
        return
    alert = attempt.first(events.TlsAlert, Side.ACCEPTOR)
    ending = ending_of(attempt, link)
    if alert is not None and alert.message.name not in OWN_FAULT:
        return
    if alert is None and (
        ending is None
        or ending.side is not Side.ACCEPTOR
        or ending.by_timer
        or link.flows[Side.ACCEPTOR].sent
        or has_foreign_reset(attempt)
    ):
        return
    how = f"alert {alert.message.name}" if alert is not None else "a close without one byte"
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"the acceptor answered the TLS connection with {how}, before any ServerHello",
        evidence=[
            show(link.opened, "the TCP connection is open"),
            show(hello, "ClientHello"),
            show(alert, f"alert {alert.message.name} from the acceptor") if alert else None,
            show(ending.closing, f"the {ending.side.value} closes") if ending else None,
        ],
        detail={"alert": alert.message.name if alert else None, "rejected_by": Side.ACCEPTOR.value},
        alternatives=(
            "the acceptor shares no cipher suite or signature algorithm with the initiator"
            if alert is not None
            else "a proxy or load balancer in front of the acceptor closed the connection",
        ),
    )


OWN_FAULT = frozenset({"handshake_failure", "internal_error", "bad_certificate", "decode_error"})
"""Without a certificate of its own OTP answers handshake_failure (docs/protocol.md 4.3 row 39); for no common cipher
suite it says insufficient_security."""
