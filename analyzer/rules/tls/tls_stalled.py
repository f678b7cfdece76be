"""The TLS handshake started and then stood still: its data got lost or was never answered.

What happens:
    Small packets pass: TCP opens, the ClientHello may arrive. Then TLS messages are sent again and again without
    acknowledgement, or the acceptor never answers. The initiator gives up after 7 seconds.

Why:
    - An MTU black hole. Certificates fill packets of full size. A tunnel, VPN or overlay on the path has a smaller
      MTU, drops them, and the ICMP message that should tell the sender is filtered.
    - A TLS acceptor that is blocked. In OTP 20 and earlier one silent client keeps all others waiting.

How to confirm:
    Expect no log on the acceptor. After `net_kernel:verbose(1)` the initiator prints `setup_timer_timeout`.

    Test the path in both directions: `ping -M do -s 1472 HOST` (1500 bytes on the wire). If it fails, lower the
    size until it passes: the MTU is that size plus 28. Compare with `ip link` on both hosts.

    In the capture: segments of nearly full size sent again at about 0.2, 0.6, 1.4, 3.0 s, while smaller ones are
    acknowledged. The sender of those segments is where the path is broken. Without retransmissions it is the
    acceptor that does not answer.

    Look-alikes: on a plain listener nothing gets lost (tls-to-plain-listener). If small data is lost as well, it is
    handshake-blackholed.

How to fix:
    Make the MTU right on the path, or clamp the MSS. Shorter certificate chains hide the problem until the first
    large message.

Seen in:
    All releases with TLS distribution. The blocking acceptor: erlang/otp#3287, fixed in OTP 21.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.ending import ending_of, hangs, seconds
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="TLS006",
    name="tls-stalled",
    stage=Stage.TLS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.TlsClientHello,),
    says="The TLS handshake between {initiator} and {acceptor} stood still until {initiator} gave up",
    fix=(
        Fix(
            "Clamp the MSS on the tunnel or router: "
            "`iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`.",
        ),
        Fix(
            "Set the MTU of both hosts' interfaces to what the tunnel or overlay carries, e.g. "
            "`ip link set dev eth0 mtu 1400`.",
        ),
        Fix('Let ICMP "fragmentation needed" (type 3 code 4; ICMPv6 type 2) through all firewalls of the path.'),
        Fix(
            "If nothing is retransmitted, look at the acceptor: upgrade OTP 20 or earlier, and see "
            "no-handshake-response.",
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://github.com/erlang/otp/issues/3287",
        "https://github.com/erlang/otp/pull/2654",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    hello = attempt.first(events.TlsClientHello)
    if link is None or hello is None or attempt.stage in (Stage.CONNECTED, Stage.ENDED):
        return
    for side in Side:
        flow = link.flows[side]
        if (
            not flow.unacknowledged
            or flow.resent < 2
            or flow.last_resent is None
            or attempt.qualities & {Quality.ONE_SIDED}
        ):
            continue
        longest = flow.last_resent.length
        yield RULE.finding(
            attempt,
            certainty=Certainty.CERTAIN if attempt.views else Certainty.LIKELY,
            why=f"{flow.unacknowledged} bytes of the {side.value}'s TLS handshake were sent again and again"
            f" ({flow.resent} times) and never acknowledged; the last repetition has {longest} bytes, while small"
            " packets pass",
            evidence=[
                show(hello, "ClientHello"),
                Evidence(flow.last_data, f"TLS data of the {side.value}, first time") if flow.last_data else None,
                show(flow.last_resent, f"sent again, {longest} bytes, retransmission {flow.resent}"),
                show(link.end, f"the {link.end.side.value} gives up") if link.end else None,
            ],
            detail={"direction": f"{side.value} to {side.other.value}", "segment": longest},
            alternatives=() if attempt.views else ("all data of that direction is lost, whatever its size",),
        )
        return
    yield from _hole_seen_by_receiver(attempt, around)
    yield from _listener_hangs(attempt, around)


def _hole_seen_by_receiver(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    """At the receiving end a black hole shows as a gap: later data arrive, the large segments before them never do."""
    link = attempt.link
    ending = ending_of(attempt, link)
    if link is None or ending is None or not ending.by_timer or attempt.first(events.NameSent):
        return
    for hole in link.holes:
        if hole.delivered or hole.snapped or hole.side is not Side.ACCEPTOR:
            continue
        yield RULE.finding(
            attempt,
            certainty=Certainty.LIKELY,
            why=f"{hole.length} bytes of the acceptor's TLS handshake never arrived, though later and smaller ones did;"
            f" the {ending.side.value} gave up after {seconds(ending.timer)}",
            evidence=[
                show(attempt.first(events.TlsClientHello), "ClientHello"),
                show(hole, f"{hole.length} bytes before this packet are missing"),
                show(ending.closing, f"the {ending.side.value} gives up"),
            ],
            detail={"direction": "acceptor to initiator"},
            alternatives=("packets are lost whatever their size",),
        )
        return


def _listener_hangs(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    """Not one byte answers the ClientHello, and not even the acceptor's own timer closes the connection."""
    link, hello = attempt.link, attempt.first(events.TlsClientHello)
    ending = ending_of(attempt, link)
    if link is None or hello is None or ending is None or not hangs(attempt, around.capture_ends(attempt)):
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE if attempt.qualities else Certainty.LIKELY,
        why=f"the acceptor's TCP acknowledged the ClientHello and nothing more came; the initiator gave up after"
        f" {seconds(ending.timer)}, and the acceptor did not close even then: a plain listener would have, by its own"
        " timer",
        evidence=[
            show(hello, "ClientHello"),
            show(ending.closing, "the initiator gives up"),
            Evidence(link.last, "last packet of the connection: the acceptor's side stays open"),
        ],
        detail={"direction": "acceptor to initiator"},
        alternatives=("a plain listener on a host that stopped in between",),
    )
