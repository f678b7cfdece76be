"""The handshake succeeded, and one side closed at once for a reason of its own.

What happens:
    Name, flags and cookie are right: the last message of the handshake (the ack) has a valid digest. Then one side
    closes within milliseconds, before any data.

Why:
    After the handshake the node still has to hand the connection to its VM. That can fail locally: a system limit
    is reached, the socket cannot be handed over, or the process that should report the new node is not allowed to.

How to confirm:
    The side that closed logs the reason: "Distribution system limit reached", "could not get low level port", or
    "Fatal: ... was not allowed to send {nodeup, ...}". Without its log the packets cannot say more.

    Look at the limits on that host: `cat /proc/PID/limits`, `ls /proc/PID/fd | wc -l`, and in its console
    `erlang:system_info(port_limit).` and `erlang:system_info(port_count).`

    In the capture: a complete handshake, then FIN, and no frame from the side that closed.

    Look-alikes: if the initiator closes and the digest of the ack is wrong, it is cookie-mismatch. A node that is
    stopped at that moment looks the same once; repeated attempts do not.

How to fix:
    Read the log of the side that closed and lift the limit that it names.

Seen in:
    All OTP releases; rare.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.connection import Closing
from analyzer.sessions.ending import ending_of, seconds
from analyzer.sessions.lifetime import setup_failed
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="LNK001",
    name="local-setup-failure",
    stage=Stage.CONNECTED,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.AckSent,),
    says="{initiator} and {acceptor} agreed on everything, and then {closer} closed at once for a local reason",
    fix=(
        Fix("Read the log of the side that closed, at that second: it names the limit or the failure."),
        Fix("Raise its limits: file descriptors (`ulimit -n`, `LimitNOFILE=` in systemd) and Erlang ports (`erl +Q`)."),
        Fix("If that node was just being stopped, try again."),
        Fix("Set LimitNOFILE=64000 in a systemd drop-in of rabbitmq-server.service, and restart it.", Product.RABBITMQ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/apps/erts/erl_cmd.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    closing = setup_failed(attempt) or _closed_with_right_digests(attempt, around)
    acked = attempt.first(events.AckSent)
    if closing is None or acked is None or has_foreign_reset(attempt):
        return
    right = _digests_are_right(attempt, around)
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if right else Certainty.LIKELY,
        why=f"the {closing.side.value} closed {seconds(closing.packet.at - acked.packet.at)} after the challenge ack,"
        " before it sent any data" + ("; both digests are right" if right else ""),
        evidence=[
            show(attempt.first(events.ReplySent), "challenge reply"),
            show(acked, "challenge ack: the handshake is complete"),
            show(closing, f"the {closing.side.value} closes without data of its own"),
        ],
        detail={"failed_at": closing.side.value},
        alternatives=() if right else ("the node ended in that very moment",),
        closer=attempt.label(closing.side),
    )


def _digests_are_right(attempt: Attempt, around: Surroundings) -> bool:
    """Both were made with one cookie that the user gave."""
    reply = around.cookie_of_reply(attempt)
    return reply is not None and reply == around.cookie_of_ack(attempt)


def _closed_with_right_digests(attempt: Attempt, around: Surroundings) -> Closing | None:
    """An initiator that closes after an ack whose digest is right was not refused."""
    ending = ending_of(attempt, attempt.link)
    if attempt.stage is not Stage.ACK or ending is None or ending.by_timer or not _digests_are_right(attempt, around):
        return None
    return ending.closing
