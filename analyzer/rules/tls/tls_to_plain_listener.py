"""The initiator speaks TLS to a node that listens without TLS.

What happens:
    The initiator opens TCP and sends a TLS ClientHello. The acceptor says nothing at all. After 7 seconds both
    sides close, within milliseconds of each other.

Why:
    The acceptor runs without `-proto_dist inet_tls`. It takes the first two bytes of the ClientHello (`16 03`) as
    the length of a name message, 5635 bytes, and waits for the rest. EPMD does not tell whether a port speaks TLS,
    so the initiator cannot know.

How to confirm:
    Expect no log on either side. After `net_kernel:verbose(1)` the initiator prints `setup_timer_timeout`.
    RabbitMQ's CLI says "TCP connection succeeded but Erlang distribution failed" and suggests TLS among other
    things.

    Compare both command lines: `ps -o args= -C beam.smp | grep -o 'proto_dist [a-z0-9_]*'`. The acceptor prints
    nothing, or inet_tcp.

    From any host: `openssl s_client -connect HOST:PORT` hangs and ends without a certificate.

    In the capture: ClientHello from the initiator, acknowledged by TCP, and no byte from the acceptor.

    Look-alikes: a TLS listener that hangs is silent as well, but does not close after 7 s. A network that loses
    large packets shows retransmissions (tls-stalled).

How to fix:
    Decide for TLS or against it, then start all nodes and all tools of the cluster alike. A cluster cannot be
    switched node by node: plain and TLS nodes cannot talk.

Seen in:
    All releases with TLS distribution.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.ending import MILLISECOND, PATIENCE, ending_of, hangs, is_slow_path, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="TLS002",
    name="tls-to-plain-listener",
    stage=Stage.TLS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.TlsClientHello,),
    says="{initiator} speaks TLS, but {acceptor} listens for plain Erlang distribution and waited in silence",
    fix=(
        Fix("Start the acceptor with `-proto_dist inet_tls -ssl_dist_optfile FILE`, or the initiator without."),
        Fix("Change all nodes and tools of the cluster together; a node speaks either TLS or plain TCP."),
        Fix(
            "Put `-proto_dist inet_tls -ssl_dist_optfile FILE` into RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS of the "
            "server that lacks it, and restart it.",
            Product.RABBITMQ,
        ),
        Fix(
            "Put `-proto_dist inet_tls` and `-ssl_dist_optfile FILE` into rel/vm.args.eex and rel/remote.vm.args.eex.",
            Product.ELIXIR,
        ),
        Fix("Set cluster.proto_dist = inet_tls on all nodes (EMQX_CLUSTER__PROTO_DIST).", Product.EMQX),
        Fix(
            "Put `-proto_dist couch` and `-ssl_dist_optfile FILE` into vm.args of all nodes; see the "
            "`-couch_dist no_tls` list for exceptions.",
            Product.COUCHDB,
        ),
        Fix(
            "Put the two flags into ERL_OPTIONS in ejabberdctl.cfg: it counts for the server and for ejabberdctl.",
            Product.EJABBERD,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://www.rabbitmq.com/docs/clustering-ssl",
        "https://docs.couchdb.org/en/stable/cluster/tls_erlang_distribution.html",
        "https://docs.emqx.com/en/emqx/latest/deploy/cluster/security.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    hello = attempt.first(events.TlsClientHello)
    if link is None or hello is None or link.flows[Side.ACCEPTOR].sent:
        return
    said = link.flows[Side.INITIATOR]
    if said.resent and said.unacknowledged:
        return
    ending = ending_of(attempt, link)
    if ending is None and around.capture_ends(attempt) - hello.packet.at < PATIENCE:
        return
    if ending is not None and (ending.prompt or is_slow_path(attempt)):
        return
    if ending is not None and hangs(attempt, around.capture_ends(attempt)):
        return
    waited = (ending.closing.packet.at if ending else around.capture_ends(attempt)) - hello.packet.at
    # A plain listener closes by its own timer, within milliseconds of the initiator's; without that, it may hang.
    unsure = attempt.qualities & {Quality.ONE_SIDED, Quality.GAP} or link.closing_of(Side.ACCEPTOR) is None
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE if unsure else Certainty.LIKELY,
        why="a plain listener takes the first two bytes of a ClientHello (16 03) for a length of 5635 bytes and waits"
        f" for the rest: not one byte came in {seconds(waited)}",
        evidence=[
            show(hello, "TLS ClientHello"),
            show(ending.closing, f"the {ending.side.value} gives up after {seconds(ending.timer)}") if ending else None,
        ],
        detail={"waited_ms": waited // MILLISECOND},
        alternatives=("a TLS listener that hangs (OTP 20 and earlier: one silent client blocks all)",),
    )
