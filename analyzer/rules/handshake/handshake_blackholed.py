"""TCP opened, but the handshake data never arrived: the network swallowed it.

What happens:
    SYN, SYN-ACK and ACK pass. Then one side sends handshake data, and it is never acknowledged. It is sent again
    and again. After 7 seconds the connection is given up.

Why:
    Something lets TCP open and then drops the packets with data:

    - a firewall or IPS that looks into the data and does not know the protocol;
    - a stateful firewall that sees one direction only (asymmetric routing);
    - connection tracking that lost or misread the connection;
    - a tunnel with a smaller MTU. It drops large packets only, so it hits TLS first (tls-stalled).

How to confirm:
    Expect no log on the initiator except `setup_timer_timeout` after `net_kernel:verbose(1)`.

    Capture on both hosts at the same time: the data leaves one host and does not arrive at the other. That is the
    proof, and it shows the direction.

    On firewalls between: look for drops of that pair, and for entries in state INVALID (`conntrack -L -d HOST`).
    Compare the routes of both directions (`ip route get`, `traceroute -T -p PORT HOST`).

    In the capture: the same bytes at about 0.2, 0.6, 1.4, 3.0 s after the first time, without an ACK.

    Look-alike: with an ACK for the name and no status, the network is fine and the VM hangs
    (no-handshake-response). A capture from one side cannot tell a lost packet from a lost answer.

How to fix:
    Find the device that drops, by capturing on both sides of each. Let the distribution port pass without
    inspection.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.ending import ending_of, name_never_came, seconds
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK004",
    name="handshake-blackholed",
    stage=Stage.NAME,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    says=(
        "Handshake data between {initiator} and {acceptor} got lost on the way: it was sent again and again without "
        "an acknowledgement"
    ),
    fix=(
        Fix("Capture on both hosts at once, find the direction that fails, then the device in between that drops it."),
        Fix("Exclude EPMD's port and the distribution ports from deep inspection (IPS, application firewall)."),
        Fix("Let both directions of a connection pass the same stateful firewall."),
        Fix("If only large packets get lost, correct the MTU of the tunnel, or clamp the MSS as for tls-stalled."),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.rabbitmq.com/docs/networking",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is not None and name_never_came(attempt, around.capture_ends(attempt)):
        yield from _name_lost(attempt)
        return
    if link is not None and (hole := _lost_ack(attempt)) is not None:
        yield from _ack_lost(attempt, hole)
        return
    if link is None or attempt.stage in (Stage.CONNECTED, Stage.ENDED, Stage.TCP, Stage.LOOKUP):
        return
    if attempt.first(events.TlsClientHello):
        return
    for side in Side:
        flow = link.flows[side]
        if not flow.unacknowledged or flow.last_resent is None or flow.resent < 2:
            continue
        if flow.last_resent.offset + flow.last_resent.length <= flow.acknowledged:
            continue
        if Quality.ONE_SIDED in attempt.qualities or has_foreign_reset(attempt):
            continue
        ending = ending_of(attempt, link)
        if ending is not None and ending.side is side.other and ending.prompt:
            continue
        yield RULE.finding(
            attempt,
            certainty=Certainty.CERTAIN if attempt.views else Certainty.LIKELY,
            why=f"{flow.unacknowledged} bytes of the {side.value} were sent {flow.resent + 1} times and never"
            " acknowledged, though the TCP handshake went through in both directions",
            evidence=[
                Evidence(flow.last_data, f"the {side.value}'s data, first time") if flow.last_data else None,
                show(flow.last_resent, f"sent again, retransmission {flow.resent}"),
                show(ending.closing, f"the {ending.side.value} gives up") if ending else None,
            ],
            detail={"direction": f"{side.value} to {side.other.value}"},
            alternatives=()
            if attempt.views
            else ("the acknowledgments are what gets lost, on the way back", "the host behind it died in that moment"),
        )
        return


def _name_lost(attempt: Attempt) -> Iterator[Finding]:
    """As the acceptor's end sees it: the connection opens, and neither the name nor the initiator's FIN ever arrive."""
    link = attempt.link
    ending = ending_of(attempt, link)
    if link is None or ending is None:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why="the initiator asked EPMD for the port and opened the connection, so it was about to send its name; neither"
        f" a name nor a FIN of it arrived in the {seconds(ending.timer)} until the acceptor gave up",
        evidence=[
            show(attempt.first(events.EpmdAnswered), "EPMD names the port"),
            show(link.opened, "the TCP connection is open"),
            show(ending.closing, f"the acceptor gives up after {seconds(ending.timer)}"),
        ],
        detail={"direction": "initiator to acceptor"},
        alternatives=("the initiator's node stopped in that very moment",),
    )


def _lost_ack(attempt: Attempt) -> events.BytesMissing | None:
    """The acceptor's bytes behind the reply that never reached this end, though later ones did."""
    link, replied = attempt.link, attempt.first(events.ReplySent)
    ending = ending_of(attempt, link)
    if link is None or replied is None or attempt.first(events.AckSent) or attempt.first(events.TlsClientHello):
        return None
    if ending is None or ending.side is not Side.INITIATOR or attempt.first(events.DataStarted, Side.INITIATOR):
        return None
    lost = (hole for hole in link.holes if hole.side is Side.ACCEPTOR and not hole.delivered and not hole.snapped)
    return next((hole for hole in lost if hole.packet.at >= replied.packet.at), None)


def _ack_lost(attempt: Attempt, hole: events.BytesMissing) -> Iterator[Finding]:
    """As the initiator's end sees it: data of the acceptor arrive, and what must come before them does not."""
    link = attempt.link
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"{hole.length} bytes of the acceptor after the challenge reply never arrived, though later ones did, and"
        " the initiator never acknowledged them: the challenge ack was lost on the way",
        evidence=[
            show(attempt.first(events.ReplySent), "challenge reply"),
            show(hole, f"{hole.length} bytes before this packet are missing"),
            show(link.end, "the initiator gives up") if link else None,
        ],
        detail={"direction": "acceptor to initiator"},
        alternatives=("the capture lost them, and the initiator closed for another reason",),
    )
