"""The handshake was not finished in time: the timer of one side ran out in the middle.

What happens:
    The handshake begins, and something of it comes from the other side. Then a step takes too long. After 7 seconds
    (net_setuptime) one side closes.

Why:
    Each side allows 7 seconds for a step, not for the whole. The initiator starts the timer anew after the EPMD
    lookup and after its reply; the acceptor after accepting, after the status and after the challenge. It runs out
    when

    - the round trip is long, or packets get lost and are sent again;
    - one side is overloaded, or hangs in the middle of the handshake;
    - net_setuptime was set to a small number;
    - the old connection of the same name has to end first (duplicate-name with OTP 24 or earlier).

How to confirm:
    Expect no log. The side whose timer fired prints `setup_timer_timeout` after `net_kernel:verbose(1)`; the other
    one sees a close (`{recv_challenge_reply_failed,{error,closed}}` and the like).

    Ask for the setting: `application:get_env(kernel, net_setuptime).` `undefined` means 7 s. The maximum is 120.

    Measure the path: `ping HOST`. In the capture, the time between SYN and SYN-ACK is the round trip.
    Retransmissions mean loss. ACKs without the next message mean that the host is up and the VM slow.

    Look-alikes: a close a few milliseconds after the reply is cookie-mismatch. No byte from the acceptor at all is
    no-handshake-response, and without ACKs handshake-blackholed.

How to fix:
    Make the path or the slow side faster. If the path is long by nature, raise net_setuptime on both sides.

Seen in:
    All OTP releases; 7 s is the default of all of them.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.compatibility import is_version_zero
from analyzer.sessions.ending import JITTER, MILLISECOND, SECOND, Ending, ending_of, is_slow_path, seconds
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Problem, Side

RULE = Rule(
    id="HSK014",
    name="handshake-timeout",
    stage=None,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    says=(
        "The handshake between {initiator} and {acceptor} was not finished in time: {waiter} gave up after {seconds} s"
    ),
    fix=(
        Fix("Find the slow part: round trip and loss on the path, or load on the side that should have spoken next."),
        Fix("On long paths start both nodes with `-kernel net_setuptime 20` (at most 120)."),
        Fix("Look for a `-kernel net_setuptime` (seconds, 7 by default) that somebody set too low, and remove it."),
        Fix(
            "Put `{kernel, [{net_setuptime, 20}]}` into advanced.config, and `-kernel net_setuptime 20` into "
            "RABBITMQ_CTL_ERL_ARGS for the CLI.",
            Product.RABBITMQ,
        ),
        Fix("Put `-kernel net_setuptime 20` into rel/vm.args.eex and rel/remote.vm.args.eex.", Product.ELIXIR),
        Fix("Put `-kernel net_setuptime 20` into ERL_OPTIONS in ejabberdctl.cfg.", Product.EJABBERD),
        Fix("Put `-kernel net_setuptime 20` into vm.args.", Product.COUCHDB),
    ),
    references=(
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None:
        yield from _during_lookup(attempt)
        return
    ending = ending_of(attempt, link)
    if ending is None or not ending.by_timer:
        return
    if attempt.stage in DONE and not _half_a_name(attempt, ending):
        return
    if has_foreign_reset(attempt) or attempt.first(events.ForeignSpoken, leg=Leg.LINK):
        return
    if any(alert.message.name not in SAYS_NO_REASON for alert in attempt.all(events.TlsAlert)):
        # However long it took, on a host that has much to do: it was no timer, and the alert says what it was.
        return
    tls = attempt.first(events.TlsClientHello) is not None
    heard = link.flows[Side.ACCEPTOR].sent > 0
    if tls and not heard:
        return
    if not heard and not is_slow_path(attempt) and not _half_a_name(attempt, ending):
        return
    if any(flow.unacknowledged and flow.resent >= 2 for flow in link.flows.values()):
        return
    if tls and any(not hole.delivered and not hole.snapped for hole in link.holes):
        return
    if is_version_zero(attempt) and not heard:
        return
    last = _last_said(attempt, ending)
    if last is None or any(hole.delivered and hole.packet.at >= last.packet.at for hole in link.holes):
        # More was said than the capture shows, so what the timer waited for is not known.
        return
    slow = (
        f"; a round trip on this path takes {seconds(link.round_trip)}"
        if link.round_trip and is_slow_path(attempt)
        else ""
    )
    # A path that leaves no time for the answer hides whether the close waited for one.
    sure = ending.on_the_second or not slow
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if sure and not attempt.qualities else Certainty.LIKELY,
        why=f"the {ending.side.value} closed in mid-handshake, {seconds(ending.timer)} after it had started its timer"
        f" (net_setuptime){slow}",
        evidence=[
            show(last, "the last thing that was said"),
            show(ending.closing, f"the {ending.side.value} gives up after {seconds(ending.timer)}"),
        ],
        detail={"expired_at": ending.side.value, "after_ms": ending.timer // MILLISECOND},
        alternatives=() if sure else (f"the {ending.side.value}'s node ended in that very moment",),
        waiter=attempt.label(ending.side),
        seconds=f"{ending.timer / SECOND:.1f}",
    )


SAYS_NO_REASON = frozenset({"close_notify", "user_canceled"})

DONE = (Stage.LOOKUP, Stage.TCP, Stage.ACK, Stage.CONNECTED, Stage.ENDED)
"""Nothing of the handshake has begun, or nothing of it is left."""


def _half_a_name(attempt: Attempt, ending: Ending) -> bool:
    """The initiator began a name and never finished it; the acceptor's timer ran out."""
    cut = attempt.first(events.NotUnderstood, Side.INITIATOR, Leg.LINK)
    return ending.side is Side.ACCEPTOR and cut is not None and cut.problem == Problem.TRUNCATED.value


def _last_said(attempt: Attempt, ending: Ending) -> events.Event | None:
    said = [
        event
        for event in attempt.timeline
        if event.leg is Leg.LINK and isinstance(event, SAID) and event.packet.at <= ending.closing.packet.at
    ]
    return said[-1] if said else None


SAID = (
    events.HandshakeEvent,
    events.NotUnderstood,
    events.TlsClientHello,
    events.TlsServerHello,
    events.TlsCertificate,
    events.Opened,
)


def _during_lookup(attempt: Attempt) -> Iterator[Finding]:
    """EPMD's answer came after the initiator had given up: the path is too slow for its net_setuptime."""
    answered = attempt.first(events.EpmdAnswered)
    ending = ending_of(attempt, attempt.epmd)
    if answered is None or ending is None or ending.side is not Side.INITIATOR or attempt.port2_resp is None:
        return
    if answered.packet.at <= ending.closing.packet.at or ending.timer < SECOND - JITTER:
        # A lookup that is dropped at once was not needed any more: the other node's call came first.
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"the initiator gave up {seconds(ending.timer)} after it had begun the lookup; EPMD's good answer arrived"
        f" {seconds(answered.packet.at - ending.closing.packet.at)} later",
        evidence=[
            show(attempt.first(events.EpmdAsked), "request to EPMD"),
            show(ending.closing, "the initiator gives up"),
            show(answered, "EPMD's answer, too late"),
        ],
        detail={"expired_at": Side.INITIATOR.value, "after_ms": ending.timer // MILLISECOND},
        waiter=attempt.label(Side.INITIATOR),
        seconds=f"{ending.timer / SECOND:.1f}",
    )
