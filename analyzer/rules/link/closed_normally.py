"""The nodes were connected, and one of them closed the link in good order.

What happens:
    After a complete handshake and a life of the link, one side sends FIN and the other answers with FIN.

Why:
    - The node stopped (`init:stop/0`, `halt/0`), or a tool did its work and ended: each rabbitmqctl call is such a
      link.
    - Somebody called `erlang:disconnect_node/1`.
    - The VM was killed, also by `kill -9` or by the out-of-memory killer. The kernel closes its connections in good
      order as long as no data is unread. TCP alone cannot tell a stop from a crash.

How to confirm:
    The other side logs the loss of the node, with reason `connection_closed` (`tcp_closed` in OTP 28). RabbitMQ
    logs "node NAME down: connection_closed".

    Stopped or only disconnected? If the registration connection of that node with EPMD ends in the same moment, its
    VM ended. If it stays, only this link was cut.

    If the end was not wanted: look at the log of the side that sent the first FIN, at `dmesg` for the out-of-memory
    killer, and for erl_crash.dump.

    Look-alikes: several links closed within milliseconds of each other can be partition-disconnect. A close after a
    long silence is tick-timeout. A close as the same name connects again is superseded-connection.

How to fix:
    Nothing needs fixing if the stop was wanted.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import ending_of, seconds
from analyzer.sessions.lifetime import partition, setup_failed, shook_hands, supersedes, superseding, tick_timeout_of
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="LNK003",
    name="closed-normally",
    stage=Stage.ENDED,
    outcome=Outcome.OK,
    severity=Severity.INFO,
    at=(Stage.ACK, Stage.ENDED),
    says="The link between {initiator} and {acceptor} worked, and {closer} closed it in good order",
    references=("https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if link is None or not isinstance(link.end, events.Closed) or not _was_up(attempt):
        return
    if tick_timeout_of(attempt) or setup_failed(attempt) or superseding(attempt, around) or partition(attempt, around):
        return
    others = tuple(_what_else(attempt, link.end.side))
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY if others else Certainty.CERTAIN,
        alternatives=others,
        why=f"the link was up for {seconds(link.end.packet.at - link.first.at)}; then the {link.end.side.value} closed"
        " it in order",
        evidence=[
            show(attempt.first(events.AckSent) or attempt.first(events.DataStarted), "the link is up"),
            show(link.end, f"the {link.end.side.value} closes"),
        ],
        detail={"closed_by": link.end.side.value},
        closer=attempt.label(link.end.side),
    )


def _was_up(attempt: Attempt) -> bool:
    """Data went through, or the link stood idle for longer than a failed setup lasts: a C node may have nothing to
    say."""
    ending = ending_of(attempt, attempt.link)
    return attempt.stage is Stage.ENDED or (attempt.stage is Stage.ACK and ending is not None and ending.by_timer)


def _what_else(attempt: Attempt, closer: Side) -> Iterator[str]:
    """What the capture may lack of the story."""
    if attempt.qualities or not shook_hands(attempt):
        yield "the link ended for a reason that lies in the part of it that the capture lacks"
    if closer is Side.ACCEPTOR and supersedes(attempt):
        yield "the acceptor dropped it for a newer connection of the same node, which the capture lacks"
