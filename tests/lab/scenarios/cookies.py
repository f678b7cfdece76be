"""The cookies differ: every pair of implementations, and what makes it harder to see."""

from __future__ import annotations

from tests.lab import slow_path
from tests.lab.nodes import c_node, elixir, epmd, erlang, jinterface, python, rabbitmq
from tests.lab.nodes.erlang import COOKIE, OTHER_COOKIE
from tests.lab.nodes.releases import OTP25, OTP28, Release
from tests.lab.scenario import Scenario, declare, scenario
from tests.lab.scenarios.lookup import IPV6
from tests.lab.stage import Stage

BY_ACCEPTOR = {"rejected_by": "acceptor"}


def _mismatch(initiator: Release, acceptor: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, initiator, acceptor, cookie=OTHER_COOKIE)
        lab.watch()
        ann.fail_to_connect(bob)

    name = f"cookie-mismatch-{initiator}-{acceptor}"
    shows = f"A node of OTP {initiator} with another cookie calls one of OTP {acceptor}"
    declare(Scenario(name, shows, play, {"cookie-mismatch": 1}, BY_ACCEPTOR))


for _one in (OTP25, OTP28):
    for _other in (OTP25, OTP28):
        _mismatch(_one, _other)


@scenario("cookie-mismatch-ipv6", "cookie-mismatch", detail=BY_ACCEPTOR)
def _ipv6(lab: Stage) -> None:
    """Over IPv6."""
    at = (lab.alpha.place.fqdn6, lab.beta.place.fqdn6)
    ann, bob = erlang.pair(lab, OTP28, OTP25, cookie=OTHER_COOKIE, calling=IPV6, called=IPV6, at=at)
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("cookie-mismatch-hidden", "cookie-mismatch", detail=BY_ACCEPTOR)
def _hidden(lab: Stage) -> None:
    """A hidden node, seen at the acceptor's end."""
    ann, bob = erlang.pair(lab, OTP25, OTP28, cookie=OTHER_COOKIE, calling=("-hidden",))
    lab.watch(lab.beta)
    ann.fail_to_connect(bob)


@scenario("cookie-mismatch-dynamic-name", "cookie-mismatch", detail=BY_ACCEPTOR)
def _dynamic(lab: Stage) -> None:
    """The initiator asks for a name, is given one, and has the wrong cookie."""
    epmd.start(lab.beta)
    bob = erlang.start(lab.beta, "bob")
    nobody = erlang.start(lab.alpha, "undefined", cookie=OTHER_COOKIE)
    lab.watch()
    nobody.fail_to_connect(bob)


@scenario("cookie-mismatch-no-epmd", "cookie-mismatch", detail=BY_ACCEPTOR)
def _no_epmd(lab: Stage) -> None:
    """Distribution without EPMD."""
    fixed = ("-erl_epmd_port", "9100")
    ann = erlang.start(lab.alpha, "ann", cookie=OTHER_COOKIE, options=fixed)
    bob = erlang.start(lab.beta, "bob", options=fixed)
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("cookie-mismatch-port-5555", "cookie-mismatch", detail=BY_ACCEPTOR)
def _port_5555(lab: Stage) -> None:
    """EPMD has another port on both hosts."""
    elsewhere = {"ERL_EPMD_PORT": "5555"}
    for host in (lab.alpha, lab.beta):
        epmd.start(host, port=5555)
    ann = erlang.start(lab.alpha, "ann", cookie=OTHER_COOKIE, env=elsewhere)
    bob = erlang.start(lab.beta, "bob", env=elsewhere)
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("cookie-mismatch-retries", {"cookie-mismatch": 4}, detail=BY_ACCEPTOR)
def _retries(lab: Stage) -> None:
    """The initiator tries again and again."""
    ann, bob = erlang.pair(lab, OTP28, OTP25, cookie=OTHER_COOKIE)
    lab.watch()
    for _ in range(4):
        ann.fail_to_connect(bob)


@scenario("cookie-mismatch-both-ways", {"cookie-mismatch": 2}, detail=BY_ACCEPTOR)
def _both_ways(lab: Stage) -> None:
    """First the one calls, then the other."""
    ann, bob = erlang.pair(lab, OTP25, OTP28, cookie=OTHER_COOKIE)
    lab.watch()
    ann.fail_to_connect(bob)
    bob.fail_to_connect(ann)


