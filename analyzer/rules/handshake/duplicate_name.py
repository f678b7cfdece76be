"""The acceptor already has, or believes it has, a connection to a node of the initiator's name.

What happens:
    The initiator sends its name. The acceptor answers with status `alive` and asks whether the new connection is
    meant seriously. OTP 24 and earlier keep the old connection, so the new one waits until it fails after 7
    seconds. OTP 25 and later drop the old connection and take the new one.

Why:
    - The node was restarted, or its host lost power, and the acceptor has not noticed the end of the old
      connection. It notices after net_ticktime (60 s) at the latest.
    - A NAT or firewall forgot the old connection.
    - Two hosts run nodes with the same full name: a cloned machine or container image, a fixed host name, a script
      with a fixed `--name`.

How to confirm:
    Expect no log by default. After `net_kernel:verbose(1)` the acceptor prints `wait_pending` for the old
    connection (OTP 25 and later).

    Two hosts or one? Compare the address and the creation of the old and the new connection. Same address and
    another creation: a restart. Another address: two nodes share a name. On each host: `epmd -names`.

    In the capture: status `salive`; answer `strue` of the initiator. OTP 24 and earlier: silence, then FIN at 7 s.
    OTP 25 and later: challenge, reply, FIN on the old connection, ack, all within a millisecond.

    A further connection of that name while the first is undecided is closed without any byte.

    If two nodes take turns, each new connection supersedes the other: look for repeated superseded-connection.

    Look-alikes: status `nok` or `ok_simultaneous` is simultaneous-connect. A name that EPMD refuses is epmd-name-taken:
    that happens when a node starts, and concerns its own host only.

How to fix:
    Give each node its own name. After a crash of one node, wait for net_ticktime, or cut the old connection on the
    acceptor.

Seen in:
    All OTP releases; fatal up to OTP 24, resolved in favour of the new connection since OTP 25.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import ending_of
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK007",
    name="duplicate-name",
    stage=Stage.STATUS,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.StatusSent, events.NameSent),
    says="{acceptor} already has, or believes it has, a connection to a node with the name of {initiator}",
    fix=(
        Fix("If two nodes share the name, rename one of them: the full name must be unique in the cluster."),
        Fix(
            "If the node was restarted, wait for net_ticktime (60 s), or run "
            "`erlang:disconnect_node('NAME@HOST')` on the acceptor.",
        ),
        Fix("Upgrade the acceptor to OTP 25 or later, which replaces the old connection by itself."),
        Fix(
            "Build RELEASE_NODE from the pod's address or host name in rel/env.sh.eex; do not use a fixed "
            "`--name` for scripts.",
            Product.ELIXIR,
        ),
        Fix(
            "Check RABBITMQ_NODENAME and the host names of cloned machines: each server needs its own.",
            Product.RABBITMQ,
        ),
        Fix("Set EMQX_NODE__NAME per container, e.g. from its address.", Product.EMQX),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/apps/kernel/net_kernel.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    alive = next((status for status in attempt.all(events.StatusSent) if status.text == "alive"), None)
    if alive is None:
        yield from _third_party(attempt, around)
        return
    answer = attempt.first(events.StatusAnswered)
    went_on = attempt.first(events.ChallengeSent) is not None
    release = around.acceptor_release(attempt)
    replaces = went_on or (release is not None and release.lowest >= 25)
    old = [
        other
        for other in around.of_node(attempt.initiator.node, alive.packet.at, alive.packet.at)
        if other is not attempt
        and other.link is not None
        and other.started_at < attempt.started_at
        and other.link.last.at >= alive.packet.at
        and other.acceptor.address == attempt.acceptor.address
    ]
    hosts = {other.initiator.address for other in old} - {attempt.initiator.address}
    if hosts:
        other = ", ".join(sorted(str(host) for host in hosts))
        whose = f"; the link that it has is from {other}: two hosts use one node name"
    elif old:
        whose = "; the link that it has is from the same host: the node was restarted before its peer noticed"
    else:
        whose = ""
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"the acceptor answered alive: it holds a link to a node named {attempt.label(Side.INITIATOR)}{whose}"
        + ("; it then dropped the old link and went on with this one" if went_on else ""),
        evidence=[
            show(attempt.first(events.NameSent), f"send_name as {attempt.label(Side.INITIATOR)}"),
            show(alive, "status alive"),
            show(answer, f"the initiator answers {answer.text}") if answer else None,
            show(attempt.first(events.ChallengeSent), "the handshake goes on") if went_on else None,
        ],
        detail={"resolution": "superseding" if replaces else "fatal", "answer": answer.text if answer else None},
    )


def _third_party(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    """A further connection, while the acceptor is undecided about an earlier alive, is closed at once
    (docs/protocol.md 4.2 row 26b)."""
    ending = ending_of(attempt, attempt.link)
    named = attempt.first(events.NameSent)
    if ending is None or named is None or ending.side is not Side.ACCEPTOR or attempt.link is None:
        return
    if attempt.link.flows[Side.ACCEPTOR].sent:
        return
    closed = ending.closing.packet.at
    for other in around.of_node(attempt.initiator.node, closed, closed):
        undecided = next((status for status in other.all(events.StatusSent) if status.text == "alive"), None)
        if other is attempt or undecided is None or other.acceptor.address != attempt.acceptor.address:
            continue
        decided = other.first(events.ChallengeSent)
        until = decided.packet.at if decided else other.ended_at
        if undecided.packet.at <= closed <= until:
            yield RULE.finding(
                attempt,
                certainty=Certainty.CERTAIN,
                why="the acceptor closed without a byte while it was undecided about another connection of the same"
                " name",
                evidence=[
                    show(
                        undecided,
                        f"on another connection the acceptor answers alive to {attempt.label(Side.INITIATOR)}",
                    ),
                    show(named, "send_name of the same node"),
                    show(ending.closing, "the acceptor closes at once"),
                ],
                detail={"resolution": "fatal"},
            )
            return
