"""EPMD got a question that belongs to no connection attempt, and answered it.

What happens:
    Something asks EPMD for its list of names, for a dump, or to stop, and gets an answer. No distribution
    connection follows from it.

Why:
    Such questions come from tools: `epmd -names`, `net_adm:names/1`, `rabbitmqctl` diagnostics, service discovery,
    monitoring and port scanners. Every host may ask for names and ports. Dump, kill and stop are taken from the
    local host only.

How to confirm:
    The request names itself: NAMES_REQ (`6e`), DUMP_REQ (`64`), KILL_REQ (`6b`), STOP_REQ (`73`). The answers to
    the first two begin with the EPMD port in four bytes (`00 00 11 11` for 4369), then come lines of text, or none.

    A NAMES answer without lines says that no node is registered on that host. That explains later lookups that fail
    with epmd-name-unknown.

    KILL answered with `OK` means that EPMD ended. Nodes of OTP 23 or earlier stay unknown to the new EPMD until
    they restart. KILL is answered with `NO` while nodes are registered, unless EPMD runs with
    `-relaxed_command_check`.

How to fix:
    Nothing needs fixing. If the question came from outside of your networks, close TCP 4369 to them.

Seen in:
    All OTP releases. RabbitMQ's CLI asks for the names after each failed connection, for its diagnostics.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import ending_of
from analyzer.sessions.surroundings import Surroundings
from dissectors import epmd
from dissectors.dialogue import Side

RULE = Rule(
    id="QRY001",
    name="answered",
    stage=Stage.LOOKUP,
    outcome=Outcome.OK,
    severity=Severity.INFO,
    needs=(events.EpmdAsked, events.EpmdAnswered),
    at=(Stage.LOOKUP, Stage.TCP),
    says="{initiator} asked the EPMD of {acceptor} ({request}) and got an answer",
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
    ),
)


REQUESTS: dict[type, str] = {
    epmd.NamesResp: "NAMES_REQ",
    epmd.DumpResp: "DUMP_REQ",
    epmd.KillResp: "KILL_REQ",
    epmd.StopResp: "STOP_REQ",
}


PRIVILEGED: dict[type, str] = {epmd.DumpReq: "DUMP_REQ", epmd.KillReq: "KILL_REQ", epmd.StopReq: "STOP_REQ"}
"""What EPMD refuses by closing without a word: to others than local clients, and STOP_REQ unless it was started with
``-relaxed_command_check`` (docs/protocol.md 1.2)."""


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    asked, answered = attempt.first(events.EpmdAsked), attempt.first(events.EpmdAnswered)
    if answered is None:
        yield from _refused(attempt, asked)
        return
    if type(answered.message) not in REQUESTS:
        return
    request = REQUESTS[type(answered.message)]
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why="EPMD answered",
        evidence=[show(asked, f"the request: {request}"), show(answered, "the answer")],
        detail={"request": request},
        request=request,
    )


def _refused(attempt: Attempt, asked: events.EpmdAsked | None) -> Iterator[Finding]:
    ending = ending_of(attempt, attempt.epmd)
    request = None if asked is None else PRIVILEGED.get(type(asked.message))
    if request is None or ending is None or ending.side is not Side.ACCEPTOR or ending.by_timer:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.LIKELY,
        why=f"EPMD closed without a word, which is how it refuses {request}: to clients on other hosts, and STOP_REQ"
        " unless it was started with -relaxed_command_check",
        evidence=[show(asked, f"the request: {request}"), show(ending.closing, "EPMD closes: refused")],
        detail={"request": request, "refused": True},
        alternatives=("something in front of EPMD closed the connection",),
        request=f"{request}, refused",
    )
