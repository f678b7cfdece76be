"""The two nodes do not use the same cookie.

What happens:
    Names and capabilities are accepted. Each side then proves that it knows the cookie, with a digest of cookie and
    challenge. The digest of the initiator is wrong for the acceptor, which closes at once. The cookie itself is
    never on the wire.

Why:
    - The cookie files differ. A node without `-setcookie` reads `~/.erlang.cookie` of the user that it runs as, and
      makes a random one if there is none. Another user, another HOME, a fresh volume or a new container image means
      another cookie.
    - One side gets its cookie from a flag or variable, the other from the file.
    - The files look alike, but a blank before the line end belongs to the cookie.
    - Somebody set cookies per node with `erlang:set_cookie/2`, crosswise. The one for a node must be the same on
      both sides.
    - A tool (CLI, remote shell, health check) runs as root or on another host and reads another file.

How to confirm:
    The acceptor logs "Connection attempt from node NAME rejected. Invalid challenge reply." (OTP 23 and later), or
    "Connection attempt from disallowed node NAME" (OTP 22 and earlier, the same text as for not-allowed). The
    initiator logs nothing.

    Compare the hashes, never the cookies. In a console:
    `base64:encode(erlang:md5(atom_to_list(erlang:get_cookie()))).` For a file:
    `head -n 1 FILE | tr -d '[:cntrl:]' | openssl md5 -binary | base64`. RabbitMQ:
    `rabbitmq-diagnostics erlang_cookie_sources`, and "cookie hash" in the server's log at start.

    In the capture: challenge, reply, then FIN of the acceptor 1 to 50 ms later and no ack. Give distscope the right
    cookie with `--cookie-file`: it then tells whether the initiator used that one, and so which side is wrong.

    Look-alikes: the same close after about 7 s is a timer (handshake-timeout). A node that stops at that moment
    looks the same once; repeated attempts do not. An ack followed by a close of the initiator means that the
    acceptor is no OTP node, that somebody sits in between, or that a cookie changed at that moment.

How to fix:
    Give all nodes and tools one cookie, from one source, then restart the nodes: the file is read at start.

Seen in:
    All OTP releases, C and Java nodes. rabbitmq/rabbitmq-cli#252, processone/ejabberd#1635, emqx/emqx#6440,
    erlang/otp#5063.
"""

from collections.abc import Iterator

from analyzer.findings import Certainty, Finding, Outcome, Severity
from analyzer.rules.rule import Fix, Rule, show
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Quality, Stage
from analyzer.sessions.ending import Ending, ending_of, seconds
from analyzer.sessions.product import Product
from analyzer.sessions.resets import has_foreign_reset
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side

RULE = Rule(
    id="HSK013",
    name="cookie-mismatch",
    stage=Stage.REPLY,
    outcome=Outcome.PROBLEM,
    severity=Severity.ERROR,
    needs=(events.ReplySent, events.AckSent),
    at=(Stage.REPLY, Stage.ACK),
    says="{initiator} and {acceptor} do not use the same cookie: {rejecter} rejected the other's proof",
    fix=(
        Fix(
            "Copy one `.erlang.cookie`, the file with the secret that all nodes share, into the home of the service "
            "user on all hosts, mode 0400, owned by that user; restart the nodes.",
        ),
        Fix(
            "Look for a cookie that overrides the file: `-setcookie` in vm.args or the command line, "
            "`erlang:set_cookie/2` in code.",
        ),
        Fix(
            "Run tools as the user of the service, or give them the cookie. Since OTP 25 "
            "`$XDG_CONFIG_HOME/erlang/.erlang.cookie` counts, too.",
        ),
        Fix(
            "Servers read /var/lib/rabbitmq/.erlang.cookie, CLI tools ~/.erlang.cookie of their user; see "
            "`rabbitmq-diagnostics erlang_cookie_sources`.",
            Product.RABBITMQ,
        ),
        Fix(
            "In containers set the same RABBITMQ_ERLANG_COOKIE, or mount the same file; once only, "
            "`rabbitmqctl --erlang-cookie` helps.",
            Product.RABBITMQ,
        ),
        Fix(
            "Set RELEASE_COOKIE on all nodes and for `bin/APP remote`; without it a fresh build has a random one in "
            "releases/COOKIE.",
            Product.ELIXIR,
        ),
        Fix(
            "Copy /var/lib/ejabberd/.erlang.cookie to all nodes, and run ejabberdctl as user ejabberd or root.",
            Product.EJABBERD,
        ),
        Fix("Set the same `-setcookie` in vm.args of all nodes (containers: COUCHDB_ERLANG_COOKIE).", Product.COUCHDB),
        Fix("Set the same node.cookie in emqx.conf, or EMQX_NODE__COOKIE, on all nodes.", Product.EMQX),
    ),
    references=(
        "https://www.erlang.org/doc/system/distributed.html",
        "https://www.rabbitmq.com/docs/clustering",
        "https://hexdocs.pm/mix/Mix.Tasks.Release.html",
        "https://docs.ejabberd.im/admin/guide/distribution",
        "https://docs.emqx.com/en/emqx/latest/deploy/cluster/security.html",
        "https://github.com/rabbitmq/rabbitmq-cli/issues/252",
        "https://github.com/processone/ejabberd/issues/1635",
        "https://github.com/emqx/emqx/issues/6440",
        "https://github.com/erlang/otp/issues/5063",
    ),
)


