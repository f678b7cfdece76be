"""A TCP connection to the distribution port was opened and nothing was sent: a probe, no connection attempt.

What happens:
    TCP opens. The opener sends no byte. Either it closes by itself, or the acceptor closes after 7 seconds (its
    net_setuptime).

Why:
    Health checks, load balancer probes, port scanners and monitoring do this. So does RabbitMQ's CLI: after a
    failed connection it opens and closes the distribution port once, to tell a closed port from a failed handshake.

How to confirm:
    The acceptor logs nothing by default. After `net_kernel:verbose(1)` it prints `setup_timer_timeout` for a probe
    that stays open.

    In the capture: SYN, SYN-ACK, ACK, then FIN or RST of the opener without data, or FIN of the acceptor after 7.0
    s (7.2 s with TLS).

    Look-alikes: an initiator of OTP 23 or 24 that dislikes the version range of EPMD closes without a byte as well;
    a lookup comes first then (epmd-version-range). A name that was sent and got lost shows retransmissions
    (handshake-blackholed).

How to fix:
    Nothing needs fixing. A probe that keeps its connections open takes up places in the acceptor for 7 seconds
    each; let health checks use another port.

Seen in:
    All OTP releases. RabbitMQ's CLI diagnostics.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.compatibility import has_no_common_version
from analyzer.sessions.ending import PATIENCE, ending_of, name_never_came, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK002",
    name="idle-no-name",
    stage=Stage.NAME,
    outcome=Outcome.OK,
    severity=Severity.INFO,
    at=(Stage.LOOKUP, Stage.TCP),
    says="{initiator} opened a connection to {acceptor} and sent nothing: a probe or health check",
    fix=(
        Fix("Nothing is broken; if the probes disturb you, point the health check to the port of the service instead."),
        Fix("Use `rabbitmq-diagnostics -q ping` or port 5672 for health checks, not 25672.", Product.RABBITMQ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.rabbitmq.com/docs/networking",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    connection = attempt.link or attempt.epmd
    if connection is None or not connection.is_open or any(flow.sent for flow in connection.flows.values()):
        return
    if attempt.first(events.TlsClientHello) or Quality.MIDSTREAM in attempt.qualities:
        return
    if name_never_came(attempt, around.capture_ends(attempt)):
        return
    ending = ending_of(attempt, connection)
    if ending is None and around.capture_ends(attempt) - connection.last.at < PATIENCE:
        return
    if ending is not None and ending.prompt:
        if ending.side is Side.ACCEPTOR:
            return
        if attempt.port2_resp is not None and has_no_common_version(attempt.port2_resp):
            # That is why it closes.
            return
    if ending is None:
        why = "nothing was sent in the rest of the capture"
    else:
        why = f"the {ending.side.value} closed after {seconds(ending.timer)} without a byte from either side"
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY if attempt.qualities or attempt.link is None else Certainty.CERTAIN,
        why=why,
        evidence=[
            show(connection.opened, "the TCP connection is open"),
            show(ending.closing, f"the {ending.side.value} closes, nothing was said") if ending else None,
        ],
        detail={"closed_by": ending.side.value} if ending else {},
    )
