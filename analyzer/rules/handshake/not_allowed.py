"""The acceptor has a list of allowed nodes, and the initiator is not on it.

What happens:
    The initiator sends its name. The acceptor answers with status `not_allowed` and closes. The capabilities of the
    initiator were complete, so they are not the reason.

Why:
    Somebody called `net_kernel:allow/1` on the acceptor, in a shell or in the code of an application. From then on
    it takes only the nodes of that list. Before the first such call every node with the right cookie is welcome.

    With TLS, the certificate can restrict the names as well: an acceptor that finds no allowed node for the
    certificate closes after TLS, before any status.

How to confirm:
    The acceptor logs "Connection attempt from disallowed node NAME". Up to OTP 22 a wrong cookie gives the same
    text. The status in the capture tells them apart: a wrong cookie gets status `ok` and a close after the
    challenge reply.

    The initiator logs nothing. After `net_kernel:verbose(1)` it prints `{recv_status_failed,not_allowed}`.

    In the acceptor's console: `net_kernel:allowed().` shows the list, in releases that have it.

    In the capture: `snot_allowed` as the first status, within 20 ms, and FIN from both.

    Look-alike: the same status with incomplete flags is mandatory-flags-missing. The acceptor's flags are not
    visible then; its release decides. A `not_allowed` after the challenge is about flags, too.

How to fix:
    Add the initiator to the list on the acceptor, by the exact name that it sends. The list is not kept over a
    restart: change the code or configuration that sets it.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.compatibility import missing_at_initiator
from analyzer.sessions.ending import ending_of
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK006",
    name="not-allowed",
    stage=Stage.STATUS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.StatusSent, events.NameSent),
    says="{acceptor} does not allow {initiator} to connect: the name is not on its list of allowed nodes",
    fix=(
        Fix(
            "Add the initiator on the acceptor: `net_kernel:allow(['NAME@HOST'])`, and in the code that calls "
            "allow/1 at start.",
        ),
        Fix(
            "If the initiator has changed its name (new host name, new address), give it the old one or extend "
            "the list.",
        ),
        Fix(
            "If its release is older than the acceptor's by more than two, upgrade it: missing capabilities get "
            "the same status.",
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/kernel/net_kernel.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    refused = next((status for status in attempt.all(events.StatusSent) if status.text == "not_allowed"), None)
    if refused is None:
        yield from _closed_inside_tls(attempt)
        return
    if missing_at_initiator(attempt, around):
        return
    named = attempt.first(events.NameSent)
    known = attempt.initiator_flags is not None
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE if not known else Certainty.LIKELY if refused.inferred else Certainty.CERTAIN,
        why="the acceptor answered not_allowed"
        + (
            ", and the initiator's flags hold all that any OTP release demands: only the acceptor's allow list remains"
            if known
            else "; the initiator's flags cannot be read"
        ),
        evidence=[show(named, "send_name"), show(refused, "status not_allowed")],
        detail={"rejected_by": Side.ACCEPTOR.value},
        alternatives=() if known else ("the initiator lacks flags that the acceptor demands",),
    )


def _closed_inside_tls(attempt: Attempt) -> Iterator[Finding]:
    """A TLS acceptor with an allow list compares it with the certificate, and closes before any status
    (docs/protocol.md 4.5, TLSD accept)."""
    link = attempt.link
    ending = ending_of(attempt, link)
    named = attempt.first(events.NameSent)
    over = attempt.first(events.TlsEncryptedAlert, Side.ACCEPTOR)
    if link is None or ending is None or ending.side is not Side.ACCEPTOR or ending.by_timer or named is None:
        return
    if attempt.stage is not Stage.NAME or not named.inferred or (over is not None and over.rejection):
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why="TLS is up and the initiator has sent its name; the acceptor closed the connection without a status, as one"
        " does whose allow list (net_kernel:allow/1) has no node that fits the initiator's certificate",
        evidence=[
            show(named, "the name, inside TLS"),
            show(over, "the acceptor says goodbye (close_notify)") if over else None,
            show(ending.closing, "the acceptor closes, and no status was sent"),
        ],
        detail={"rejected_by": Side.ACCEPTOR.value},
        alternatives=(
            "check_ip, or a proxy in front of the acceptor",
            "an acceptor that does not understand the form of the name",
        ),
    )
