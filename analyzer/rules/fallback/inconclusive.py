"""The capture does not show enough of this attempt to say how it ended, or why.

What happens:
    Something of an attempt is in the capture, but no rule can explain it from what is there.

Why:
    - The capture ends before the attempt does.
    - It begins in the middle, or only one direction is in it.
    - Packets are missing, or were cut (snaplen), where it matters.
    - The filter let only a part through, e.g. EPMD's port and not the distribution port.
    - TLS hides the step, and no key log file is at hand.

How to confirm:
    The finding says what is missing. The capture qualities beside the verdict (one-sided, midstream, truncated,
    gap) say what the capture lacks.

    A new capture that can tell: `tcpdump -i any -s 0 -B 8192 -w FILE.pcap 'host A and host B'` on both hosts at the
    same time, started before the attempt and stopped at least 10 seconds after it. Do not filter by port: the
    distribution port is chosen at random unless it is configured.

    Then let a node try: `net_adm:ping('NAME@HOST').` or `rabbitmqctl -n NAME@HOST status`. To see tick timeouts,
    capture for two minutes or more.

    The logs help meanwhile: `net_kernel:verbose(1)` on the initiator prints the reason that is otherwise not
    logged.

How to fix:
    Capture again as above, and run the analysis on both files together.

Seen in:
    Captures from switches and clouds (one direction), ring buffers (middle), small snaplen.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions.attempt import Attempt, Quality
from analyzer.sessions.ending import seconds
from analyzer.sessions.surroundings import Surroundings

RULE = Rule(
    id="ANY001",
    name="inconclusive",
    stage=None,
    outcome=Outcome.INCONCLUSIVE,
    severity=Severity.WARNING,
    says="The capture does not show enough of the attempt of {initiator} to reach {acceptor} to tell what happened",
    fix=(
        Fix("Capture on both hosts at once with full packets: `tcpdump -i any -s 0 -w FILE.pcap 'host A and host B'`."),
        Fix("Start before the attempt, stop at least 10 s after it, and do not filter by port."),
        Fix("Analyse the files of both hosts together."),
    ),
    references=("https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    why = _why(attempt, around)
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE,
        why=why,
        evidence=[
            show(attempt.timeline[-1], f"the last packet of this attempt; it got as far as: {attempt.state.value}")
        ],
        detail={"missing": sorted(quality.value for quality in attempt.qualities)},
    )


_LACKS = {
    Quality.ONE_SIDED: "the capture shows one direction only",
    Quality.MIDSTREAM: "the capture begins in the middle of this connection",
    Quality.TRUNCATED: "the snap length cut the packets that would tell",
    Quality.GAP: "the capture lost packets that would tell",
}


def _why(attempt: Attempt, around: Surroundings) -> str:
    lacks = [text for quality, text in _LACKS.items() if quality in attempt.qualities]
    connection = attempt.link or attempt.epmd
    if connection is not None and connection.forgotten:
        lacks.append(f"the connection was not followed to its end ({connection.forgotten})")
    if connection is not None and not connection.closings:
        rest = around.capture_ends(attempt) - connection.last.at
        lacks.append(f"the capture ends {seconds(rest)} after the last packet of this attempt, before its outcome")
    return "; ".join(lacks) or "the packets fit no failure that distscope knows"
