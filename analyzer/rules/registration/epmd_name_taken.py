"""A node cannot register, because EPMD on its host already has a node of that name.

What happens:
    A starting node tells EPMD its name and port (ALIVE2_REQ). EPMD answers with a non-zero result. The Erlang VM
    does not start as a distributed node. No other host is involved yet.

    EPMD keeps the connection open after this answer. The node closes it.

Why:
    EPMD knows only the part of a node name left of the @. Two nodes with the same left part cannot live behind one
    EPMD, even if their host parts differ. The comparison is byte-exact and case-sensitive.

    A registration lasts as long as the TCP connection of the node that holds it. Usual holders:

    - an old copy of the same node that has not ended, or hangs. A frozen VM stays registered;
    - a second start of the same service, a remote shell or a CLI tool with a fixed name;
    - another container. Containers that share a network namespace (host networking, one pod) share one EPMD.

    EPMD gives the same answer for a name that is too long (over 255 characters) or not valid UTF-8. It names the
    reason only in its own log.

How to confirm:
    The log of the starting node says "the name NAME@HOST seems to be in use by another Erlang node".

    On that host, `epmd -names` shows the name and its port. `ss -ltnp 'sport = :PORT'` shows the process behind it.

    In the capture the answer is `76 01 00 00 00 63` (EPMD of OTP 23 or later) or `79 01 00 63`. The 99 (`63`)
    stands where the creation would be.

    Look-alike: a registration that comes from another host gets no answer at all. EPMD closes the connection.

How to fix:
    Find the holder first. If it is a leftover, end it. If it is meant to run, rename one of the two nodes. Do not
    kill EPMD: the other nodes of the host would lose their registration, and nodes of OTP 23 or earlier do not come
    back by themselves.

Seen in:
    All OTP releases. Reported for ejabberd (processone/ejabberd#676) and for containers
    (rroemhild/docker-ejabberd#64).
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors import epmd

RULE = Rule(
    id="REG001",
    name="epmd-name-taken",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.EpmdAnswered,),
    at=(Stage.LOOKUP, Stage.TCP),
    says="{initiator} could not register the name {name}: the EPMD of {acceptor} already has a node of that name",
    fix=(
        Fix(
            "Find the holder with `epmd -names` and `ss -ltnp`; if it is an old copy of the same node, end that "
            "process.",
        ),
        Fix("Start the new node under another name: the part left of the @ must be unique behind one EPMD."),
        Fix(
            "In containers that share a network namespace, give each node its own name or its own EPMD "
            "(ERL_EPMD_PORT).",
        ),
        Fix(
            "Set another RABBITMQ_NODENAME, and another RABBITMQ_NODE_PORT and RABBITMQ_DIST_PORT, if both nodes "
            "are to run.",
            Product.RABBITMQ,
        ),
        Fix(
            "Set another RELEASE_NODE in rel/env.sh.eex; do not reuse the node's own name for `iex --sname` or "
            "`--name`.",
            Product.ELIXIR,
        ),
        Fix(
            "Stop the old instance with `ejabberdctl stop`, or set another ERLANG_NODE in ejabberdctl.cfg.",
            Product.EJABBERD,
        ),
        Fix("Set another `-name` in vm.args, or stop the CouchDB that still runs.", Product.COUCHDB),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://github.com/processone/ejabberd/issues/676",
        "https://github.com/rroemhild/docker-ejabberd/issues/64",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    asked, answered = attempt.first(events.EpmdAsked), attempt.first(events.EpmdAnswered)
    if answered is None or not isinstance(answered.message, epmd.Alive2Resp | epmd.Alive2XResp):
        return
    if answered.message.result == 0:
        return
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"EPMD answered result {answered.message.result} to the registration of {attempt.called_name!r}",
        evidence=[
            show(asked, f"ALIVE2_REQ for {attempt.called_name!r}"),
            show(answered, f"the answer has result {answered.message.result}: refused"),
        ],
        detail={"name": attempt.called_name, "result": answered.message.result},
        name=attempt.called_name or "of a node",
    )
