"""The OTP releases of the two nodes are at or beyond the distance that Erlang/OTP supports.

What happens:
    The capabilities that the nodes tell in the handshake fit releases that are two or more apart.

Why:
    Erlang/OTP promises that a node can talk to nodes of the two releases before and after its own. At that limit it
    works. After the next upgrade of the newer side it may not: each release can make capabilities mandatory.

How to confirm:
    `erlang:system_info(otp_release).` on both sides. The estimate comes from flags: 25, 26 and 27 send the same
    ones, and an acceptor of OTP 21 or 22 shows no more than the initiator has.

How to fix:
    Upgrade the older node before you upgrade the newer one again.

Seen in:
    Mixed clusters during upgrades; tools on hosts with an old Erlang.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.compatibility import initiator_release
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.flags import Estimate

RULE = Rule(
    id="ADV004",
    name="release-gap",
    stage=None,
    outcome=None,
    severity=Severity.INFO,
    needs=(events.AckSent,),
    says=(
        "{initiator} (OTP {initiator_release}) and {acceptor} (OTP {acceptor_release}) are at or beyond the supported "
        "distance of releases"
    ),
    fix=(
        Fix(
            "Upgrade the older node to a release at most two below the newest one in the cluster, before the next "
            "upgrade.",
        ),
        Fix("Use the same Erlang release on all servers and hosts of CLI tools.", Product.RABBITMQ),
    ),
    references=(
        "https://www.erlang.org/doc/system/misc.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.rabbitmq.com/docs/which-erlang",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    acked = attempt.first(events.AckSent)
    one, other = initiator_release(attempt), around.acceptor_release(attempt)
    if acked is None or one is None or other is None or {one.implementation, other.implementation} != {"OTP"}:
        return
    # The releases that the flags allow may be nearer to one another than their lowest ones are.
    apart = max(
        one.lowest - (other.lowest if other.highest is None else other.highest),
        other.lowest - (one.lowest if one.highest is None else one.highest),
    )
    if apart < SUPPORTED:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"by their flags the two are at least {apart} releases apart; Erlang/OTP promises {SUPPORTED}",
        evidence=[
            show(attempt.first(events.NameSent), f"flags of OTP {_span(one)}"),
            show(attempt.first(events.ChallengeSent), f"flags of OTP {_span(other)}"),
        ],
        initiator_release=_span(one),
        acceptor_release=_span(other),
    )


SUPPORTED = 2
"""Releases in either direction (https://www.erlang.org/doc/system/misc.html)."""


def _span(release: Estimate) -> str:
    if release.highest is None:
        return f"{release.lowest} or later"
    return str(release.lowest) if release.lowest == release.highest else f"{release.lowest} to {release.highest}"
