"""What must raise no alarm: releases, products and kinds of nodes that connect."""

from __future__ import annotations

from tests.lab import slow_path
from tests.lab.nodes import c_node, elixir, epmd, erlang, foreign, jinterface, rabbitmq, tls
from tests.lab.nodes.releases import OTP25, OTP28, Release
from tests.lab.scenario import Scenario, declare, scenario
from tests.lab.scenarios.lookup import IPV6
from tests.lab.stage import Stage

BOTH = (OTP25, OTP28)


def _connected(initiator: Release, acceptor: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, initiator, acceptor)
        lab.watch()
        ann.connect(bob)

    shows = f"A node of OTP {initiator} connects to one of OTP {acceptor}"
    declare(Scenario(f"connected-{initiator}-{acceptor}", shows, play, {"connected": 1}))


def _connected_tls(version: str) -> None:
    def play(lab: Stage) -> None:
        authority = tls.Authority(lab.folder)
        hosts = lab.alpha.place.fqdn, lab.beta.place.fqdn
        calling, called = (
            tls.options(lab.folder, host, authority.issue(host), authority.certificate, version) for host in hosts
        )
        ann, bob = erlang.pair(lab, calling=calling, called=called, at=hosts)
        lab.watch()
        ann.connect(bob)

    shows = f"Distribution over TLS {version}, certificates checked on both sides"
    declare(Scenario(f"connected-tls-{version}", shows, play, {"connected": 1}))


for _one in BOTH:
    for _other in BOTH:
        _connected(_one, _other)
for _version in ("1.2", "1.3"):
    _connected_tls(_version)


@scenario("connected-ipv6", "connected")
def _ipv6(lab: Stage) -> None:
    """Distribution over IPv6."""
    ann, bob = erlang.pair(
        lab, OTP28, OTP25, calling=IPV6, called=IPV6, at=(lab.alpha.place.fqdn6, lab.beta.place.fqdn6)
    )
    lab.watch()
    ann.connect(bob)


@scenario("connected-hidden", "connected")
def _hidden(lab: Stage) -> None:
    """A hidden node calls."""
    ann, bob = erlang.pair(lab, OTP25, OTP28, calling=("-hidden",))
    lab.watch()
    ann.connect(bob)


@scenario("connected-dynamic-name", "connected")
def _dynamic(lab: Stage) -> None:
    """The initiator has no name yet (-name undefined@…) and is given one."""
    epmd.start(lab.beta, OTP28)
    bob = erlang.start(lab.beta, "bob", release=OTP28)
    nobody = erlang.start(lab.alpha, "undefined")
    lab.watch()
    nobody.connect(bob)


@scenario("connected-no-epmd", "connected")
def _no_epmd(lab: Stage) -> None:
    """Distribution without EPMD: both nodes have -erl_epmd_port."""
    fixed = ("-erl_epmd_port", "9100")
    ann = erlang.start(lab.alpha, "ann", options=fixed)
    bob = erlang.start(lab.beta, "bob", release=OTP28, options=fixed)
    lab.watch()
    ann.connect(bob)


@scenario("connected-any", "connected")
def _any(lab: Stage) -> None:
    """Captured on the router with -i any: each packet is seen twice, or more often."""
    ann, bob = erlang.pair(lab, OTP28, OTP25)
    lab.watch(lab.router, "any")
    ann.connect(bob)


@scenario("connected-slow", "connected")
def _slow(lab: Stage) -> None:
    """Packets take 200 ms one way."""
    ann, bob = erlang.pair(lab, OTP28, OTP28)
    slow_path.start(lab.router, 0.2)
    lab.watch()
    ann.connect(bob)


@scenario("connected-lossy", "connected")
def _lossy(lab: Stage) -> None:
    """A router loses every seventh packet in either direction."""
    ann, bob = erlang.pair(lab)
    lab.network.router.firewall("tcp sport 0-65535 numgen inc mod 7 == 6 drop", "forward")
    lab.watch()
    ann.connect(bob)


@scenario("connected-c-node", "connected")
def _c_node(lab: Stage) -> None:
    """A C node (erl_interface of OTP 25) calls."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    c_node.call(lab.alpha, bob)


@scenario("connected-to-c-node", "connected")
def _to_c_node(lab: Stage) -> None:
    """A C node is called."""
    ann = erlang.caller(lab, OTP28)
    epmd.start(lab.beta)
    c_node.wait(lab.beta)
    lab.watch()
    ann.connect("c1@10.77.2.1")


@scenario("closed-normally-erl-call-28", "closed-normally")
def _erl_call(lab: Stage) -> None:
    """erl_call of OTP 28, a C node, asks a node of OTP 25 for its name and leaves."""
    _, bob = erlang.pair(lab)
    lab.watch()
    c_node.erl_call(lab.alpha, bob)


@scenario("connected-jinterface", "connected")
def _java(lab: Stage) -> None:
    """A Java node (jinterface of OTP 25) calls."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    jinterface.call(lab.alpha, bob)


@scenario("connected-to-jinterface", "connected")
def _to_java(lab: Stage) -> None:
    """A Java node is called."""
    ann = erlang.caller(lab)
    epmd.start(lab.beta)
    jinterface.wait(lab.beta)
    lab.watch()
    ann.connect("java@10.77.2.1")


@scenario("closed-normally-elixir", "closed-normally")
def _elixir(lab: Stage) -> None:
    """A script of Elixir connects and ends."""
    _, bob = erlang.pair(lab, OTP25, OTP28, called=erlang.ON_REQUEST)
    lab.watch()
    elixir.connect(lab.alpha, bob)


@scenario("closed-normally-rabbitmqctl", "closed-normally")
def _rabbitmqctl(lab: Stage) -> None:
    """rabbitmqctl asks a RabbitMQ on another host for its users."""
    epmd.start(lab.alpha)
    epmd.start(lab.beta)
    rabbitmq.start(lab.beta)
    lab.watch()
    rabbitmq.ctl(lab.alpha, "rabbit@beta", "list_users")


FIXED_PORT = ("-kernel", "inet_dist_listen_min", "9100", "inet_dist_listen_max", "9100")


@scenario("idle-no-name-probe", {"idle-no-name": 2}, dist_ports=frozenset({9100}))
def _probe(lab: Stage) -> None:
    """A health check connects to the distribution port twice, and closes without a word."""
    ann, _ = erlang.pair(lab, called=FIXED_PORT)
    lab.watch()
    for _ in range(2):
        foreign.call(lab.alpha, "probe", lab.beta.place.ipv4, 9100).wait()
    ann.ask("ok")


@scenario("idle-no-name", "idle-no-name", dist_ports=frozenset({9100}))
def _idle(lab: Stage) -> None:
    """Somebody connects and says nothing: the acceptor gives up."""
    erlang.pair(lab, OTP25, OTP28, called=(*FIXED_PORT, *erlang.QUICK))
    lab.watch()
    foreign.call(lab.alpha, "idle", lab.beta.place.ipv4, 9100).wait()
