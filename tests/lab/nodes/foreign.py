"""A host → what is no Erlang node on it: proxies, other services, health checks, a registration without a node."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lab.nodes import epmd
from tests.lab.processes import Process
from tests.lab.stage import Host

SCRIPT = str(Path(__file__).with_name("stand_ins.py"))


def serve(host: Host, what: str, port: int, given: str = "") -> Process:
    """A server of :mod:`stand_ins`; it takes connections when this returns."""
    command = (sys.executable, "-I", "-S", SCRIPT, what, "--port", str(port), "--given", given)
    process = host.start(command, f"{what}-{host.place.name}")
    process.wait_for_port(port)
    return process


def call(host: Host, what: str, to: str, port: int, given: str = "") -> Process:
    """A client of :mod:`stand_ins`."""
    command = (sys.executable, "-I", "-S", SCRIPT, what, "--host", to, "--port", str(port), "--given", given)
    return host.start(command, f"{what}-{host.place.name}")


def register(host: Host, name: str, port: int, *, high: int = 6, low: int = 5) -> None:
    """EPMD of the host knows ``name``, whether it is there or not."""
    process = call(host, "register", "127.0.0.1", epmd.PORT, f"{name}:{port}:{high}:{low}")
    process.wait_for("registered")
