"""A healthy link was cut by the nodes themselves, to keep network partitions from overlapping.

What happens:
    A link somewhere in the cluster breaks. Within milliseconds nodes that took no part in it close links to each
    other, in good order. Nodes fall out one after the other, although their connections work.

Why:
    When two nodes lose each other while a third sees both, partitions overlap. The `global` name server prevents
    that: a node that hears of the loss disconnects from one side. It is on by default since OTP 25
    (prevent_overlapping_partitions).

    So this link is a consequence. The cause is the first link that broke. A single `erlang:disconnect_node/1`, or a
    node that hides some of its links, sets it off as well.

How to confirm:
    The log says "'global' at node X requested disconnect from node Y in order to prevent overlapping partitions"
    and "'global' at node Z disconnected node X in order to prevent overlapping partitions".

    Read all logs in order of time, and find the first nodedown before these lines. Explain that one.

    In the capture: FIN on this link within milliseconds of the end of another link of one of these nodes, while
    both ends still answered.

    Check that the setting is the same everywhere: `application:get_env(kernel, prevent_overlapping_partitions).`

    Look-alike: a node that stops closes all of its own links at once (closed-normally). There all links have that
    node in common, and its registration in EPMD ends, too.

How to fix:
    Repair the link that broke first. Switch the mechanism off only if the application does not need a fully
    connected network, and then on all nodes.

Seen in:
    OTP 25 and later by default. erlang/otp#6214, erlang/otp#6470, emqx/emqx#11593, OpenRiak/riak_kv#28. RabbitMQ's
    start script switches it off.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import seconds
from analyzer.sessions.lifetime import partition
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="LNK007",
    name="partition-disconnect",
    stage=Stage.ENDED,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    at=(Stage.ENDED,),
    says=(
        "{closer} cut the link between {initiator} and {acceptor} to prevent overlapping partitions, after another "
        "link had broken"
    ),
    fix=(
        Fix(
            "Find the first link that broke, in the logs or in this report, and repair that one: this cut follows from "
            "it."
        ),
        Fix(
            "Let every node reach every other node directly; a cluster in which some pairs cannot connect will "
            "lose nodes.",
        ),
        Fix(
            "If the application copes with partial networks, start all nodes with "
            "`-kernel prevent_overlapping_partitions false`.",
        ),
        Fix(
            "The same flag goes into rel/vm.args.eex; if you need no full mesh, see also `-connect_all false`.",
            Product.ELIXIR,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/kernel/global.html",
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
        "https://github.com/erlang/otp/issues/6214",
        "https://github.com/erlang/otp/issues/6470",
        "https://github.com/emqx/emqx/issues/11593",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    found = partition(attempt, around)
    link = attempt.link
    if found is None or link is None:
        return
    if found.proof is not None and found.proof.message == REMOVES:
        certainty, why = Certainty.CERTAIN, f"global of {found.node} said on this link that it removes the connection"
    elif found.proof is not None:
        certainty, why = Certainty.LIKELY, "global told on this link of another connection that was lost"
    else:
        certainty, why = Certainty.POSSIBLE, "some of them closed by the peers, so the node did not just end"
    peers = f"the links of {found.node} with {' and '.join(sorted(found.peers))} closed within {seconds(found.within)}"
    yield RULE.finding(
        attempt,
        certainty=certainty,
        why=f"{peers}; {why}" if found.others else why,
        evidence=[
            show(found.proof, f"global: {found.proof.message}") if found.proof else None,
            show(link.end, "this link is closed"),
            *(show(other.link.end, f"so is the link of {_ends(other)}") for other in found.others if other.link),
        ],
        detail={"node": found.node, "peers": sorted(found.peers)},
        alternatives=()
        if certainty is Certainty.CERTAIN
        else ("the node ended: its registration connection to EPMD would close in the same moment",),
        closer=found.node,
    )


REMOVES = "remove_connection"
"""What global says to the peer that it is about to disconnect."""


def _ends(attempt: Attempt) -> str:
    return f"{attempt.label(Side.INITIATOR)} and {attempt.label(Side.ACCEPTOR)}"
