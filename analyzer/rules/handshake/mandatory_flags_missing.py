"""One side refused the other because it lacks capabilities that newer releases require.

What happens:
    Both sides tell their capabilities (flags) in the handshake. One of them lacks flags that the other requires.
    Either the acceptor answers `not_allowed`, or the initiator closes right after the challenge.

Why:
    Each OTP release can make flags mandatory: 20 (UTF8_ATOMS), 21 (NEW_FUN_TAGS), 23 (BIG_CREATION), 25
    (HANDSHAKE_23 and more), 26 (UNLINK_ID and V4_NC). The supported distance is two releases.

    The side that lacks them is a node of an older release, or no OTP node at all: Go, Rust, Python, Emacs or Java
    implementations, an old C node. Often it worked until the other side was upgraded.

How to confirm:
    The side that refuses logs the list: "Connection attempt from node NAME rejected since it cannot handle [...]"
    on the acceptor, "Connection attempt to node NAME aborted since it cannot handle [...]" on the initiator. OTP 19
    and earlier say "extended references" or "pids and ports" instead. The refused side logs nothing.

    Ask both for their release: `erlang:system_info(otp_release).`

    In the capture: the flags of both messages against the mandatory set of the other side. `snot_allowed` as
    status, or after the challenge (an initiator of OTP 23 without EPMD meets OTP 26 or later); or FIN of the
    initiator right after the challenge.

    Look-alikes: `not_allowed` with complete flags is not-allowed. A close after the challenge with complete flags
    is name-mismatch. A handshake form that is not understood at all is version-mismatch.

How to fix:
    Upgrade the older side so that the two are at most two releases apart. In a long upgrade, go step by step over
    releases that can talk to both ends.

Seen in:
    OTP 20 and later as the side that refuses. ergo-services/ergo#168, massemanet/distel#71, andytill/erlyberly#175.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.compatibility import (
    challenge_form_refused,
    missing_at_acceptor,
    missing_at_initiator,
)
from analyzer.sessions.ending import ending_of, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK011",
    name="mandatory-flags-missing",
    stage=Stage.CHALLENGE,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.StatusSent, events.ChallengeSent),
    says="{rejecter} refused {rejected}, which lacks capabilities that {rejecter} requires: {flags}",
    fix=(
        Fix("Upgrade the side that lacks the flags, to a release at most two older than the other side."),
        Fix(
            "If it is not an OTP node (Go, Rust, Python, Java, C, Emacs), use a version of that library made for "
            "the OTP release of the other side.",
        ),
        Fix("Until then run the newer side on an older OTP release; no setting switches the check off."),
        Fix(
            "Use the same Erlang release for all servers and CLI tools; the CLI runs on the Erlang of its own host.",
            Product.RABBITMQ,
        ),
        Fix("Build releases and remote shells with the same OTP; a release carries its own ERTS.", Product.ELIXIR),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/system/misc.html",
        "https://www.rabbitmq.com/docs/which-erlang",
        "https://github.com/ergo-services/ergo/issues/168",
        "https://github.com/massemanet/distel/issues/71",
        "https://github.com/andytill/erlyberly/issues/175",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    refused = next((status for status in attempt.all(events.StatusSent) if status.text == "not_allowed"), None)
    if refused is not None:
        yield from _refused_by_acceptor(attempt, around, refused)
    else:
        yield from _aborted_by_initiator(attempt)


def _refused_by_acceptor(attempt: Attempt, around: Surroundings, refused: events.StatusSent) -> Iterator[Finding]:
    lacking = missing_at_initiator(attempt, around)
    if not lacking:
        return
    sure = around.acceptor_flags(attempt) is not None
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if sure else Certainty.LIKELY,
        why=f"the acceptor answered not_allowed, and the initiator's flags lack {', '.join(lacking)}",
        evidence=[
            show(attempt.first(events.NameSent), f"send_name; its flags lack {', '.join(lacking)}"),
            show(refused, "status not_allowed"),
        ],
        detail={"missing_flags": list(lacking), "rejected_by": Side.ACCEPTOR.value},
        alternatives=() if sure else ("the acceptor's allow list (net_kernel:allow/1)",),
        flags=", ".join(lacking),
        rejecter=attempt.label(Side.ACCEPTOR),
        rejected=attempt.label(Side.INITIATOR),
    )


def _aborted_by_initiator(attempt: Attempt) -> Iterator[Finding]:
    ending = ending_of(attempt, attempt.link)
    challenged = attempt.first(events.ChallengeSent)
    if ending is None or challenged is None or attempt.stage is not Stage.CHALLENGE or ending.by_timer:
        return
    if challenge_form_refused(attempt):
        return
    lacking = missing_at_acceptor(attempt)
    if not lacking or ending.side is not Side.INITIATOR:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"the initiator closed {seconds(ending.waited)} after the challenge, and the acceptor's flags lack"
        f" {', '.join(lacking)}",
        evidence=[
            show(challenged, f"challenge; its flags lack {', '.join(lacking)}"),
            show(ending.closing, "the initiator closes without a reply"),
        ],
        detail={"missing_flags": list(lacking), "rejected_by": Side.INITIATOR.value},
        flags=", ".join(lacking),
        rejecter=attempt.label(Side.INITIATOR),
        rejected=attempt.label(Side.ACCEPTOR),
    )