@scenario("cookie-mismatch-loopback", {"registered": 1, "cookie-mismatch": 1}, detail=BY_ACCEPTOR)
def _loopback(lab: Stage) -> None:
    """Two nodes on one host, captured on its loopback interface; the initiator is started while it goes on."""
    epmd.start(lab.alpha)
    bob = erlang.start(lab.alpha, "bob")
    lab.watch(lab.alpha, "lo")
    ann = erlang.start(lab.alpha, "ann", cookie=OTHER_COOKIE)
    ann.fail_to_connect(bob)


@scenario("cookie-mismatch-slow", "cookie-mismatch", detail=BY_ACCEPTOR)
def _slow(lab: Stage) -> None:
    """Packets take 200 ms one way."""
    ann, bob = erlang.pair(lab, cookie=OTHER_COOKIE)
    slow_path.start(lab.router, 0.2)
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("cookie-mismatch-tiny-segments", "cookie-mismatch", detail=BY_ACCEPTOR)
def _tiny(lab: Stage) -> None:
    """A router makes TCP send 60 bytes at a time: every message spans segments."""
    ann, bob = erlang.pair(lab, cookie=OTHER_COOKIE)
    lab.network.router.firewall("tcp flags syn tcp option maxseg size set 88", "forward")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("cookie-mismatch-c-node", "cookie-mismatch", detail=BY_ACCEPTOR)
def _c_node(lab: Stage) -> None:
    """A C node (erl_interface of OTP 25) with another cookie."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    c_node.call(lab.alpha, bob, cookie=OTHER_COOKIE)


@scenario("cookie-mismatch-to-c-node", "cookie-mismatch", detail=BY_ACCEPTOR)
def _to_c_node(lab: Stage) -> None:
    """A C node with another cookie is called."""
    ann = erlang.caller(lab, OTP28)
    epmd.start(lab.beta)
    c_node.wait(lab.beta, cookie=OTHER_COOKIE)
    lab.watch()
    ann.fail_to_connect("c1@10.77.2.1")


@scenario("cookie-mismatch-erl-call-28", "cookie-mismatch", detail=BY_ACCEPTOR)
def _erl_call(lab: Stage) -> None:
    """erl_call of OTP 28 with another cookie."""
    _, bob = erlang.pair(lab)
    lab.watch()
    c_node.erl_call(lab.alpha, bob, cookie=OTHER_COOKIE)


@scenario("cookie-mismatch-jinterface", "cookie-mismatch", detail=BY_ACCEPTOR)
def _java(lab: Stage) -> None:
    """A Java node (jinterface of OTP 25) with another cookie."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    jinterface.call(lab.alpha, bob, cookie=OTHER_COOKIE)


@scenario("cookie-mismatch-to-jinterface", "cookie-mismatch", detail=BY_ACCEPTOR)
def _to_java(lab: Stage) -> None:
    """A Java node with another cookie is called."""
    ann = erlang.caller(lab)
    epmd.start(lab.beta)
    jinterface.wait(lab.beta, cookie=OTHER_COOKIE)
    lab.watch()
    ann.fail_to_connect("java@10.77.2.1")


@scenario("cookie-mismatch-python", "cookie-mismatch", detail=BY_ACCEPTOR)
def _python(lab: Stage) -> None:
    """A Python node (erldistpy) with another cookie."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    python.connect(lab.alpha, bob, cookie=OTHER_COOKIE)


@scenario("cookie-mismatch-elixir", "cookie-mismatch", detail=BY_ACCEPTOR)
def _elixir(lab: Stage) -> None:
    """A script of Elixir with another cookie."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    elixir.connect(lab.alpha, bob, cookie=OTHER_COOKIE)


@scenario("cookie-mismatch-rabbitmqctl", {"cookie-mismatch": 2, "answered": 1, "idle-no-name": 1}, detail=BY_ACCEPTOR)
def _rabbitmqctl(lab: Stage) -> None:
    """rabbitmqctl with another cookie: it dials, then its diagnostics ask EPMD, dial again, and probe the port."""
    epmd.start(lab.alpha)
    epmd.start(lab.beta)
    rabbitmq.start(lab.beta, cookie=COOKIE)
    lab.watch()
    rabbitmq.ctl(lab.alpha, "rabbit@beta", "list_users", cookie=OTHER_COOKIE)
