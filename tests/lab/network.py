"""Namespaces, cables, a bridge and a router → a small network of three hosts, which nothing else can reach.

::

             ┌─────────── router ───────────┐
    alpha ───┤ bridge "lan"                 │
             │ 10.77.1.254    10.77.2.254   ├─── beta
    gamma ───┤              "far"           │    10.77.2.1
             └──────────────────────────────┘
    10.77.1.1, 10.77.1.3

Every network has the same addresses: each has its own namespaces, so that many can be there at once.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.processes import LabError, end_all, run

PREFIX = "dslab"
ETC = Path("/etc/netns")
"""``ip netns exec`` lays what is in ``/etc/netns/NAME`` over ``/etc``."""
DOMAIN = "lab.test"
SERIAL = itertools.count(1)
IP = ("ip",)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host is."""

    name: str
    segment: int
    number: int
    interface: str
    """The router's side of the cable."""

    @property
    def ipv4(self) -> str:
        """Its address."""
        return f"10.77.{self.segment}.{self.number}"

    @property
    def ipv6(self) -> str:
        """Its other address."""
        return f"fd77:{self.segment}::{self.number}"

    @property
    def mac(self) -> str:
        """The same in its next life, so that no neighbour has to ask for it."""
        return f"02:00:00:77:{self.segment:02x}:{self.number:02x}"

    @property
    def fqdn(self) -> str:
        """The long name of its IPv4 address."""
        return f"{self.name}.{DOMAIN}"

    @property
    def fqdn6(self) -> str:
        """The long name of its IPv6 address."""
        return f"{self.name}6.{DOMAIN}"


ALPHA = Place("alpha", segment=1, number=1, interface="to-alpha")
GAMMA = Place("gamma", segment=1, number=3, interface="to-gamma")
BETA = Place("beta", segment=2, number=1, interface="far")
PLACES = (ALPHA, BETA, GAMMA)
ALIAS = "10.77.2.9"
"""A second address of beta, with the name "alias"."""

ROUTER_SETTINGS = {
    "ipv4/ip_forward": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv6/conf/all/forwarding": "1",
}
NO_WAIT_FOR_IPV6 = {"ipv6/conf/all/accept_dad": "0", "ipv6/conf/default/accept_dad": "0"}


class Namespace:
    """One network namespace, with names of hosts of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._etc = ETC / name

    def make(self, settings: dict[str, str]) -> None:
        """A new one, with a loopback interface that works."""
        self._etc.mkdir(parents=True)
        (self._etc / "hosts").write_text(_hosts_file())
        (self._etc / "nsswitch.conf").write_text("hosts: files\n")  # there is no DNS to wait for
        run((*IP, "netns", "add", self.name))
        self.ip("link set lo up")
        wanted = {**NO_WAIT_FOR_IPV6, **settings}
        self.run(("sh", "-c", "; ".join(f"echo {value} > /proc/sys/net/{key}" for key, value in wanted.items())))

    def command(self, command: Sequence[str]) -> tuple[str, ...]:
        """The command line that runs ``command`` in here, in one process."""
        return (*IP, "netns", "exec", self.name, *command)

    def run(self, command: Sequence[str]) -> str:
        """The output of a command that ends by itself."""
        return run(self.command(command))

    def ip(self, *commands: str) -> None:
        """``ip`` commands, in one process."""
        run((*IP, "-n", self.name, "-batch", "-"), given="".join(f"{command}\n" for command in commands))

    def firewall(self, rule: str, hook: str) -> None:
        """One more rule of nftables; ``hook`` is forward (what passes a router), input or output."""
        self.run(
            (
                "nft",
                f"add table inet lab; add chain inet lab {hook} {{ type filter hook {hook} priority 0; }};"
                f" add rule inet lab {hook} {rule}",
            )
        )

    def pids(self) -> list[int]:
        """Who runs in here."""
        return [int(pid) for pid in run((*IP, "netns", "pids", self.name)).split()]

    def remove(self) -> None:
        """End what runs in here, by its id, then the namespace with all that belongs to it."""
        if (Path("/run/netns") / self.name).exists():
            end_all(self.pids)
            run((*IP, "netns", "del", self.name))
        shutil.rmtree(self._etc, ignore_errors=True)


class Network:
    """A context: the network is there inside of it, and gone afterwards, whatever happened."""

    def __init__(self) -> None:
        stem = f"{PREFIX}-{os.getpid()}-{next(SERIAL)}"
        self.router = Namespace(f"{stem}-router")
        self.hosts = {place: Namespace(f"{stem}-{place.name}") for place in PLACES}

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _build(self) -> None:
        self.router.make(ROUTER_SETTINGS)
        self.router.ip("link add lan type bridge forward_delay 0", *_gateway("lan", ALPHA.segment), "link set lan up")
        for place in PLACES:
            self.connect(place)

    def connect(self, place: Place) -> None:
        """A new host at this place, with a cable to the router."""
        host = self.hosts[place]
        host.make({})
        self.router.ip(f"link add {place.interface} type veth peer name eth0 address {place.mac} netns {host.name}")
        if place is BETA:
            self.router.ip(*_gateway(place.interface, place.segment), f"link set {place.interface} up")
        else:
            self.router.ip(f"link set {place.interface} master lan", f"link set {place.interface} up")
        host.ip(
            f"addr add {place.ipv4}/24 dev eth0",
            f"addr add {place.ipv6}/64 dev eth0 nodad",
            *([f"addr add {ALIAS}/24 dev eth0"] if place is BETA else []),
            "link set eth0 up",
            f"route add default via 10.77.{place.segment}.254",
            f"route add ::/0 via fd77:{place.segment}::254",
        )

    def cut(self, one: Place, other: Place) -> None:
        """From now on the router lets nothing through between these two."""
        for source, target in ((one, other), (other, one)):
            self.router.firewall(f"ip saddr {source.ipv4} ip daddr {target.ipv4} drop", "forward")

    def power_off(self, place: Place) -> None:
        """The host loses its power: not one more packet leaves it, and it forgets every connection."""
        self.router.ip(f"link set {place.interface} down", f"link del {place.interface}")
        self.hosts[place].remove()

    def _remove(self) -> None:
        for namespace in (*self.hosts.values(), self.router):
            namespace.remove()


def _gateway(interface: str, segment: int) -> tuple[str, str]:
    return (
        f"addr add 10.77.{segment}.254/24 dev {interface}",
        f"addr add fd77:{segment}::254/64 dev {interface} nodad",
    )


def _hosts_file() -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost6", f"{ALIAS} alias alias.{DOMAIN}"]
    for place in PLACES:
        lines += [f"{place.ipv4} {place.name} {place.fqdn}", f"{place.ipv6} {place.name}6 {place.fqdn6}"]
    return "\n".join(lines) + "\n"


def remove_leftovers() -> None:
    """What a lab left that was killed before it could clean up: namespaces that bear the id of no living process."""
    try:
        names = [line.split()[0] for line in run((*IP, "netns", "list")).splitlines()]
    except LabError:
        return
    for name in names:
        prefix, _, rest = name.partition("-")
        if prefix == PREFIX and not Path(f"/proc/{rest.partition('-')[0]}").exists():
            Namespace(name).remove()
