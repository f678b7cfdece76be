"""The distribution handshake goes wrong: names, flags, versions, silence, middleboxes, strangers."""

from __future__ import annotations

from tests.lab import slow_path
from tests.lab.nodes import c_node, epmd, erlang, foreign, jinterface, python, rabbitmq
from tests.lab.nodes.erlang import ON_REQUEST, QUICK
from tests.lab.nodes.releases import OTP25, OTP28, Release
from tests.lab.scenario import Scenario, declare, scenario
from tests.lab.scenarios.healthy import FIXED_PORT
from tests.lab.stage import Stage

PORT = 9100
NOT_IN_EPMD = frozenset({PORT})
UNLINK_ID_AND_V4_NC = 0x4_0200_0000 | 0x4_0000_0000


def _impostor(lab: Stage, what: str, given: str = "", release: Release = OTP25) -> None:
    """EPMD says that bob is where something else is; ann calls."""
    ann = erlang.caller(lab, release, options=QUICK)
    epmd.start(lab.beta)
    foreign.serve(lab.beta, what, PORT, given)
    foreign.register(lab.beta, "bob", PORT)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.1")


def _stranger(lab: Stage, what: str, said: bytes, release: Release = OTP28) -> None:
    """Bob is called by something that is no node."""
    erlang.pair(lab, OTP25, release, called=(*FIXED_PORT, *QUICK))
    lab.watch()
    foreign.call(lab.alpha, what, lab.beta.place.ipv4, PORT, said.hex()).wait()


# --- Closed, silent --------------------------------------------------------------------------------------------------


@scenario("closed-before-handshake-proxy", "closed-before-handshake")
def _proxy(lab: Stage) -> None:
    """A proxy takes the connection and has no backend."""
    _impostor(lab, "proxy", "9101")


def _check_ip(release: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, OTP25, release, called=("-kernel", "check_ip", "true"))
        lab.watch()
        ann.fail_to_connect(bob)

    shows = f"The acceptor, of OTP {release}, has check_ip and the initiator is in another subnet"
    name = f"closed-before-handshake-check-ip-{release}"
    declare(Scenario(name, shows, play, {"closed-before-handshake": 1}))


def _not_allowed(initiator: Release, acceptor: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, initiator, acceptor)
        bob.ask("net_kernel:allow(['cid@10.77.1.3'])")
        lab.watch()
        ann.fail_to_connect(bob)

    shows = f"net_kernel:allow/1 of the acceptor (OTP {acceptor}) names others only"
    declare(Scenario(f"not-allowed-{initiator}-{acceptor}", shows, play, {"not-allowed": 1}))


for _release in (OTP25, OTP28):
    _check_ip(_release)
    _not_allowed(_release, _release)


@scenario("no-handshake-response-25-25", "no-handshake-response")
def _frozen(lab: Stage) -> None:
    """The acceptor's VM is stopped; the initiator waits its 7 seconds."""
    ann, bob = erlang.pair(lab)
    bob.freeze()
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("no-handshake-response-28-28", "no-handshake-response")
def _frozen_28(lab: Stage) -> None:
    """The same for OTP 28, with a short net_setuptime, seen at the acceptor's end."""
    ann, bob = erlang.pair(lab, OTP28, OTP28, calling=QUICK)
    bob.freeze()
    lab.watch(lab.beta)
    ann.fail_to_connect(bob)


@scenario("handshake-blackholed-to-acceptor", "handshake-blackholed")
def _blackhole(lab: Stage) -> None:
    """A middlebox lets TCP open and drops what carries data."""
    ann, bob = erlang.pair(lab)
    lab.network.router.firewall(f"tcp dport {bob.port} meta length > 60 drop", "forward")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("handshake-blackholed-to-initiator", "handshake-blackholed")
def _blackhole_back(lab: Stage) -> None:
    """It drops the acceptor's challenge; seen on the router, on both sides of the hole."""
    ann, bob = erlang.pair(lab, OTP28, OTP28)
    lab.network.router.firewall(f"tcp sport {bob.port} meta length > 70 drop", "forward")
    lab.watch(lab.router, "to-alpha", "far")
    ann.fail_to_connect(bob)


@scenario("handshake-timeout-slow", "handshake-timeout")
def _slow(lab: Stage) -> None:
    """A round trip takes 1.1 s, net_setuptime is 2 s on both sides, and there is no EPMD to ask first."""
    fixed = ("-erl_epmd_port", str(PORT), "-kernel", "net_setuptime", "2")
    ann = erlang.start(lab.alpha, "ann", options=fixed)
    bob = erlang.start(lab.beta, "bob", options=fixed)
    slow_path.start(lab.router, 0.55)
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("handshake-timeout-in-lookup", "handshake-timeout")
def _slow_lookup(lab: Stage) -> None:
    """The same with EPMD: the time is over before EPMD has answered."""
    slow = ("-kernel", "net_setuptime", "2")
    ann, bob = erlang.pair(lab, OTP28, OTP28, calling=slow, called=slow)
    slow_path.start(lab.router, 0.55)
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("handshake-timeout-half-a-status", "handshake-timeout")
def _half_a_status(lab: Stage) -> None:
    """The acceptor says the beginning of a status and no more."""
    _impostor(lab, "say", "000373", OTP28)


