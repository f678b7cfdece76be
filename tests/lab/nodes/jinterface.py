"""A host → a Java node on it: jinterface of OTP 25."""

from __future__ import annotations

from pathlib import Path

from tests.lab.nodes.erlang import COOKIE, Node
from tests.lab.processes import Process
from tests.lab.stage import Host

SOURCE = str(Path(__file__).with_name("JavaNode.java"))
JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "/usr/share/java/OtpErlang.jar", SOURCE)


def call(host: Host, other: Node | str, *, cookie: str = COOKIE) -> str:
    """Dial ``other``: "called", or "not called" and why. The link stays."""
    process = host.start((*JAVA, "call", _name(host), cookie, str(other)), "java")
    return process.wait_for("called").strip()


def wait(host: Host, *, cookie: str = COOKIE) -> Process:
    """A Java node that can be called: java at the address of the host."""
    process = host.start((*JAVA, "wait", _name(host), cookie), "java")
    process.wait_for("waiting")
    return process


def _name(host: Host) -> str:
    return f"java@{host.place.ipv4}"
