"""The two nodes speak forms of the handshake that the other does not understand.

What happens:
    One side sends a handshake message in a form that the other one does not know. The other closes without an
    answer.

Why:
    There are two forms: the old one (`n`, version 5), spoken up to OTP 22, and the new one (`N`, version 6), since
    OTP 23. Nodes of OTP 23 and 24 speak both. That leaves these pairs:

    - OTP 22 or earlier and OTP 25 or later: impossible, in either direction;
    - an initiator of OTP 23 or 24 without EPMD (`-erl_epmd_port`) begins with `n`. OTP 25.0 to 25.2 do not take
      that. OTP 25.3 and later do;
    - a C node, Java node or other implementation with another version number in its message.

How to confirm:
    Expect no log. The initiator prints `{recv_status_failed,{error,closed}}` after `net_kernel:verbose(1)` if its
    name was not understood, `{recv_challenge_failed,...}` if the challenge was not.

    Ask both for their release: `erlang:system_info(otp_release).` For the 25.0-25.2 case, see the file OTP_VERSION
    under releases/25 of the acceptor's installation.

    In the capture: `n` or `N` from the initiator, then FIN of the acceptor without one byte; or an old challenge
    (`n`) to a node of OTP 25 or later, and its FIN.

    Look-alikes: a refusal with `not_allowed` is mandatory-flags-missing. A FIN although form and flags fit is
    closed-before-handshake. A version range in EPMD that an old initiator heeded is epmd-version-range.

How to fix:
    Upgrade the older side. OTP 23 and 24 can talk to both ends: use one of them as a step in between, not as a
    bridge, since the ends cannot see each other.

Seen in:
    OTP 22 or earlier with 25 or later. erlang/otp#6595, fixed in 25.3 by erlang/otp#6625.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.compatibility import (
    challenge_form_refused,
    is_version_zero,
    name_form_refused,
    wants_dynamic_name,
)
from analyzer.sessions.ending import ending_of, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK012",
    name="version-mismatch",
    stage=Stage.CHALLENGE,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.NameSent, events.ChallengeSent),
    at=(Stage.NAME, Stage.STATUS, Stage.CHALLENGE),
    says="{initiator} and {acceptor} do not understand each other's form of the handshake",
    fix=(
        Fix("Upgrade the older node to OTP 23 or later, so that the two are at most two releases apart."),
        Fix(
            "If the acceptor runs OTP 25.0 to 25.2 and the initiator dials without EPMD, upgrade the acceptor to "
            "25.3 or later, or use EPMD.",
        ),
        Fix("Rebuild C and Java nodes with the erl_interface or jinterface of the release that they talk to."),
        Fix("Run all servers and CLI tools on the same Erlang release.", Product.RABBITMQ),
        Fix("Upgrade Erlang on all cluster nodes together; ejabberd installers bring their own.", Product.EJABBERD),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/system/misc.html",
        "https://github.com/erlang/otp/issues/6595",
        "https://github.com/erlang/otp/pull/6625",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    ending = ending_of(attempt, attempt.link)
    if (
        ending is None
        or ending.by_timer
        or attempt.link is None
        or is_version_zero(attempt)
        or has_foreign_reset(attempt)
    ):
        return
    if attempt.stage is Stage.NAME and ending.side is Side.ACCEPTOR and not attempt.link.flows[Side.ACCEPTOR].sent:
        event: events.Event | None
        refusal, event, says = name_form_refused(attempt, around), attempt.first(events.NameSent), "send_name"
        if wants_dynamic_name(attempt) and refusal is not None and not refusal.sure:
            return
    elif attempt.stage in (Stage.STATUS, Stage.CHALLENGE) and ending.side is Side.INITIATOR:
        refusal, event, says = challenge_form_refused(attempt), attempt.first(events.ChallengeSent), "challenge"
    else:
        return
    if refusal is None:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if refusal.sure and not attempt.qualities else Certainty.LIKELY,
        why=f"the {ending.side.value} closed {seconds(ending.waited)} after it had the {says}, without an answer:"
        f" {refusal.why}",
        evidence=[
            show(attempt.first(events.EpmdAnswered), epmd_range(attempt)) if attempt.port2_resp else None,
            show(event, f"the {says} that the {ending.side.value} does not take"),
            show(ending.closing, f"the {ending.side.value} closes"),
        ],
        detail={"rejected_by": ending.side.value},
        alternatives=() if refusal.sure else ("a proxy or firewall closed the connection",),
    )


def epmd_range(attempt: Attempt) -> str:
    response = attempt.port2_resp
    return "" if response is None else f"EPMD: versions {response.lowest} to {response.highest}"
