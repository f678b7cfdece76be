"""One side fell silent on a working link, and the other one gave it up after net_ticktime.

What happens:
    The nodes are connected. From some moment on nothing comes from one side, not even ticks. The other side goes on
    sending ticks, and closes when nothing has come for about net_ticktime: 45 to 75 seconds with the default of 60.

Why:
    - The silent VM does not run: stopped, frozen, swapped out, a virtual machine that is moved or paused, a host
      without CPU.
    - The path is dead: a cable, a route, a firewall or NAT that forgot the connection.
    - The link is choked: one huge message over a slow path keeps ticks waiting in one direction.
    - net_ticktime differs between the two sides, so that one expects ticks more often than the other sends them.

How to confirm:
    The side that closed logs "Node NAME not responding" and "Removing (timedout) connection". RabbitMQ logs "node
    NAME down: net_tick_timeout".

    The TCP acknowledgements tell the two main causes apart. If the silent host still acknowledges, its kernel is
    alive and its VM is not. If nothing comes back and data is sent again and again, the path or the whole host is
    dead.

    Compare `net_kernel:get_net_ticktime().` on both sides. In the capture, ticks of an idle link are net_ticktime/4
    apart.

    Look at the silent host at the time of its last byte: `dmesg`, CPU steal, swap, backup or snapshot jobs.

    Look-alikes: a NAT that forgot the connection shows ACKs from neither side, and often a RST later.

How to fix:
    Find out why that side fell silent. A larger net_ticktime only makes the cluster wait longer; it must be the
    same on all nodes.

Seen in:
    All OTP releases. net_tickintensity, which sets the number of ticks per period, since OTP 25.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import MILLISECOND, SECOND, seconds
from analyzer.sessions.lifetime import Silence, silent_side, tick_timeout_of
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="LNK005",
    name="tick-timeout",
    stage=Stage.ENDED,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    at=(Stage.CONNECTED, Stage.ENDED),
    says="{silent} fell silent and its peer closed the link between {initiator} and {acceptor} after {seconds} s",
    fix=(
        Fix(
            "If the silent host still sends TCP ACKs, find out what stopped its VM at that time: CPU, swap, "
            "paused or migrated machine.",
        ),
        Fix(
            "If it does not, look at the path: link, routes, firewall state and NAT idle timeouts (above 60 s, as "
            "ticks come every 15 s).",
        ),
        Fix("Use the same net_ticktime on all nodes; raise it only to bridge known short outages."),
        Fix("If large messages choke the link, make them smaller, or raise its send buffer (`erl +zdbbl`, in kB)."),
        Fix(
            "Set net_ticktime in advanced.config, `[{kernel, [{net_ticktime, 120}]}].`, alike on all nodes.",
            Product.RABBITMQ,
        ),
        Fix("Set node.dist_net_ticktime (EMQX_NODE__DIST_NET_TICKTIME) alike on all nodes.", Product.EMQX),
    ),
    references=(
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
        "https://www.rabbitmq.com/docs/nettick",
        "https://github.com/erlang/otp/pull/11031",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    silence = tick_timeout_of(attempt)
    if silence is not None:
        yield from _closed(attempt, silence)
    elif (quiet := silent_side(attempt)) is not None:
        yield from _still_open(attempt, quiet)


def _closed(attempt: Attempt, silence: Silence) -> Iterator[Finding]:
    link = attempt.link
    if link is None or link.end is None:
        return
    quiet = silence.side
    flow = link.flows[quiet]
    acknowledging = flow.last is not None and flow.last_data is not None and flow.last.at - flow.last_data.at > SECOND
    unheard = link.flows[quiet.other].unacknowledged > 0
    if unheard:
        cause, how = "path", "what was sent to it was not acknowledged either, so the path or the host is dead"
    elif acknowledging:
        cause, how = "frozen", "its TCP went on acknowledging, so its host is up and its emulator is not"
    else:
        cause, how = "path", "nothing at all came from it"
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY if attempt.qualities else Certainty.CERTAIN,
        why=f"the {quiet.value} sent nothing for {seconds(silence.length)}, while the {quiet.other.value} kept sending"
        f" ({silence.sent} ticks or messages), and then closed; {how}",
        evidence=[
            Evidence(flow.last_data, f"last data of the {quiet.value}") if flow.last_data else None,
            show(link.end, f"the {quiet.other.value} closes {seconds(silence.length)} later"),
        ],
        detail={
            "silent": quiet.value,
            "silence_ms": silence.length // MILLISECOND,
            "net_ticktime": silence.ticktime,
            "cause": cause,
        },
        silent=attempt.label(quiet),
        seconds=f"{silence.length / SECOND:.1f}",
    )


def _still_open(attempt: Attempt, quiet: Side) -> Iterator[Finding]:
    link = attempt.link
    if link is None:
        return
    speaker = link.flows[quiet.other]
    first, resent = speaker.last_data, speaker.last_resent
    if first is None or resent is None:
        return
    length = resent.packet.at - first.at
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"what the {quiet.other.value} sent was repeated {resent.retry} times in {seconds(length)} without an"
        f" acknowledgment of the {quiet.value}; ticks can't get through, and net_ticktime ends such a link",
        evidence=[
            Evidence(first, f"last data of the {quiet.other.value}, first time"),
            show(resent, f"{resent.length} bytes of it again, retransmission {resent.retry}"),
        ],
        detail={"silent": quiet.value, "silence_ms": length // MILLISECOND, "net_ticktime": None, "cause": "path"},
        alternatives=("the path came back after the capture's end",),
        silent=attempt.label(quiet),
        seconds=f"{length / SECOND:.1f}",
    )
