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

from analyzer.findings import Severity
from analyzer.rules.rule import Fix, Rule
from analyzer.sessions.product import Product

RULE = Rule(
    id="ADV004",
    name="release-gap",
    stage=None,
    outcome=None,
    severity=Severity.INFO,
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
