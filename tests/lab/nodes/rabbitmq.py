"""A host → a real RabbitMQ on it, and rabbitmqctl on another."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.nodes.erlang import COOKIE, FRUGAL
from tests.lab.processes import Process
from tests.lab.stage import Host

BIN = "/usr/lib/rabbitmq/bin"
NODE = "rabbit"
BROKER_PATIENCE = 300.0
"""Seconds: a broker takes ten times as long to start as a node, and many share the processors with it."""


def start(host: Host, *, cookie: str = COOKIE, env: Mapping[str, str] | None = None) -> Process:
    """A broker, rabbit@HOST, on its distribution port 25672; EPMD has to be there."""
    data = host.folder / f"rabbit-{host.place.name}"
    data.mkdir()
    settings = {
        "RABBITMQ_NODENAME": f"{NODE}@{host.place.name}",
        "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
        "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq"),
        "RABBITMQ_PID_FILE": str(data / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-setcookie {cookie} {' '.join(FRUGAL)}",
        **_SHARED,
        **(env or {}),
    }
    process = host.start(_as_host(host, f"{BIN}/rabbitmq-server"), "rabbitmq", env=settings)
    process.wait_for("Starting broker... completed", BROKER_PATIENCE)
    return process


def ctl(host: Host, node: str, *words: str, cookie: str = COOKIE, env: Mapping[str, str] | None = None) -> Process:
    """``rabbitmqctl -n NODE WORDS``, which has ended when this returns."""
    settings = {
        "RABBITMQ_CTL_ERL_ARGS": f"-setcookie {cookie} {' '.join(FRUGAL)}",
        **_SHARED,
        **(env or {}),
    }
    process = host.start(_as_host(host, f"{BIN}/rabbitmqctl", "-n", node, *words), "rabbitmqctl", env=settings)
    process.wait()
    return process


_SHARED = {"RABBITMQ_CONF_ENV_FILE": "/dev/null"}


def _as_host(host: Host, *command: str) -> tuple[str, ...]:
    """RabbitMQ names its nodes after the host's name: give it one."""
    return ("unshare", "--uts", "sh", "-c", f'hostname {host.place.name}; exec "$@"', "sh", *command)
