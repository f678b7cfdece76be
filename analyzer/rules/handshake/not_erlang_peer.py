"""One side of this connection is no Erlang node: it speaks another protocol.

What happens:
    TCP opens on a port that should be a distribution port. One side speaks something else, e.g. SSH, HTTP, SMTP or
    Redis. The handshake cannot go on. An initiator that gets such an answer closes at once or after 7 seconds; an
    acceptor that gets such a question says nothing and closes.

Why:
    - The port is wrong: a fixed port that another service took, a port mapping, a stale EPMD registration whose
      port is now in other hands.
    - The address is wrong: EPMD of one host answered, and the port was dialled on another.
    - A client of another service, a scanner or a health check talks to the distribution port.

How to confirm:
    Expect no log about the protocol on either side. The initiator prints `recv_status_failed` or
    `setup_timer_timeout` after `net_kernel:verbose(1)`.

    On the called host: `ss -ltnp 'sport = :PORT'` names the program. Compare the port with `epmd -names`.

    In the capture: the first bytes of the foreign side, quoted in the evidence. A server that speaks first (SSH,
    SMTP) shows it right after TCP opened.

    Look-alikes: a TLS alert (`15 03`) is an Erlang node with TLS (plain-to-tls-listener); a ClientHello (`16 03`)
    is tls-to-plain-listener. Bytes that belong to no known protocol are malformed-handshake.

How to fix:
    If the acceptor is foreign, correct port or address. If the initiator is foreign, find out who it is, and close
    the distribution port to it.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="HSK005",
    name="not-erlang-peer",
    stage=Stage.NAME,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.ForeignSpoken,),
    says="{speaker} speaks {protocol} on this connection, not Erlang distribution",
    fix=(
        Fix(
            "If it is the acceptor: find what listens on that port (`ss -ltnp`), and give the Erlang node a port "
            "of its own.",
        ),
        Fix(
            "If it is the acceptor and the port came from EPMD: check that host name and address lead to the host "
            "that EPMD runs on.",
        ),
        Fix(
            "If it is the initiator: point that client, scanner or health check to another port, and firewall "
            "this one.",
        ),
        Fix(
            "Clients use 5672 or 5671 and the management UI 15672; 25672 is for nodes and CLI tools only.",
            Product.RABBITMQ,
        ),
        Fix("MQTT clients use 1883 or 8883; 4370 is for EMQX nodes only.", Product.EMQX),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.rabbitmq.com/docs/networking",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    foreign = next(
        (said for said in attempt.all(events.ForeignSpoken, leg=Leg.LINK) if said.protocol not in ("tls", "tls-alert")),
        None,
    )
    if foreign is None:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"the first bytes of the {foreign.side.value} are {foreign.title}: {foreign.why}",
        evidence=[
            show(attempt.first(events.EpmdAnswered), f"EPMD names port {attempt.acceptor.port}"),
            show(attempt.first(events.NameSent), "send_name"),
            show(foreign, f"the {foreign.side.value} speaks {foreign.title}"),
        ],
        detail={"protocol": foreign.protocol, "side": foreign.side.value},
        protocol=foreign.title,
        speaker=attempt.label(foreign.side),
    )
