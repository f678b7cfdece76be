"""The initiator asks EPMD for the acceptor's port, and gets no good answer."""

from __future__ import annotations

from tests.lab.nodes import epmd, erlang, foreign
from tests.lab.nodes.erlang import QUICK
from tests.lab.nodes.releases import OTP25, OTP28
from tests.lab.scenario import scenario
from tests.lab.stage import Stage

IPV6 = ("-proto_dist", "inet6_tcp")


@scenario("epmd-unreachable", "epmd-unreachable")
def _dropped(lab: Stage) -> None:
    """A firewall on the way drops EPMD's port; the initiator waits its 7 seconds."""
    ann, bob = erlang.pair(lab)
    lab.network.router.firewall("tcp dport 4369 drop", "forward")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("epmd-unreachable-28", "epmd-unreachable")
def _dropped_28(lab: Stage) -> None:
    """The same on the called host itself, for OTP 28 and with a short net_setuptime."""
    ann, bob = erlang.pair(lab, OTP28, OTP28, calling=QUICK)
    lab.beta.firewall("tcp dport 4369 drop")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("epmd-unreachable-prohibited", "epmd-unreachable")
def _prohibited(lab: Stage) -> None:
    """A firewall rejects EPMD's port: administratively prohibited."""
    ann, bob = erlang.pair(lab)
    lab.beta.firewall("tcp dport 4369 reject with icmpx type admin-prohibited")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("epmd-refused", "epmd-refused")
def _refused(lab: Stage) -> None:
    """No EPMD runs on the called host."""
    ann = erlang.caller(lab)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("epmd-refused-28", "epmd-refused")
def _refused_28(lab: Stage) -> None:
    """The same for OTP 28."""
    ann = erlang.caller(lab, OTP28)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("epmd-refused-loopback-only", "epmd-refused")
def _loopback_only(lab: Stage) -> None:
    """EPMD listens on the loopback interface only (-address 127.0.0.1): the node is registered, and nobody can know."""
    ann = erlang.caller(lab)
    epmd.start(lab.beta, OTP28, address="127.0.0.1")
    bob = erlang.start(lab.beta, "bob", release=OTP28)
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("epmd-refused-ipv6", "epmd-refused")
def _refused_ipv6(lab: Stage) -> None:
    """Over IPv6: no EPMD runs on the called host."""
    ann = erlang.caller(lab, options=IPV6, at=lab.alpha.place.fqdn6)
    lab.watch()
    ann.fail_to_connect(f"bob@{lab.beta.place.fqdn6}")


@scenario("epmd-no-reply-frozen", "epmd-no-reply")
def _frozen(lab: Stage) -> None:
    """EPMD is stopped with SIGSTOP: its kernel takes the question, nobody answers."""
    ann = erlang.caller(lab)
    mapper = epmd.start(lab.beta)
    bob = erlang.start(lab.beta, "bob")
    mapper.freeze()
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("epmd-no-reply-closed", "epmd-no-reply")
def _closed(lab: Stage) -> None:
    """A proxy takes EPMD's connections, finds no EPMD behind it, and closes."""
    ann = erlang.caller(lab)
    foreign.serve(lab.beta, "deaf", epmd.PORT)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("epmd-not-epmd-ssh", "epmd-not-epmd")
def _ssh(lab: Stage) -> None:
    """What listens on EPMD's port says that it is an SSH server."""
    ann = erlang.caller(lab, OTP28)
    foreign.serve(lab.beta, "banner", epmd.PORT, "ssh")
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("epmd-not-epmd-http", "epmd-not-epmd")
def _http(lab: Stage) -> None:
    """A web server listens on EPMD's port."""
    ann = erlang.caller(lab)
    foreign.serve(lab.beta, "answer", epmd.PORT, "http")
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("epmd-reply-not-closed", "epmd-reply-not-closed")
def _not_closed(lab: Stage) -> None:
    """A proxy before a real EPMD passes its answer on, but not the end of the connection: nobody dials."""
    ann = erlang.caller(lab)
    epmd.start(lab.beta, port=14369)
    bob = erlang.start(lab.beta, "bob", options=("-epmd_port", "14369"))
    foreign.serve(lab.beta, "half_open", epmd.PORT, "14369")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("epmd-name-unknown-25", "epmd-name-unknown", detail={"name": "bob"})
def _unknown(lab: Stage) -> None:
    """EPMD runs on the called host, the node does not."""
    ann = erlang.caller(lab)
    epmd.start(lab.beta)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("epmd-name-unknown-28", "epmd-name-unknown", detail={"name": "bob"})
def _unknown_28(lab: Stage) -> None:
    """The same for OTP 28: the node has run here, and was stopped."""
    ann, bob = erlang.pair(lab, OTP28, OTP28)
    bob.tell("halt()")
    bob.process.wait()
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("epmd-name-unknown-ipv6", "epmd-name-unknown", detail={"name": "bob"})
def _unknown_ipv6(lab: Stage) -> None:
    """Over IPv6: EPMD does not know the node."""
    ann = erlang.caller(lab, options=IPV6, at=lab.alpha.place.fqdn6)
    epmd.start(lab.beta)
    lab.watch()
    ann.fail_to_connect(f"bob@{lab.beta.place.fqdn6}")


@scenario("epmd-name-unknown-port-5555", "epmd-name-unknown", detail={"name": "bob"})
def _unknown_5555(lab: Stage) -> None:
    """EPMD has another port (ERL_EPMD_PORT) on both hosts; it does not know the node."""
    elsewhere = {"ERL_EPMD_PORT": "5555"}
    epmd.start(lab.alpha, port=5555)
    epmd.start(lab.beta, port=5555)
    ann = erlang.start(lab.alpha, "ann", env=elsewhere)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


@scenario("no-dial-after-lookup-tool", "no-dial-after-lookup")
def _tool(lab: Stage) -> None:
    """erl_epmd:port_please/2 by hand: a question to EPMD from a tool that never meant to dial."""
    ann, _ = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    ann.ask('erl_epmd:port_please("bob", {10,77,2,1})')