@scenario("handshake-timeout-half-a-name", "handshake-timeout", dist_ports=NOT_IN_EPMD)
def _half_a_name(lab: Stage) -> None:
    """The initiator says half of its name and no more; the acceptor gives up."""
    _stranger(lab, "speak", bytes.fromhex("001e4e0000000d07df7fbd"))


# --- Strangers -------------------------------------------------------------------------------------------------------


def _not_erlang(protocol: str, what: str, release: Release) -> None:
    def play(lab: Stage) -> None:
        _impostor(lab, what, protocol, release)

    shows = f"What listens on the port that EPMD names speaks {protocol.upper()}"
    verdicts, detail = {"not-erlang-peer": 1}, {"protocol": protocol}
    declare(Scenario(f"not-erlang-peer-{protocol}", shows, play, verdicts, detail))


_not_erlang("ssh", "banner", OTP25)
_not_erlang("smtp", "banner", OTP28)
_not_erlang("http", "answer", OTP25)
_not_erlang("redis", "answer", OTP28)


@scenario("not-erlang-peer-http-client", "not-erlang-peer", detail={"protocol": "http"}, dist_ports=NOT_IN_EPMD)
def _http_client(lab: Stage) -> None:
    """A browser calls the distribution port."""
    _stranger(lab, "speak_and_leave", b"GET / HTTP/1.1\r\nHost: beta\r\n\r\n")


def _malformed_client(what: str, said: str, shows: str, release: Release, how: str = "speak") -> None:
    def play(lab: Stage) -> None:
        _stranger(lab, how, bytes.fromhex(said), release)

    verdicts = {"malformed-handshake": 1}
    declare(Scenario(f"malformed-handshake-{what}", shows, play, verdicts, dist_ports=NOT_IN_EPMD))


def _malformed_server(what: str, said: str, shows: str, release: Release) -> None:
    def play(lab: Stage) -> None:
        _impostor(lab, "say", said, release)

    declare(Scenario(f"malformed-handshake-{what}", shows, play, {"malformed-handshake": 1}))


WITHOUT_AT = "00124e0000000d07df7fbd000000040003616e6e"
_malformed_client("bad-tag", "00045a010203", "A client's first message has an unknown tag", OTP28)
_malformed_client("empty", "0000", "A client's first message is empty", OTP25)
_malformed_client("name-without-at", WITHOUT_AT, "A client's name has no @", OTP28)
_malformed_client("cut-off", "001e4e0000000d07df", "A client leaves in mid-message", OTP25, "speak_and_leave")
_malformed_server("status", "00067368656c6c6f", "The acceptor's status is an unknown word", OTP25)
_malformed_server("challenge", "0003736f6b00054e00000000", "The acceptor's challenge is too short", OTP28)


# --- Names -----------------------------------------------------------------------------------------------------------


@scenario("name-mismatch-alias", "name-mismatch")
def _alias(lab: Stage) -> None:
    """The called host has two addresses; the node is named after the other one."""
    ann, _ = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    ann.fail_to_connect("bob@10.77.2.9")


@scenario("name-mismatch-short", "name-mismatch")
def _short(lab: Stage) -> None:
    """The initiator calls a long name, the acceptor has a short one."""
    ann, _ = erlang.pair(lab, OTP28, OTP25, at=(lab.alpha.place.fqdn, lab.beta.place.name))
    lab.watch()
    ann.fail_to_connect(f"bob@{lab.beta.place.fqdn}")


@scenario("name-mismatch-rabbitmqctl", {"name-mismatch": 2, "answered": 1, "idle-no-name": 1})
def _rabbitmqctl(lab: Stage) -> None:
    """rabbitmqctl calls the broker by an alias of its host."""
    epmd.start(lab.alpha)
    epmd.start(lab.beta)
    rabbitmq.start(lab.beta)
    lab.watch()
    rabbitmq.ctl(lab.alpha, "rabbit@alias", "list_users")


@scenario("epmd-name-unknown-rabbitmqctl", {"epmd-name-unknown": 2, "answered": 1})
def _bunny(lab: Stage) -> None:
    """rabbitmqctl calls a broker that is not there."""
    epmd.start(lab.alpha)
    epmd.start(lab.beta)
    lab.watch()
    rabbitmq.ctl(lab.alpha, "bunny@beta", "list_users")


@scenario("dynamic-name-unsupported-c-node", "dynamic-name-unsupported")
def _no_names_to_give(lab: Stage) -> None:
    """The initiator asks a C node for a name."""
    epmd.start(lab.beta)
    c_node.wait(lab.beta)
    nobody = erlang.start(lab.alpha, "undefined")
    lab.watch()
    nobody.fail_to_connect("c1@10.77.2.1")


