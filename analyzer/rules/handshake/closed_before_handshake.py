"""The acceptor closed the connection without one byte of handshake.

What happens:
    TCP opens. The initiator sends its name, or is about to. The other side closes or resets at once, and has said
    nothing.

Why:
    - What accepted the connection is no Erlang node but a proxy, load balancer or sidecar that has no backend.
    - The acceptor has `check_ip` set, and the initiator is not in one of its subnets.
    - The node stops at that moment.
    - A third connection under the same name comes while another one waits for its fate (see duplicate-name).

    An old or new form of the name message that the acceptor does not know, missing flags, and bad names lead to the
    same picture. The rules for those are tried first; this one remains when name, form and flags were fine.

How to confirm:
    With `check_ip` the acceptor logs "Connection attempt from disallowed IP". In the other cases expect no log. The
    initiator prints `{recv_status_failed,{error,closed}}` after `net_kernel:verbose(1)`. RabbitMQ's CLI then hints
    at TLS. That is a guess.

    On the called host: `ss -ltnp 'sport = :PORT'` must name `beam.smp`. Capture there: if the connection does not
    arrive, something before it answered.

    In the capture, compare the TTL and the delay of the SYN-ACK with those of EPMD's packets: a proxy is nearer. A
    RST right after the name fits `check_ip` and proxies. A FIN after the name fits a node that has read it.

    Look-alikes: a close after about 7 s is a timer (handshake-timeout). With incomplete flags in the name message it is
    mandatory-flags-missing, with a form of the handshake that the acceptor does not know it is version-mismatch. Bytes
    of another protocol before the close are not-erlang-peer.

How to fix:
    Let the nodes connect to each other directly. Where a proxy must stay, look at its backends and health checks.

Seen in:
    All OTP releases. istio/istio#6029; HAProxy without a live server.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.compatibility import is_version_zero, name_form_refused, wants_dynamic_name
from analyzer.sessions.ending import OWN_TIMER, Ending, ending_of, is_slow_path, seconds
from analyzer.sessions.events import Leg
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK001",
    name="closed-before-handshake",
    stage=Stage.NAME,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    at=(Stage.TCP, Stage.NAME),
    says="{acceptor} closed the connection of {initiator} without one byte of handshake",
    fix=(
        Fix("Find what accepts the connection: it must be the node itself (`ss -ltnp` names beam.smp), not a proxy."),
        Fix(
            "If a proxy or load balancer is in between, check that it has a live backend on that port, or take it "
            "out of the path.",
        ),
        Fix(
            'If the acceptor\'s log says "disallowed IP", remove `-kernel check_ip true` there or put both nodes '
            "into one subnet.",
        ),
        Fix(
            "Do not put 25672 behind a load balancer or service mesh: exclude 4369 and 25672 from the mesh.",
            Product.RABBITMQ,
        ),
        Fix(
            "Use a headless Kubernetes service, so that libcluster gets pod addresses and not the address of a proxy.",
            Product.ELIXIR,
        ),
    ),
    references=(
        "https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html",
        "https://www.erlang.org/doc/apps/kernel/kernel_app.html",
        "https://www.rabbitmq.com/docs/networking",
        "https://github.com/istio/istio/issues/6029",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    ending = ending_of(attempt, link)
    if link is None or ending is None or ending.side is not Side.ACCEPTOR or not link.is_open:
        return
    if (
        link.flows[Side.ACCEPTOR].sent
        or attempt.stage not in (Stage.TCP, Stage.NAME)
        or not _is_refusal(attempt, ending)
    ):
        return
    if attempt.first(events.NotUnderstood, Side.INITIATOR, Leg.LINK) or attempt.first(
        events.ForeignSpoken, leg=Leg.LINK
    ):
        return
    if has_foreign_reset(attempt) or Quality.MIDSTREAM in attempt.qualities:
        return
    name = attempt.send_name
    named = attempt.first(events.NameSent)
    if name is not None and (
        not name.valid_name()
        or wants_dynamic_name(attempt)
        or name_form_refused(attempt, around)
        or is_version_zero(attempt)
    ):
        return
    unread = named is None and link.flows[Side.INITIATOR].sent > 0
    # Whether the acceptor takes this form of the name is what EPMD says of it, or another of its connections.
    foreign_form = named is not None and around.acceptor_release(attempt) is None
    if unread:
        certainty = Certainty.POSSIBLE
    else:
        hidden = attempt.qualities or named is None or foreign_form
        certainty = Certainty.LIKELY if hidden else Certainty.CERTAIN
    how = "reset" if ending.is_reset else "closed"
    after = "the initiator's name" if named else "the TCP handshake"
    yield RULE.finding(
        attempt,
        certainty=certainty,
        why=f"the acceptor's side {how} the connection {seconds(ending.waited)} after {after}, without one byte; the"
        " name is well formed and its flags lack nothing"
        if named
        else f"the acceptor's side {how} the connection {seconds(ending.waited)} after {after}, without one byte",
        evidence=[
            show(link.opened, "the TCP connection is open"),
            show(named, "send_name"),
            show(ending.closing, f"the acceptor's side {how} the connection"),
        ],
        detail={"close": "RST" if ending.is_reset else "FIN", "name_seen": named is not None},
        alternatives=()
        if certainty is Certainty.CERTAIN
        else _alternatives(unread=unread, named=named is not None, foreign_form=foreign_form),
    )


def _is_refusal(attempt: Attempt, ending: Ending) -> bool:
    """At once; or after a name, when something in between had waited in vain for its backend."""
    if ending.prompt:
        return True
    return attempt.stage is Stage.NAME and ending.timer < OWN_TIMER and not is_slow_path(attempt)


def _alternatives(*, unread: bool, named: bool, foreign_form: bool) -> tuple[str, ...]:
    if unread:
        return ("what the initiator sent cannot be read, and the acceptor may have refused it with reason",)
    if not named:
        return ("the initiator had closed first, and its FIN is not in the capture",)
    if foreign_form:
        return ("the acceptor does not know this form of the name: the capture lacks what EPMD says of its versions",)
    return ("the capture lost the acceptor's answer",)
