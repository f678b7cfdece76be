"""The network interfaces of this host → what a person needs to choose one: name, state, addresses."""

from __future__ import annotations

import socket
import sys

import psutil

from dissectors.dataclass import dataclass

_IP = (socket.AF_INET, socket.AF_INET6)


@dataclass(frozen=True, slots=True)
class Device:
    """One interface."""

    name: str
    up: bool
    addresses: tuple[str, ...]
    about: str = ""


def devices() -> list[Device]:
    """All of them: those that are up first, in the order of their names; and ``any`` where the system has it."""
    addresses = psutil.net_if_addrs()
    found = [
        Device(
            name,
            state.isup,
            tuple(each.address.partition("%")[0] for each in addresses.get(name, ()) if each.family in _IP),
        )
        for name, state in psutil.net_if_stats().items()
    ]
    found.sort(key=lambda device: (not device.up, device.name))
    if sys.platform.startswith("linux"):
        found.insert(0, Device("any", True, (), "all interfaces at once"))
    return found
