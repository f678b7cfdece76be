"""EPMD has named a port, and TCP does not get there."""

from __future__ import annotations

from tests.lab.nodes import epmd, erlang, foreign
from tests.lab.nodes.erlang import QUICK
from tests.lab.nodes.releases import OTP25, OTP28, Release
from tests.lab.scenario import Scenario, declare, scenario
from tests.lab.scenarios.lookup import IPV6
from tests.lab.stage import Stage


def _filtered(what: str, verdict: str, rule: str, shows: str, release: Release = OTP25, hook: str = "input") -> None:
    """A firewall before the distribution port, on the called host or on the router."""

    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, release, release, calling=QUICK)
        where = lab.network.hosts[lab.beta.place] if hook == "input" else lab.network.router
        where.firewall(rule.format(port=bob.port), hook)
        lab.watch()
        ann.fail_to_connect(bob)

    declare(Scenario(f"{verdict}-{what}", shows, play, {verdict: 1}))


UNREACHABLE, REFUSED, PROHIBITED = "dist-port-unreachable", "dist-port-refused", "dist-port-prohibited"
_filtered("28", UNREACHABLE, "tcp dport {port} drop", "The called host drops the distribution port", OTP28)
_filtered("router", UNREACHABLE, "tcp dport {port} drop", "A router drops it", hook="forward")
_filtered("answer-lost", UNREACHABLE, "tcp sport {port} drop", "A router drops what comes back from it", hook="forward")
_filtered("firewall", REFUSED, "tcp dport {port} reject with tcp reset", "A firewall resets the connection", OTP28)
_filtered("admin", PROHIBITED, "tcp dport {port} reject with icmpx type admin-prohibited", "A firewall: prohibited")
_filtered(
    "port", PROHIBITED, "tcp dport {port} reject with icmpx type port-unreachable", "A firewall: port unreachable"
)
_filtered(
    "router",
    PROHIBITED,
    "tcp dport {port} reject with icmp type host-prohibited",
    "A router on the way answers the SYN: host prohibited",
    OTP28,
    hook="forward",
)


@scenario("dist-port-unreachable-25", UNREACHABLE)
def _seven_seconds(lab: Stage) -> None:
    """The called host drops the distribution port; the initiator waits its 7 seconds."""
    ann, bob = erlang.pair(lab)
    lab.beta.firewall(f"tcp dport {bob.port} drop")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("dist-port-unreachable-cable", UNREACHABLE)
def _one_way(lab: Stage) -> None:
    """The same, seen on the called host: the SYNs arrive, and nothing answers them."""
    ann, bob = erlang.pair(lab, calling=QUICK)
    lab.beta.firewall(f"tcp dport {bob.port} drop")
    lab.watch(lab.beta)
    ann.fail_to_connect(bob)


@scenario("dist-port-refused-stale", REFUSED)
def _stale(lab: Stage) -> None:
    """EPMD holds a registration whose port is closed."""
    ann = erlang.caller(lab)
    epmd.start(lab.beta)
    foreign.register(lab.beta, "bob", 9100)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("dist-port-refused-loopback-listener", REFUSED)
def _loopback_listener(lab: Stage) -> None:
    """The acceptor listens on the loopback interface only (inet_dist_use_interface)."""
    ann, bob = erlang.pair(lab, OTP28, OTP28, called=("-kernel", "inet_dist_use_interface", "{127,0,0,1}"))
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("dist-port-refused-ipv6", REFUSED)
def _one_family(lab: Stage) -> None:
    """The initiator has -proto_dist inet6_tcp, the acceptor has not: EPMD knows it, its port is closed on IPv6."""
    ann, _ = erlang.pair(lab, calling=IPV6, at=(lab.alpha.place.fqdn6, lab.beta.place.fqdn))
    lab.watch()
    ann.fail_to_connect(f"bob@{lab.beta.place.fqdn6}")


@scenario("dist-port-refused-no-epmd", REFUSED, dist_ports=frozenset({9100}))
def _without_epmd(lab: Stage) -> None:
    """Distribution without EPMD (-erl_epmd_port 9100): nothing listens on the port."""
    ann = erlang.start(lab.alpha, "ann", options=("-erl_epmd_port", "9100"))
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("dist-port-prohibited-ipv6", PROHIBITED)
def _prohibited_ipv6(lab: Stage) -> None:
    """Over IPv6: a firewall rejects the distribution port with ICMPv6, administratively prohibited."""
    ann, bob = erlang.pair(lab, calling=IPV6, called=IPV6, at=(lab.alpha.place.fqdn6, lab.beta.place.fqdn6))
    port = bob.ask('begin {port, Port, _} = erl_epmd:port_please("bob", {0,0,0,0,0,0,0,1}), Port end')
    lab.beta.firewall(f"tcp dport {port} reject with icmpv6 type admin-prohibited")
    lab.watch()
    ann.fail_to_connect(bob)
