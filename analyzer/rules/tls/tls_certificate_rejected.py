"""One side refused the other because of its TLS certificate.

What happens:
    Both sides speak TLS and agree on version and cipher. Then one of them sends a fatal alert and the connection
    ends. With TLS 1.3 the alert is encrypted: only its place and size can be seen.

Why:
    - expired or not yet valid: certificate_expired (45);
    - issued by a CA that the other side does not trust, or without its intermediate certificates: unknown_ca (48);
    - the name is wrong: the initiator compares the certificate of the acceptor with the host part of the node name
      that it called. OTP reports that as handshake_failure (40), with hostname_check_failed in its log;
    - the initiator sent no certificate and the acceptor demands one: handshake_failure (40) in TLS 1.2,
      certificate_required (116) in TLS 1.3;
    - damaged, or not meant for this use: bad_certificate (42), unsupported_certificate (43).

How to confirm:
    Both sides log it. The one that refuses writes "generated SERVER ALERT" (acceptor) or "generated CLIENT ALERT"
    (initiator), the other writes "received". The words after "Fatal -" name the reason.

    Check the refused certificate: `openssl x509 -in CERT -noout -dates -subject -issuer -ext subjectAltName`. Check
    it against the CA file of the other side: `openssl verify -CAfile CA CERT`. Compare the clocks of the two hosts:
    `date -u`.

    In the capture, TLS 1.2: the alert is in the clear and its sender is the side that refuses. TLS 1.3: a record of
    19 bytes of payload and a close, before any status message; if the acceptor refuses, the initiator has already
    sent its name by then.

    Look-alike: an ordinary TLS 1.3 close has the same size. It comes later. A key log file makes it certain.

How to fix:
    Renew or reissue the certificate that was refused, or give the refusing side the right CA file. If the old
    certificate is still sent after that, restart the node.

Seen in:
    All releases with TLS distribution. Host names: erlang/otp#3205, apache/couchdb#4575.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="TLS004",
    name="tls-certificate-rejected",
    stage=Stage.TLS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.TlsAlert, events.TlsEncryptedAlert),
    says="{rejecter} refused {rejected} because of its TLS certificate ({alert})",
    fix=(
        Fix("Renew the certificate if it has expired, and check the clocks of both hosts."),
        Fix(
            "Put the CA that signed it, and the intermediate certificates, into the `cacertfile` of the side that "
            "refused.",
        ),
        Fix(
            "Issue the acceptor's certificate with the host part of its node name as a DNS name in "
            "subjectAltName; OTP 25 wants that even for an IP address.",
        ),
        Fix(
            "If the acceptor demands a certificate (fail_if_no_peer_cert), name `certfile` and `keyfile` in the "
            "client part of the initiator.",
        ),
        Fix(
            "Put certfile, keyfile and cacertfile into both sections, server and client, of inter_node_tls.config "
            "on all hosts and for the CLI.",
            Product.RABBITMQ,
        ),
        Fix("Put certfile, keyfile and cacertfile into both sections of etc/ssl_dist.conf on all nodes.", Product.EMQX),
        Fix(
            "Put certfile, keyfile and cacertfile into both sections of the file that `-ssl_dist_optfile` in "
            "vm.args names.",
            Product.COUCHDB,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://www.rabbitmq.com/docs/clustering-ssl",
        "https://docs.couchdb.org/en/stable/cluster/tls_erlang_distribution.html",
        "https://github.com/erlang/otp/issues/3205",
        "https://github.com/apache/couchdb/issues/4575",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    if attempt.first(events.StatusSent):
        return
    alert = next((alert for alert in attempt.all(events.TlsAlert) if _is_about_certificate(attempt, alert)), None)
    hidden = next((alert for alert in attempt.all(events.TlsEncryptedAlert) if alert.rejection), None)
    if alert is not None:
        yield from _in_clear(attempt, alert)
    elif hidden is not None and attempt.first(events.TlsServerHello):
        yield from _encrypted(attempt, hidden)


REQUIRED = "certificate_required"
"""What TLS 1.3 demands as the answer to an empty Certificate (RFC 8446 section 4.4.2.4)."""
SIGNATURE_DOES_NOT_FIT = "decrypt_error"
"""The private key does not belong to the certificate (RFC 8446 section 6.2): said of the signature made with it."""
ABOUT_CERTIFICATES = frozenset(
    {
        "bad_certificate",
        "unsupported_certificate",
        "certificate_revoked",
        "certificate_expired",
        "certificate_unknown",
        "unknown_ca",
        "access_denied",
        REQUIRED,
        "no_certificate",
        SIGNATURE_DOES_NOT_FIT,
        "bad_certificate_status_response",
    }
)


def _is_about_certificate(attempt: Attempt, alert: events.TlsAlert) -> bool:
    if alert.message.name in ABOUT_CERTIFICATES:
        return True
    # OTP says handshake_failure for a missing client certificate and for a host name that does not fit
    # (docs/protocol.md 4.3 rows 35 and 37): after a certificate was shown, that is what it means.
    hello = attempt.first(events.TlsServerHello)
    return alert.message.name == "handshake_failure" and hello is not None and hello.packet < alert.packet


def _in_clear(attempt: Attempt, alert: events.TlsAlert) -> Iterator[Finding]:
    whose = alert.side.other
    shown = attempt.last(events.TlsCertificate, whose)
    leaf = shown.message.leaf if shown is not None else None
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if alert.message.name in ABOUT_CERTIFICATES else Certainty.LIKELY,
        why=f"the {alert.side.value} sent the TLS alert {alert.message.name} about the certificate of the {whose.value}"
        + (f" ({leaf.subject or 'without a subject'}, valid until {leaf.not_after})" if leaf is not None else ""),
        evidence=[
            show(attempt.first(events.TlsServerHello), "ServerHello"),
            show(shown, f"certificate of the {whose.value}"),
            show(alert, f"alert {alert.message.name} from the {alert.side.value}"),
        ],
        detail={"alert": alert.message.name, "rejected_by": alert.side.value},
        alternatives=() if alert.message.name in ABOUT_CERTIFICATES else ("no common signature algorithm or group",),
        alert=alert.message.name,
        rejecter=attempt.label(alert.side),
        rejected=attempt.label(whose),
    )


def _encrypted(attempt: Attempt, hidden: events.TlsEncryptedAlert) -> Iterator[Finding]:
    absent = attempt.first(events.TlsNoCertificate) if hidden.side is Side.ACCEPTOR else None
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"the {hidden.side.value} ended the TLS handshake with an encrypted alert, before any status of the"
        " distribution handshake; "
        + (
            "the initiator had answered the request for its certificate with an empty one"
            if absent
            else "which alert cannot be read without the keys"
        ),
        evidence=[
            show(attempt.first(events.TlsServerHello), "ServerHello: from here on everything is encrypted"),
            show(absent, "a record of the size of a Certificate that holds none, from the initiator")
            if absent
            else None,
            show(hidden, f"a record of the size of an alert, from the {hidden.side.value}"),
            show(attempt.link.end, "the connection is closed") if attempt.link else None,
        ],
        detail={"alert": REQUIRED if absent else None, "rejected_by": hidden.side.value},
        alternatives=("an alert that is not about certificates: the log of that side names it",),
        alert=f"an encrypted alert, by all signs {REQUIRED}" if absent else "an encrypted alert",
        rejecter=attempt.label(hidden.side),
        rejected=attempt.label(hidden.side.other),
    )