@scenario("dynamic-name-unsupported-jinterface", "dynamic-name-unsupported")
def _no_names_to_give_java(lab: Stage) -> None:
    """The initiator, of OTP 28, asks a Java node for a name."""
    epmd.start(lab.beta)
    jinterface.wait(lab.beta)
    nobody = erlang.start(lab.alpha, "undefined", release=OTP28)
    lab.watch()
    nobody.fail_to_connect("java@10.77.2.1")


def _duplicate(acceptor: Release) -> None:
    def play(lab: Stage) -> None:
        alone = (*ON_REQUEST, "-connect_all", "false")  # global has no end of talking where two have one name
        ann, bob = erlang.pair(lab, OTP25, acceptor, calling=alone, called=alone)
        epmd.start(lab.gamma)
        other = erlang.start(lab.gamma, "ann", at=lab.alpha.place.ipv4, options=alone)
        lab.watch(lab.beta)
        ann.connect(bob)
        other.connect(bob)
        ann.wait_for_nodedown(bob)

    shows = f"Two hosts use one node name, and call a node of OTP {acceptor} one after the other"
    verdicts = {"duplicate-name": 1, "superseded-connection": 1}
    declare(Scenario(f"duplicate-name-{acceptor}", shows, play, verdicts, {"resolution": "superseding"}))


def _simultaneous(release: Release) -> None:
    def play(lab: Stage) -> None:
        ann, bob = erlang.pair(lab, release, release)
        slow_path.start(lab.router, 0.2)
        lab.watch()
        calls = [(one, one.tell(f"net_kernel:connect_node('{other}')")) for one, other in ((ann, bob), (bob, ann))]
        for one, call in calls:
            one.answer(call)

    shows = f"Two nodes of OTP {release} dial each other at once, over a slow path"
    verdicts = {"simultaneous-connect": 2}
    declare(Scenario(f"simultaneous-connect-{release}", shows, play, verdicts))


for _release in (OTP25, OTP28):
    _duplicate(_release)
    _simultaneous(_release)


# --- Releases --------------------------------------------------------------------------------------------------------


@scenario("version-mismatch-old-to-25", "version-mismatch")
def _old_to_25(lab: Stage) -> None:
    """py-interface speaks the handshake of releases before 23, which 25.2 does not understand."""
    _, bob = erlang.pair(lab)
    lab.watch()
    python.connect_as_of_old(lab.alpha, bob)


@scenario("mandatory-flags-missing-old-to-28", "mandatory-flags-missing", detail={"rejected_by": "acceptor"})
def _old_to_28(lab: Stage) -> None:
    """The same to OTP 28, which understands, and says that it refuses."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    python.connect_as_of_old(lab.alpha, bob)


@scenario("mandatory-flags-missing-28", "mandatory-flags-missing", detail={"rejected_by": "acceptor"})
def _flags_28(lab: Stage) -> None:
    """erldistpy without UNLINK_ID and V4_NC, as before OTP 26 made them mandatory, calls OTP 28."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    python.connect(lab.alpha, bob, without=UNLINK_ID_AND_V4_NC)


@scenario("connected-python", "connected")
def _python(lab: Stage) -> None:
    """erldistpy, as it is, calls OTP 28."""
    _, bob = erlang.pair(lab, OTP25, OTP28)
    lab.watch()
    python.connect(lab.alpha, bob)


@scenario("epmd-version-range-c-node", "epmd-version-range")
def _range(lab: Stage) -> None:
    """A C node heeds the versions that EPMD names, and speaks none of them: it gives up."""
    epmd.start(lab.alpha)
    epmd.start(lab.beta)
    bob = erlang.start(lab.beta, "bob", env={"ERL_EPMD_DIST_HIGH": "5", "ERL_EPMD_DIST_LOW": "5"})
    lab.watch()
    c_node.call(lab.alpha, bob)


# --- Middleboxes -----------------------------------------------------------------------------------------------------


@scenario("reset-by-middlebox-name", "reset-by-middlebox")
def _reset(lab: Stage) -> None:
    """A router resets the connection in the acceptor's name when the initiator says its own."""
    ann, bob = erlang.pair(lab)
    lab.network.router.firewall(f"tcp dport {bob.port} meta length > 60 reject with tcp reset", "forward")
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("reset-by-middlebox-challenge", "reset-by-middlebox")
def _reset_back(lab: Stage) -> None:
    """A router resets it in the initiator's name when the challenge passes; seen at the acceptor, which is told so."""
    ann, bob = erlang.pair(lab, OTP28, OTP28, calling=QUICK)
    lab.network.router.firewall(f"tcp sport {bob.port} meta length > 70 reject with tcp reset", "forward")
    lab.watch(lab.beta)
    ann.fail_to_connect(bob)
