"""The established link, and how it ends."""

from __future__ import annotations

from tests.lab.nodes import carrier, epmd, erlang
from tests.lab.nodes.erlang import ON_REQUEST, Node
from tests.lab.nodes.releases import OTP25, OTP28, Release
from tests.lab.processes import wait_until
from tests.lab.scenario import Scenario, declare, scenario
from tests.lab.stage import Stage

TICKING = (*ON_REQUEST, "-kernel", "net_ticktime", "4")
"""A tick every second, and a link is given up after 3 to 5 seconds of silence."""
SLOWLY_TICKING = (*ON_REQUEST, "-kernel", "net_ticktime", "12")
BOTH = (OTP25, OTP28)


@scenario("closed-normally-disconnect", "closed-normally", detail={"closed_by": "initiator"})
def _disconnect(lab: Stage) -> None:
    """erlang:disconnect_node/1 at the initiator."""
    ann, bob = erlang.pair(lab, OTP25, OTP28, calling=ON_REQUEST, called=ON_REQUEST)
    lab.watch()
    ann.connect(bob)
    ann.disconnect(bob)


@scenario("closed-normally-stop", "closed-normally", detail={"closed_by": "acceptor"})
def _stop(lab: Stage) -> None:
    """init:stop/0 at the acceptor."""
    ann, bob = erlang.pair(lab, OTP28, OTP28, calling=ON_REQUEST, called=ON_REQUEST)
    lab.watch()
    ann.connect(bob)
    bob.tell("init:stop()")
    ann.wait_for_nodedown(bob)
    bob.process.wait()


def _killed(release: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, release, release, calling=ON_REQUEST, called=ON_REQUEST)
        lab.watch()
        ann.connect(bob)
        ann.ask(f"erpc:call('{bob}', erlang, node, [])")
        bob.kill()
        ann.wait_for_nodedown(bob)

    shows = f"kill -9 of the acceptor, of OTP {release}: its kernel closes as if nothing had happened"
    declare(Scenario(f"closed-normally-kill-9-{release}", shows, play, {"closed-normally": 1}))


def _tick_frozen(release: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, release, release, calling=TICKING, called=TICKING)
        lab.watch()
        ann.connect(bob)
        ann.ask(f"erpc:call('{bob}', timer, sleep, [2500])")
        bob.freeze()
        ann.wait_for_nodedown(bob)

    shows = f"The acceptor's VM, of OTP {release}, is stopped: its ticks fail to come"
    declare(Scenario(f"tick-timeout-frozen-{release}", shows, play, {"tick-timeout": 1}))


for _release in BOTH:
    _killed(_release)
    _tick_frozen(_release)


@scenario("tick-timeout-cut", "tick-timeout")
def _tick_cut(lab: Stage) -> None:
    """The network between the nodes is cut."""
    ann, bob = erlang.pair(lab, OTP28, OTP25, calling=TICKING, called=TICKING)
    lab.watch()
    ann.connect(bob)
    ann.ask(f"erpc:call('{bob}', timer, sleep, [2500])")
    lab.network.cut(lab.alpha.place, lab.beta.place)
    ann.wait_for_nodedown(bob)


@scenario("connection-reset-unread", "connection-reset")
def _unread(lab: Stage) -> None:
    """The acceptor is stopped while data flow in, and killed with some of them unread: its kernel resets."""
    ann, bob = erlang.pair(lab, OTP28, OTP28, calling=ON_REQUEST, called=ON_REQUEST)
    lab.watch()
    ann.connect(bob)
    bob.freeze()
    ann.ask(f"begin {{sink, '{bob}'}} ! binary:copy(<<1>>, 100000), ok end")
    bob.kill()
    ann.wait_for_nodedown(bob)


@scenario("connection-reset-host-back", "connection-reset")
def _host_back(lab: Stage) -> None:
    """The acceptor's host loses power and is back without the node: it resets what it does not know, a tick."""
    ann, bob = erlang.pair(lab, calling=SLOWLY_TICKING, called=SLOWLY_TICKING)
    lab.watch()
    ann.connect(bob)
    _settle(lab, ann, bob)
    lab.power_off(lab.beta)
    lab.power_on(lab.beta)
    ann.wait_for_nodedown(bob)


@scenario("superseded-connection", {"superseded-connection": 1, "duplicate-name": 1})
def _superseded(lab: Stage) -> None:
    """A connected node's host loses power; the node starts again and reconnects, before the other side has noticed."""
    ann, bob = erlang.pair(lab, calling=ON_REQUEST, called=ON_REQUEST)
    lab.watch(lab.beta)
    ann.connect(bob)
    _settle(lab, ann, bob)
    lab.power_off(lab.alpha)
    lab.power_on(lab.alpha)
    again = erlang.caller(lab)
    again.connect(bob)


def _settle(lab: Stage, *nodes: Node) -> None:
    """Until what nodes tell each other at first is told, and its last acknowledgment is there."""
    for node in nodes:
        node.ask("global:sync()")
    lab.silence(0.5)


def _partition(release: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, release, release)
        epmd.start(lab.gamma, release)
        cid = erlang.start(lab.gamma, "cid", release=release)
        lab.watch()
        ann.connect(bob)
        ann.connect(cid)
        wait_until(lambda: str(cid) in bob.ask("nodes()"), f"{bob} and {cid} are connected")
        bob.ask("global:sync()")
        bob.ask(f"erlang:disconnect_node('{cid}')")
        ann.wait_for_nodedown(bob)
        ann.wait_for_nodedown(cid)

    shows = f"Three nodes of OTP {release}; the link of two is cut, and global disconnects the third from both"
    declare(Scenario(f"partition-disconnect-{release}", shows, play, {"partition-disconnect": 2}))


def _local_failure(side: str) -> None:
    def play(lab: Stage) -> None:
        broken = carrier.without_resources(lab.folder)
        calling, called = ((*broken, *ON_REQUEST), ()) if side == "initiator" else (ON_REQUEST, broken)
        ann, bob = erlang.pair(lab, calling=calling, called=called)
        lab.watch()
        ann.dial(bob)

    shows = f"A complete handshake, and the {side} can't set up the connection: its carrier is out of resources"
    verdicts, detail = {"local-setup-failure": 1}, {"failed_at": side}
    declare(Scenario(f"local-setup-failure-{side}", shows, play, verdicts, detail))


for _release in BOTH:
    _partition(_release)
for _side in ("initiator", "acceptor"):
    _local_failure(_side)
