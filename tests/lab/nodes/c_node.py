"""A host → a C node on it: erl_interface of OTP 25, compiled on the spot, and erl_call of OTP 28."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.lab.nodes.erlang import COOKIE, Node
from tests.lab.nodes.releases import ERL_CALL_28
from tests.lab.processes import Process, run
from tests.lab.stage import Host

SOURCE = Path(__file__).with_name("cnode.c")
PORT = 9200


def call(host: Host, other: Node | str, *, cookie: str = COOKIE) -> str:
    """Dial ``other``; "well" or "in vain". The link stays."""
    process = _start(host, "call", cookie, str(other))
    return process.wait_for("called ").partition("called ")[2].strip()


def wait(host: Host, *, cookie: str = COOKIE, env: Mapping[str, str] | None = None) -> Process:
    """A C node that can be called: c1 at the address of the host."""
    process = _start(host, "wait", cookie, str(PORT), env)
    process.wait_for("waiting well")
    return process


def erl_call(host: Host, other: Node | str, *, cookie: str = COOKIE) -> int:
    """``erl_call`` of OTP 28 asks ``other`` to evaluate something, and ends; its exit status."""
    command = (ERL_CALL_28, "-c", cookie, "-name", str(other), "-a", "erlang node")
    return host.start(command, "erl-call").wait()


def _start(host: Host, what: str, cookie: str, given: str, env: Mapping[str, str] | None = None) -> Process:
    program = host.folder / "cnode"
    if not program.exists():
        run(("gcc", "-Wall", "-Wextra", "-Werror", "-o", str(program), str(SOURCE), "-lei", "-lpthread"))
    address = host.place.ipv4
    return host.start((str(program), what, address, address, cookie, given), f"cnode-{host.place.name}", env=env)
