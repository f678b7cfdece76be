"""The initiator asked for a name, and the acceptor cannot give one.

What happens:
    The initiator has no name of its own. It sends only its host name and asks the acceptor for a name. The acceptor
    closes, or answers with an ordinary status, and the initiator gives up.

Why:
    The initiator was started with a dynamic name (`-sname undefined` or `-name undefined@HOST`, also used by remote
    shells). Only Erlang nodes of OTP 23 and later can give names. Nodes of OTP 22 or earlier, C nodes
    (erl_interface), Java nodes (jinterface) and other implementations cannot.

How to confirm:
    The initiator prints `{recv_status_failed,unexpected,"ok"}` after `net_kernel:verbose(1)` if the acceptor just
    said ok. A C node returns an error from `ei_accept`.

    Find out what the acceptor is: `erlang:system_info(otp_release).` in its console, or the program that listens on
    the port.

    In the capture: `N` with flag bit 33 (NAME_ME), a name without @ and creation 0; then FIN, or a status other
    than `named:`.

    Look-alikes: OTP 22 or earlier closes on any `N` (version-mismatch), so a fixed name alone does not help there.
    A status `not_allowed` is a matter of flags or of an allow list.

How to fix:
    Start the initiator with a name of its own.

Seen in:
    Initiators of OTP 23 and later; acceptors that are C nodes, Java nodes or OTP 22 and earlier.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.compatibility import wants_dynamic_name
from analyzer.sessions.ending import ending_of
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="HSK009",
    name="dynamic-name-unsupported",
    stage=Stage.STATUS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.NameSent,),
    says="{initiator} asked {acceptor} for a dynamic node name, which {acceptor} cannot give",
    fix=(
        Fix("Start the initiator with a fixed name: `-sname tool1` or `-name tool1@HOST` instead of `undefined`."),
        Fix("If the acceptor runs OTP 22 or earlier, upgrade it, or use an initiator of OTP 24 or earlier."),
        Fix("Start the shell as `iex --sname debug1 --remsh NAME@HOST` instead of without a name.", Product.ELIXIR),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/apps/erts/erl_cmd.html",
        "https://www.erlang.org/doc/system/distributed.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    if not wants_dynamic_name(attempt) or attempt.link is None:
        return
    status = attempt.first(events.StatusSent)
    ending = ending_of(attempt, attempt.link)
    if status is not None and status.text in ("named", "not_allowed"):
        return
    if ending is None or (ending.by_timer and status is None):
        return
    said = f"answered {status.text}" if status and status.text else "answered nothing"
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if status is not None else Certainty.LIKELY,
        why=f"the initiator asks for a name (flag NAME_ME, no @ in its name); the acceptor {said}, and the"
        f" {ending.side.value} closed",
        evidence=[
            show(attempt.first(events.NameSent), "send_name that asks for a dynamic name"),
            show(status, f"status {status.text}, where named: is needed") if status else None,
            show(ending.closing, f"the {ending.side.value} closes"),
        ],
        detail={"rejected_by": ending.side.value},
        alternatives=() if status is not None else ("something in front of the acceptor closed the connection",),
    )