@RULE.check
def check(attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
    link = attempt.link
    ending = ending_of(attempt, link)
    if link is None or ending is None or ending.by_timer or has_foreign_reset(attempt):
        return
    if attempt.stage is Stage.REPLY and (ending.side is Side.ACCEPTOR or Quality.ONE_SIDED in attempt.qualities):
        yield from _rejected_by_acceptor(attempt, around, ending)
    elif attempt.stage is Stage.ACK and ending.side is Side.INITIATOR:
        yield from _rejected_by_initiator(attempt, around, ending)


def _rejected_by_acceptor(attempt: Attempt, around: Surroundings, ending: Ending) -> Iterator[Finding]:
    link = attempt.link
    replied = attempt.first(events.ReplySent)
    if link is None or replied is None:
        return
    if any(
        hole.side is Side.ACCEPTOR and hole.packet.at >= replied.packet.at and hole.length >= ACK_LENGTH
        for hole in link.holes
    ):
        # An ack may be in the hole: then the acceptor took the cookie.
        return
    if link.flows[Side.INITIATOR].unacknowledged and not ending.is_reset and link.flows[Side.ACCEPTOR].last is not None:
        # The acceptor's FIN does not acknowledge the reply: it was sent before the reply arrived, by a timer.
        return
    matched = around.cookie_of_reply(attempt)
    listener = around.listener(attempt)
    accepted = listener.cookie
    tls = attempt.first(events.TlsClientHello) is not None
    # It took this node's cookie at another time, or it lives on and so did not end in the moment in which it closed.
    lives_on = listener.answered_last_at is not None and listener.answered_last_at > ending.closing.packet.at
    proven = matched is not None or lives_on or attempt.initiator.node in listener.acknowledged
    certainty = Certainty.CERTAIN if proven and not ending.is_reset else Certainty.LIKELY
    if ending.is_reset or attempt.qualities & {Quality.ONE_SIDED, Quality.GAP} or ending.side is Side.INITIATOR:
        certainty = Certainty.LIKELY
    yield RULE.finding(
        attempt,
        certainty=certainty,
        why=f"the acceptor {'reset' if ending.is_reset else 'closed'} the connection {seconds(ending.waited)} after the"
        " challenge reply, without an ack: that is what a node does with a digest that does not fit its cookie"
        + (" (inside TLS: read from the sizes of the records)" if tls else "")
        + _known(matched, accepted, len(around.cookies)),
        evidence=[
            show(attempt.first(events.ChallengeSent), "challenge"),
            show(replied, "challenge reply, with the digest"),
            show(ending.closing, f"the {ending.side.value} closes, and no ack was sent"),
        ],
        detail={"rejected_by": Side.ACCEPTOR.value} | _cookie_detail(matched, accepted, len(around.cookies)),
        alternatives=() if certainty is Certainty.CERTAIN else ("the acceptor's node ended in that very moment",),
        rejecter=attempt.label(Side.ACCEPTOR),
    )


def _rejected_by_initiator(attempt: Attempt, around: Surroundings, ending: Ending) -> Iterator[Finding]:
    link = attempt.link
    acked = attempt.first(events.AckSent)
    if link is None or acked is None or attempt.first(events.DataStarted, Side.INITIATOR):
        return
    reply, ack = around.cookie_of_reply(attempt), around.cookie_of_ack(attempt)
    if reply is not None and ack == reply:
        # Both digests are right: the initiator closed for a reason of its own.
        return
    proven = reply is not None or ack is not None
    yield RULE.finding(
        attempt,
        certainty=Certainty.CERTAIN if proven else Certainty.LIKELY,
        why="the acceptor took the challenge reply and sent its ack; the initiator closed"
        f" {seconds(ending.waited)} later without sending data: that is what a node does with an ack whose digest does"
        " not fit its cookie",
        evidence=[
            show(attempt.first(events.ReplySent), "challenge reply"),
            show(acked, "challenge ack, with the acceptor's digest"),
            show(ending.closing, "the initiator closes"),
        ],
        detail={"rejected_by": Side.INITIATOR.value},
        alternatives=()
        if proven
        else ("a limit at the initiator's node (see local-setup-failure); a cookie known with --cookie-file tells",),
        rejecter=attempt.label(Side.INITIATOR),
    )


ACK_LENGTH = 19
"""A challenge ack with its length field."""


def _known(matched: int | None, accepted: int | None, cookies: int) -> str:
    """Who holds the wrong cookie, as far as the cookies that the user gave can tell (docs/protocol.md 5)."""
    if not cookies:
        return ""
    if matched is not None:
        return (
            f"; the initiator's digest was made with the cookie of --cookie-file number {matched + 1}, so the"
            " acceptor's cookie is another"
        )
    if accepted is not None:
        return (
            f"; elsewhere in the capture the acceptor uses the cookie of --cookie-file number {accepted + 1}, and the"
            " initiator's digest was not made with it: the initiator's cookie is the wrong one"
        )
    return "; the initiator's digest was made with none of the cookies given with --cookie-file"


def _cookie_detail(matched: int | None, accepted: int | None, cookies: int) -> dict[str, object]:
    if not cookies:
        return {}
    return {
        "initiator_cookie_file": None if matched is None else matched + 1,
        "acceptor_cookie_file": None if accepted is None else accepted + 1,
    }
