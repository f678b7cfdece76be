"""The node that answered has another name than the one that was called.

What happens:
    The initiator sends its name and gets status `ok` and a challenge. The challenge carries the full name of the
    acceptor. It is not the name that was called, so the initiator closes at once. Name, cookie and flags may all be
    right.

Why:
    A node name is more than an address: `bob@10.0.0.2`, `bob@alias` and `bob@host.example.org` are three names,
    even if all of them lead to the same node. Usual causes:

    - the node is called by IP address, alias or load balancer name, and runs under its host name, or the other way
      round;
    - one side uses short names, the other long ones (most such calls fail before the first packet);
    - port forwarding or NAT: the caller uses the outer address;
    - a DNS entry or /etc/hosts leads to another host, where a node with the same left part runs;
    - in Kubernetes the discovery builds names from pod IPs, and the release from host names.

How to confirm:
    Expect no log on either side. The initiator prints `{recv_challenge_failed,no_node,...}` after
    `net_kernel:verbose(1)`. RabbitMQ's CLI then says "Node name (or hostname) mismatch".

    Ask the node for its name: `node().` in its console, or `rabbitmqctl status`. Compare with the name that is
    called.

    In the capture: status `ok`, a challenge, and FIN of the initiator within milliseconds, without a reply. The
    name in the challenge is the right one. The called name is not on the wire: EPMD shows its left part, the rest
    must come from you (`--node` helps). If already the left parts differ, it is certain.

    Look-alike: the same close with incomplete flags in the challenge is mandatory-flags-missing.

How to fix:
    Call the node by the exact name that it prints, or give it the name that the others call. Long and short names
    do not mix.

Seen in:
    All OTP releases. bitwalker/libcluster#129, erlang/otp#8951.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.compatibility import challenge_form_refused, missing_at_acceptor
from analyzer.sessions.ending import ending_of, seconds
from analyzer.sessions.events import Leg
from analyzer.sessions.naming import is_address, is_long
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK010",
    name="name-mismatch",
    stage=Stage.CHALLENGE,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.ChallengeSent,),
    at=(Stage.CHALLENGE,),
    says="{initiator} called {called}, but the node that answered is {answered}",
    fix=(
        Fix(
            "Call the node by exactly the name that `node()` returns on it; make that host part resolve (DNS or "
            "/etc/hosts).",
        ),
        Fix("Start all nodes the same way, with long names (`-name`) or with short ones (`-sname`)."),
        Fix(
            "Set RELEASE_DISTRIBUTION=name and RELEASE_NODE=app@$POD_IP in rel/env.sh.eex, and the matching "
            "libcluster mode (:ip, :dns or :hostname).",
            Product.ELIXIR,
        ),
        Fix(
            "Call `rabbitmqctl -n rabbit@HOST` with the server's exact name, and `--longnames` if "
            "RABBITMQ_USE_LONGNAME is true there.",
            Product.RABBITMQ,
        ),
        Fix(
            "Before you change RABBITMQ_NODENAME of a server: its database directory carries the old name, so it "
            "starts empty.",
            Product.RABBITMQ,
        ),
        Fix(
            "Set ERLANG_NODE=ejabberd@HOST in ejabberdctl.cfg; the Mnesia database of an existing node has to be "
            "converted to the new name.",
            Product.EJABBERD,
        ),
        Fix(
            "Set `-name couchdb@HOST` in vm.args to the host that the cluster uses, and compare with `/_membership`.",
            Product.COUCHDB,
        ),
        Fix(
            "Set node.name (EMQX_NODE__NAME) to emqx@ADDRESS as the others call it in `emqx ctl cluster join`.",
            Product.EMQX,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/system/distributed.html",
        "https://www.rabbitmq.com/docs/cli",
        "https://hexdocs.pm/mix/Mix.Tasks.Release.html",
        "https://github.com/bitwalker/libcluster/issues/129",
        "https://github.com/erlang/otp/issues/8951",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    ending = ending_of(attempt, attempt.link)
    challenged = attempt.first(events.ChallengeSent)
    if ending is None or challenged is None or ending.side is not Side.INITIATOR or ending.by_timer:
        return
    if ending.closing.packet.at < challenged.packet.at:
        # It had given up before the name was on its way.
        return
    if attempt.stage is not Stage.CHALLENGE or challenge_form_refused(attempt) or missing_at_acceptor(attempt):
        return
    if attempt.first(events.NotUnderstood, leg=Leg.LINK) or has_foreign_reset(attempt):
        return
    answered = attempt.acceptor.node or ""
    clue, sure = _clue(attempt, answered)
    certainty = Certainty.CERTAIN if sure else Certainty.LIKELY
    if challenged.message is None or attempt.qualities:
        certainty = Certainty.POSSIBLE
    called = attempt.called or (f"{attempt.called_name}@…" if attempt.called_name else None)
    yield RULE.finding(
        attempt,
        certainty=certainty,
        why=f"the initiator closed {seconds(ending.waited)} after the challenge, in which the acceptor names itself"
        f" {answered or '?'}; the handshake's form and all flags are right{clue}",
        evidence=[
            show(attempt.first(events.EpmdAsked), f"EPMD is asked for {attempt.called_name!r}")
            if attempt.called_name
            else None,
            show(challenged, f"the challenge comes from {answered or 'a node whose name cannot be read'}"),
            show(ending.closing, "the initiator closes without a reply"),
        ],
        detail={"called": attempt.called, "answered": answered or None, "rejected_by": Side.INITIATOR.value},
        alternatives=() if sure else ("the initiator's node ended in that very moment",),
        called=called or "another name",
        answered=answered or "another name",
    )


def _clue(attempt: Attempt, answered: str) -> tuple[str, bool]:
    """What in the packets shows that the called name was another one, and whether it proves it."""
    name, _, host = answered.partition("@")
    if attempt.called_name is not None and name and attempt.called_name != name:
        return f"; EPMD was asked for {attempt.called_name}, and {name} answers", True
    own = (attempt.initiator.node or "").partition("@")[2]
    if host and own and is_long(host) != is_long(own):
        kinds = ("long", "short") if is_long(host) else ("short", "long")
        return f"; the acceptor uses {kinds[0]} names and the initiator {kinds[1]} ones", True
    address = attempt.acceptor.address
    if is_address(host) and host != address:
        return f"; the name holds the address {host}, but the connection goes to {address}", True
    return "", False
