"""EPMD runs on the called host, but no node of that name is registered there.

What happens:
    The initiator asks EPMD for the port of a node and gets a refusal (`77 01`). It gives up at once and dials
    nothing.

Why:
    - The called node is not running, or has not come up yet.
    - The name left of the @ is spelled otherwise there. EPMD compares byte by byte, and case matters.
    - The host is the wrong one: the name resolves to another machine, or to the host of a container.
    - EPMD was restarted. Nodes of OTP 23 or earlier do not register again by themselves. The node is healthy, but
      unknown.
    - Two EPMDs run there (two ports, two network namespaces), and the other one was asked.
    - The node does not listen: `-dist_listen false`, a dynamic name, or distribution without EPMD
      (`-erl_epmd_port`).

How to confirm:
    Expect no log on the initiator. RabbitMQ's CLI says "epmd reports: node 'NAME' not running at all" and lists the
    names that EPMD has.

    On the called host: `epmd -names`. Compare the spelling. If the node runs (`ps -ef | grep beam`) and is not
    listed, EPMD was restarted under it, or it uses another EPMD: look for ERL_EPMD_PORT in `/proc/PID/environ`.

    In the capture the answer is exactly `77 01`, then EPMD closes. A registration connection (ALIVE2) of that name
    that ended shortly before shows that the node stopped.

    Look-alikes: a good answer for a node that is gone leads to dist-port-refused. A close without an answer is
    epmd-no-reply.

How to fix:
    Start the node, or call it by the name that `epmd -names` shows. After a restart of EPMD, restart the nodes that
    are missing.

Seen in:
    All OTP releases. Nodes of OTP 24 and later register again within 2 s when EPMD returns, RabbitMQ in every
    release.
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
    id="LKP006",
    name="epmd-name-unknown",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.EpmdAnswered,),
    at=(Stage.LOOKUP, Stage.TCP),
    says="The EPMD of {acceptor} knows no node named {name}, which {initiator} asked for",
    fix=(
        Fix(
            "Check on the called host with `epmd -names` which names are registered, and start the node if it is "
            "missing.",
        ),
        Fix("Call the node by exactly that name; letters are case-sensitive."),
        Fix(
            "If the node runs but is not listed, EPMD was restarted behind its back: restart the node (one of OTP 23 "
            "or earlier does not register again by itself).",
        ),
        Fix(
            "Call `rabbitmqctl -n NAME@HOST` with the name from the server's log, or set RABBITMQ_NODENAME for "
            "the CLI as well.",
            Product.RABBITMQ,
        ),
        Fix(
            "Compare RELEASE_NODE (rel/env.sh.eex) with the name that libcluster or your code calls; "
            "RELEASE_DISTRIBUTION=none registers nothing.",
            Product.ELIXIR,
        ),
        Fix(
            "Compare ERLANG_NODE in ejabberdctl.cfg with the name that you call: "
            "`ejabberdctl --node NAME@HOST status`.",
            Product.EJABBERD,
        ),
        Fix("Compare `-name` in vm.args with the node names of `/_membership`.", Product.COUCHDB),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.rabbitmq.com/docs/cli",
        "https://github.com/erlang/otp/pull/3003",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    answered = attempt.first(events.EpmdAnswered)
    if answered is None or not isinstance(answered.message, epmd.Port2Refusal):
        return
    listed = around.registered_at(attempt.epmd.listener) if attempt.epmd else []
    known = f"; it knows {', '.join(listed)}" if listed else ""
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"EPMD answered result {answered.message.result} to the request for {attempt.called_name!r}{known}",
        evidence=[
            show(attempt.first(events.EpmdAsked), f"PORT2_REQ for {attempt.called_name!r}"),
            show(answered, f"PORT2_RESP with result {answered.message.result}: not registered"),
        ],
        detail={"name": attempt.called_name} | ({"registered": listed} if listed else {}),
        name=attempt.called_name,
    )
