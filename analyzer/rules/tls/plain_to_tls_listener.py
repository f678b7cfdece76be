"""The initiator speaks plain Erlang distribution to a node that listens with TLS.

What happens:
    The initiator opens TCP and sends its name in the clear. The acceptor answers with a fatal TLS alert
    (unexpected_message) and closes.

Why:
    The acceptor was started with `-proto_dist inet_tls`, the initiator was not. Often the initiator is a tool: the
    server got the TLS flags and the command line tool on the same host did not. EPMD does not tell whether a port
    speaks TLS.

How to confirm:
    The acceptor logs "TLS server: In state hello ... generated SERVER ALERT: Fatal - Unexpected Message" with
    `unsupported_record_type`. The initiator logs nothing; after `net_kernel:verbose(1)` it prints
    `{recv_status_failed,{error,closed}}`.

    RabbitMQ's CLI says "TCP connection succeeded but Erlang distribution failed". It suggests cookie, host name and
    TLS. The packets tell which: it is TLS.

    Compare both command lines: `ps -o args= -C beam.smp | grep -o 'proto_dist [a-z0-9_]*'`.

    From any host: `openssl s_client -connect HOST:PORT` shows the certificate of the acceptor.

    In the capture: a name message (`N` or `n` after a 2-byte length) from the initiator, then
    `15 03 .. 00 02 02 0a` from the acceptor. The first such answer can take 0.3 s, as the acceptor has to start its
    TLS.

    Look-alikes: the other way round, a ClientHello that a plain listener waits over in silence, is
    tls-to-plain-listener. An alert as the answer to a ClientHello is tls-negotiation-failed or
    tls-certificate-rejected.

How to fix:
    Give the initiator the TLS flags that the acceptor has. A cookie or host name problem may be hidden behind it:
    it can only show up after that.

Seen in:
    All releases with TLS distribution. rabbitmq/rabbitmq-server#162, docker-library/rabbitmq#165.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import ending_of
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side
from dissectors.tls_alerts import alert_name

RULE = Rule(
    id="TLS003",
    name="plain-to-tls-listener",
    stage=Stage.TLS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.ForeignSpoken,),
    says="{acceptor} listens with TLS, but {initiator} speaks plain Erlang distribution to it",
    fix=(
        Fix("Start the initiator with `-proto_dist inet_tls -ssl_dist_optfile FILE`, like the acceptor."),
        Fix(
            "Put the same TLS flags into RABBITMQ_CTL_ERL_ARGS as into RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS, in "
            "rabbitmq-env.conf on every host.",
            Product.RABBITMQ,
        ),
        Fix(
            "Put the TLS flags into rel/remote.vm.args.eex too: `bin/APP remote` and `rpc` read that file, not "
            "vm.args.",
            Product.ELIXIR,
        ),
        Fix(
            "Put the TLS flags into ERL_OPTIONS (not EJABBERD_OPTS) in ejabberdctl.cfg, so that ejabberdctl uses "
            "them too.",
            Product.EJABBERD,
        ),
        Fix("Set cluster.proto_dist = inet_tls on all nodes (EMQX_CLUSTER__PROTO_DIST).", Product.EMQX),
        Fix(
            "Put `-proto_dist couch` and `-ssl_dist_optfile FILE` into vm.args of the node that lacks them.",
            Product.COUCHDB,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://www.rabbitmq.com/docs/clustering-ssl",
        "https://github.com/rabbitmq/rabbitmq-server/issues/162",
        "https://github.com/docker-library/rabbitmq/issues/165",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    named = attempt.first(events.NameSent)
    answer = next(
        (said for said in attempt.all(events.ForeignSpoken, Side.ACCEPTOR, Leg.LINK) if said.protocol in TLS_SAID), None
    )
    if answer is None or named is None or named.message is None or attempt.link is None:
        return
    ending = ending_of(attempt, attempt.link)
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"the initiator sent a plain send_name, and the acceptor answered in TLS: {answer.why}",
        evidence=[
            show(named, "plain send_name"),
            show(answer, "a TLS record in answer"),
            show(ending.closing, f"the {ending.side.value} closes") if ending else None,
        ],
        detail={"rejected_by": Side.ACCEPTOR.value, "alert": _alert(answer)},
    )


TLS_SAID = ("tls", "tls-alert")


def _alert(answer: events.ForeignSpoken) -> str | None:
    """Name of the alert in the answer's first record (RFC 8446 section 5.1: a header of five bytes, then level and
    description)."""
    if answer.protocol != "tls-alert" or len(answer.data) < 7:
        return None
    return alert_name(answer.data[6])
