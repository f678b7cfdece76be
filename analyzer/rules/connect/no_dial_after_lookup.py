"""The lookup in EPMD went well, and then the initiator did not dial the node.

What happens:
    EPMD answers with the port, and both sides close that connection in good order. A node would dial the port in
    less than a millisecond. Here no SYN follows.

Why:
    The initiator failed by itself, before its first packet. The usual cause is TLS distribution with bad client
    options:

    - since OTP 26 an option that only a server may have (`fail_if_no_peer_cert`) in the client part of the option
      file;
    - `verify_peer` without a CA file;
    - a file in the option file that cannot be read.

    Harmless cause: the question came from a tool that only asks, e.g. `erl_epmd:port_please/2` in a script or a
    health check.

    A capture may also miss the dial: another interface, another path, or a filter without that port.

How to confirm:
    Look at the initiator. It may log an error in the SSL options, often nothing. After `net_kernel:verbose(1)` it
    prints the exit of the connection process with `ssl_connect_failed` or the option that was refused.

    Read its option file: `erl -noshell -eval 'io:format("~p~n", [file:consult("FILE")]), halt().'` Compare the
    client part with the list above, and check that the service user can read each file in it.

    In the capture: PORT2_RESP with result 0, both FINs, and no packet to that port.

    Look-alikes: if EPMD's FIN is missing, it is epmd-reply-not-closed. A capture that was filtered by port 4369 looks
    the same, whatever came after the lookup.

How to fix:
    Correct the client part of the TLS option file of the initiator, and restart it. The acceptor has nothing to do
    with it.

Seen in:
    TLS distribution after an upgrade to OTP 26 or later: erlang/otp#7497, rabbitmq/cluster-operator#1400,
    rabbitmq/rabbitmq-website#1687.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.ending import SECOND, ending_of, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="CON004",
    name="no-dial-after-lookup",
    stage=Stage.TCP,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.EpmdAnswered,),
    at=(Stage.LOOKUP,),
    says="{initiator} got the port of {acceptor} from EPMD and then did not dial it",
    fix=(
        Fix(
            "Remove `fail_if_no_peer_cert` from the client part of the file in `-ssl_dist_optfile` (a server "
            "option; fatal since OTP 26).",
        ),
        Fix(
            "Give `cacertfile` wherever the client part says `verify_peer`, and check that the node's user can "
            "read all files named there.",
        ),
        Fix("If the question came from a script or health check that only asks EPMD, there is nothing to fix."),
        Fix(
            "Correct the client section of inter_node_tls.config for the server and for the file that "
            "RABBITMQ_CTL_ERL_ARGS names.",
            Product.RABBITMQ,
        ),
        Fix(
            "Correct the file that `-ssl_dist_optfile` in rel/vm.args.eex (and rel/remote.vm.args.eex) names.",
            Product.ELIXIR,
        ),
        Fix("Correct the client section of etc/ssl_dist.conf.", Product.EMQX),
        Fix("Correct the client section of the file that `-ssl_dist_optfile` in vm.args names.", Product.COUCHDB),
    ),
    references=(
        "https://www.erlang.org/doc/apps/ssl/ssl_distribution.html",
        "https://www.rabbitmq.com/docs/clustering-ssl",
        "https://github.com/erlang/otp/issues/7497",
        "https://github.com/rabbitmq/cluster-operator/issues/1400",
        "https://github.com/rabbitmq/rabbitmq-website/issues/1687",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    lookup, response = attempt.epmd, attempt.port2_resp
    if lookup is None or response is None or attempt.link is not None or not response.highest >= 5:
        return
    ending = ending_of(attempt, lookup)
    if ending is None or ending.side is not Side.ACCEPTOR or lookup.closing_of(Side.INITIATOR) is None:
        return
    answer = lookup.flows[Side.ACCEPTOR]
    if answer.unacknowledged and answer.resent:
        return
    extent = around.extent(attempt)
    watched = around.capture_ends(attempt) - lookup.last.at
    if extent is None or (extent.cut and watched < SECOND):
        return
    only_epmd = extent.others == 0
    yield RULE.finding(
        attempt,
        certainty=Certainty.POSSIBLE if only_epmd or watched < SECOND else Certainty.LIKELY,
        why=f"EPMD named port {response.port} and both sides closed; no SYN to"
        f" {attempt.acceptor.address}:{response.port} follows, where an initiator dials within a millisecond"
        + (
            f" ({seconds(watched)} of the capture are left)" if watched >= SECOND else ", though the capture ends there"
        ),
        evidence=[
            show(attempt.first(events.EpmdAnswered), f"EPMD answers: port {response.port}"),
            show(lookup.closings[-1], "the lookup is over, and no SYN follows"),
        ],
        detail={"port": response.port},
        alternatives=(
            *(
                ("the capture holds nothing but EPMD traffic: its filter may have left out the dial",)
                if only_epmd
                else ()
            ),
            "the lookup came from a tool that only asks (erl_epmd:port_please/2)",
        ),
    )
