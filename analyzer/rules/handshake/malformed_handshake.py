"""One side sent bytes that are no valid handshake message.

What happens:
    The connection looks like Erlang distribution, or like nothing known, and a message breaks the rules: an unknown
    tag, a length of zero, a message that is too short, a length inside that does not fit, a name without exactly
    one @. The other side closes at once, or waits 7 seconds for bytes that never come.

Why:
    - A home-made or incomplete implementation of the protocol, or one for another OTP release.
    - A client that sends its own protocol to the distribution port. The first two bytes are taken as a length.
    - A proxy that adds or changes bytes, e.g. a load balancer with the PROXY protocol switched on.
    - A node name that is broken: empty, without @, longer than 255 characters.

How to confirm:
    The acceptor may log a crash report (`badarg` in `lists:split` for a message that is too short). Mostly it is
    silent. It closes within 50 ms, without a byte.

    Look at the bytes in the evidence. Text such as `GET ` or `PROXY ` tells who speaks. `0d 0a 0d 0a 00 0d 0a 51`
    is version 2 of the PROXY protocol.

    Find the program behind the sender's port: `ss -tnp` on its host while it runs.

    Look-alikes: known protocols are not-erlang-peer. A message that was cut by the capture (snaplen, lost packets)
    is marked as such and not judged. TLS where none is expected has rules of its own.

How to fix:
    Correct or upgrade the side that sent it. OTP nodes do not send such messages by themselves.

Seen in:
    Foreign implementations, proxies and scanners; all OTP releases as the side that closes.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.compatibility import wants_dynamic_name
from analyzer.sessions.ending import ending_of
from analyzer.sessions.events import Leg
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Problem, Side

RULE = Rule(
    id="HSK015",
    name="malformed-handshake",
    stage=None,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.NameSent, events.StatusSent, events.NotUnderstood),
    says="{sender} sent bytes that are no valid handshake message",
    fix=(
        Fix("Find the program that sent the bytes (`ss -tnp` on its host), and correct, upgrade or stop it."),
        Fix(
            "If a load balancer is in between, switch its PROXY protocol off for this port, or take it out of the "
            "path.",
        ),
        Fix("If the name is at fault, start the node with a name of the form NAME@HOST, at most 255 characters."),
    ),
    references=("https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    if (
        link is None
        or attempt.first(events.ForeignSpoken, leg=Leg.LINK)
        or attempt.stage in (Stage.CONNECTED, Stage.ENDED)
    ):
        return
    ending = ending_of(attempt, link)
    bad = next(
        (said for said in attempt.all(events.NotUnderstood, leg=Leg.LINK) if said.problem == Problem.MALFORMED.value),
        None,
    )
    event: events.Event | None
    if bad is not None:
        side, event, why, says = bad.side, bad, bad.reason, f"{bad.length} bytes that are no handshake message"
    elif (found := _bad_name(attempt)) is not None:
        side, event, why, says = Side.INITIATOR, attempt.first(events.NameSent), found, "send_name"
    elif (status := _unknown_status(attempt)) is not None:
        side, event, why, says = (
            status.side,
            status,
            f"the status {status.text!r} is none that any node sends",
            "the status",
        )
    elif (cut := _cut_by_sender(attempt)) is not None:
        side, event, why, says = (
            cut.side,
            cut,
            f"its sender ended in the middle of a message: {cut.reason}",
            "the message breaks off",
        )
    else:
        return
    if (
        attempt.qualities & {Quality.MIDSTREAM, Quality.ONE_SIDED}
        and bad is not None
        and bad.offset == 0
        and not link.opener_seen
    ):
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY if attempt.qualities else Certainty.CERTAIN,
        why=f"what the {side.value} sends is no valid handshake message: {why}",
        evidence=[
            show(event, f"from the {side.value}: {says}"),
            show(ending.closing, f"the {ending.side.value} closes") if ending else None,
        ],
        detail={"sent_by": side.value} | ({"rejected_by": ending.side.value} if ending else {}),
        sender=attempt.label(side),
    )


KNOWN_STATUSES = frozenset({"ok", "ok_simultaneous", "nok", "not_allowed", "alive", "named", None})


def _bad_name(attempt: Attempt) -> str | None:
    name = attempt.send_name
    if name is None or name.valid_name() or wants_dynamic_name(attempt) or attempt.first(events.StatusSent):
        return None
    return (
        f"the node name {name.name[:80]!r} ({len(name.name)} characters) is none: NAME@HOST of at most 255 characters"
        " is needed"
    )


def _unknown_status(attempt: Attempt) -> events.StatusSent | None:
    return next((status for status in attempt.all(events.StatusSent) if status.text not in KNOWN_STATUSES), None)


def _cut_by_sender(attempt: Attempt) -> events.NotUnderstood | None:
    """A message that its own sender's FIN cut short."""
    link = attempt.link
    for cut in attempt.all(events.NotUnderstood, leg=Leg.LINK):
        if link is None or cut.problem != Problem.TRUNCATED.value or any(hole.side is cut.side for hole in link.holes):
            continue
        ending = ending_of(attempt, link)
        if ending is not None and ending.side is cut.side and ending.prompt:
            return cut
    return None
