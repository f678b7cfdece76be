"""A host → Python programs on it that talk Erlang's distribution: erldistpy of today, and py-interface of long ago."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lab.nodes.erlang import COOKIE, Node
from tests.lab.nodes.releases import PACKAGES
from tests.lab.processes import Process
from tests.lab.stage import Host

SCRIPT = str(Path(__file__).with_name("python_nodes.py"))
ENV = {"PYTHONPATH": str(PACKAGES), "PYTHONDONTWRITEBYTECODE": "1"}


def connect(host: Host, other: Node | str, *, cookie: str = COOKIE, without: int = 0) -> Process:
    """erldistpy's handshake with ``other``, without some of its flags; the link stays."""
    return _start(host, "modern", other, cookie, hex(without))


def connect_as_of_old(host: Host, other: Node | str) -> Process:
    """py-interface's handshake, which is that of releases before 23."""
    return _start(host, "old", other, COOKIE, "0")


def _start(host: Host, what: str, other: Node | str, cookie: str, without: str) -> Process:
    own = f"py@{host.place.ipv4}"
    command = (sys.executable, "-S", SCRIPT, what, own, str(other), cookie, without)
    process = host.start(command, f"python-{what}", env=ENV)
    process.wait_for("python node: ")
    return process
