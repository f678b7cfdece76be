"""EPMD says that the called node speaks distribution versions that the initiator does not speak.

What happens:
    EPMD answers with the port and with the lowest and highest distribution version of the node. The initiator
    speaks none of them. What follows depends on the initiator: it does not dial, it dials and closes without a
    word, or it sends a name with version 0, which the other side refuses.

Why:
    Version 5 is the handshake up to OTP 22, version 6 that of OTP 23 and later. The initiator and the acceptor are
    too far apart:

    - a C node of OTP 25 or later speaks only 6, and does not dial a node of OTP 22 or earlier (5 to 5);
    - a node of OTP 22 or earlier meets a registration of 6 to 6, sends version 0 and is refused;
    - a node of OTP 23 or 24 has no code for that case: its connection process ends right after TCP opened, without
      a byte;
    - jinterface dials nothing and reports "No common protocol found".

    The variables ERL_EPMD_DIST_HIGH and ERL_EPMD_DIST_LOW change what a node registers. Initiators of OTP 25 and
    later ignore the range.

How to confirm:
    C nodes report the failure of `ei_connect` without a reason; EI_TRACELEVEL=6 prints the steps. Erlang nodes log
    nothing.

    Ask both sides for their release: `erlang:system_info(otp_release).` Look for the two variables in
    `/proc/PID/environ` of the called node.

    In the capture: the two numbers after type and protocol in PORT2_RESP, and what the initiator does next: no SYN,
    a connection without a byte, or `n` with version 0.

    Look-alike: with an initiator of OTP 25 or later the range is not the cause, whatever it says. Look at the
    handshake.

How to fix:
    Bring both sides to releases that are at most two apart. Remove ERL_EPMD_DIST_HIGH and ERL_EPMD_DIST_LOW if
    somebody set them.

Seen in:
    Initiators of OTP 24 and earlier, C nodes (erl_interface) and Java nodes (jinterface).
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.compatibility import has_no_common_version
from analyzer.sessions.ending import ending_of, seconds
from analyzer.sessions.surroundings import Surroundings
from dissectors import epmd, handshake
from dissectors.dialogue import Side

RULE = Rule(
    id="LKP007",
    name="epmd-version-range",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.NameSent, events.EpmdAnswered),
    says="The EPMD of {acceptor} offers distribution versions {lowest} to {highest}, none of which {initiator} speaks",
    fix=(
        Fix("Upgrade the older side, so that both are at most two OTP releases apart."),
        Fix("Rebuild C and Java nodes with the erl_interface or jinterface of the OTP release that they talk to."),
        Fix(
            "Remove ERL_EPMD_DIST_HIGH and ERL_EPMD_DIST_LOW from the environment of the called node, then restart it.",
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/system/misc.html",
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    response = attempt.port2_resp
    name = attempt.send_name
    version_zero = isinstance(name, handshake.SendNameOld) and name.version == 0
    if version_zero:
        yield from _heeded_in_name(attempt)
    elif response is not None and attempt.link is None and _no_overlap(response):
        yield from _heeded_by_not_dialling(attempt, around, response)
    elif response is not None and has_no_common_version(response):
        yield from _heeded_by_hanging_up(attempt, response)


def _no_overlap(response: epmd.Port2Resp) -> bool:
    """No initiator that heeds the range and speaks version 6 only, or 5 only, can take it."""
    return response.highest < 6 or response.lowest > 6


def _heeded_in_name(attempt: Attempt) -> Iterator[Finding]:
    ending = ending_of(attempt, attempt.link)
    response = attempt.port2_resp
    if attempt.first(events.AckSent):
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why="the initiator's send_name carries distribution version 0: OTP 22 and earlier send that when EPMD's range"
        + (f" ({response.lowest} to {response.highest})" if response else "")
        + " and their own (5 to 5) have nothing in common",
        evidence=[
            show(attempt.first(events.EpmdAnswered), f"EPMD offers versions {response.lowest} to {response.highest}")
            if response
            else None,
            show(attempt.first(events.NameSent), "send_name with version 0"),
            show(ending.closing, f"the {ending.side.value} closes") if ending else None,
        ],
        detail=_range(response),
        lowest=response.lowest if response else "?",
        highest=response.highest if response else "?",
    )


def _heeded_by_not_dialling(attempt: Attempt, around: Surroundings, response: epmd.Port2Resp) -> Iterator[Finding]:
    epmd_connection = attempt.epmd
    if epmd_connection is None or not epmd_connection.closings:
        return
    hung_up = isinstance(epmd_connection.closing_of(Side.INITIATOR), events.WasReset)
    if epmd_connection.closing_of(Side.ACCEPTOR) is None and not hung_up:
        return
    # Of those that give up here only a C node ends the lookup with a reset (docs/protocol.md 0.6); an OTP node of 25 or
    # later heeds no range, and its silence has another reason.
    if not hung_up and 5 <= response.highest <= 6:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"EPMD offers versions {response.lowest} to {response.highest}, and the initiator did not dial port"
        f" {response.port} afterwards, as an initiator does that finds no common version",
        evidence=[
            show(attempt.first(events.EpmdAnswered), f"EPMD offers versions {response.lowest} to {response.highest}"),
            show(epmd_connection.closings[-1], "the EPMD connection is closed, and no SYN follows"),
        ],
        detail=_range(response),
        alternatives=("the initiator failed on its own after the lookup", "the capture's filter left out its dial"),
        lowest=response.lowest if response else "?",
        highest=response.highest if response else "?",
    )


def _heeded_by_hanging_up(attempt: Attempt, response: epmd.Port2Resp) -> Iterator[Finding]:
    """OTP 23 and 24 dial first and crash on the version after that (docs/protocol.md 1.5)."""
    link = attempt.link
    ending = ending_of(attempt, link)
    if link is None or ending is None or ending.side is not Side.INITIATOR or ending.by_timer:
        return
    if any(flow.sent for flow in link.flows.values()):
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"EPMD offers versions {response.lowest} to {response.highest}, and the initiator dialled and closed"
        f" {seconds(ending.waited)} later without its name, as OTP 23 and 24 do that find no common version",
        evidence=[
            show(attempt.first(events.EpmdAnswered), f"EPMD offers versions {response.lowest} to {response.highest}"),
            show(link.opened, "the TCP connection is open"),
            show(ending.closing, "the initiator closes without a byte"),
        ],
        detail=_range(response),
        alternatives=("a probe that follows a lookup only checks the port",),
        lowest=response.lowest,
        highest=response.highest,
    )


def _range(response: epmd.Port2Resp | None) -> dict[str, object]:
    return {} if response is None else {"lowest": response.lowest, "highest": response.highest}
