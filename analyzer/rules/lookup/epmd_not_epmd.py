"""What answers on the EPMD port is not EPMD.

What happens:
    The initiator asks for the port of the other node. The answer does not begin as an EPMD answer does (`77`), so
    the initiator gives up at once. It does not dial the node.

Why:
    Another program listens on port 4369 of that address: a web server, an SSH server, a proxy that answers with an
    error page; or the name of the host resolves to a machine that does something else. A wrong EPMD port has the
    same effect.

How to confirm:
    Expect no log on either side.

    On the called host: `ss -ltnp 'sport = :4369'` names the process. It must be `epmd` (or `systemd`, which can
    listen on its behalf).

    From the initiator: `getent hosts HOST` shows which address is dialled. Then ask for the list of names:
    `erl -noshell -eval 'io:format("~p~n", [net_adm:names("HOST")]), halt().'` gives `{ok, [...]}` from a real EPMD.

    In the capture the first bytes of the answer tell what it is, e.g. `HTTP/1.1 400` or `SSH-2.0`.

    Look-alike: something that takes the question and says nothing is epmd-no-reply.

How to fix:
    Remove the other program from port 4369, correct the address, or give EPMD another port on all hosts alike.

Seen in:
    All OTP releases.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Problem, Side

RULE = Rule(
    id="LKP004",
    name="epmd-not-epmd",
    stage=Stage.LOOKUP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.ForeignSpoken, events.NotUnderstood),
    at=(Stage.LOOKUP,),
    says="What answers {initiator} on the EPMD port of {acceptor} is not EPMD but {protocol}",
    fix=(
        Fix("Find what listens there: `ss -ltnp 'sport = :4369'` on the called host, and move it away from that port."),
        Fix("Check that the host part of the called node name resolves to the host where the node runs."),
        Fix("If EPMD must use another port, set the same ERL_EPMD_PORT for EPMD and for all nodes, on all hosts."),
        Fix(
            "Put `export ERL_EPMD_PORT=PORT` into rabbitmq-env.conf, so that the server and the CLI tools use the "
            "same port.",
            Product.RABBITMQ,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/epmd_cmd.html",
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    lookup = attempt.epmd
    if lookup is None or attempt.first(events.EpmdAnswered):
        return
    foreign = attempt.first(events.ForeignSpoken, Side.ACCEPTOR, Leg.EPMD)
    garbage = attempt.first(events.NotUnderstood, Side.ACCEPTOR, Leg.EPMD)
    answer: events.Event
    if foreign is not None:
        protocol, why, answer = foreign.title, foreign.why, foreign
    elif garbage is not None and garbage.problem == Problem.MALFORMED.value and garbage.offset == 0:
        protocol, why, answer = "something unknown", garbage.reason, garbage
    else:
        return
    asked = attempt.first(events.EpmdAsked)
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN,
        why=f"the answer on port {lookup.listener.port} is no EPMD answer: {why}",
        evidence=[show(asked, "request to EPMD"), show(answer, f"the answer: {protocol}")],
        detail={"protocol": foreign.protocol if foreign else None},
        protocol=protocol,
    )
