"""This machine → what it lacks to be a lab."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.lab.nodes.releases import OTP28
from tests.lab.processes import LabError, run

PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "tcpdump": "tcpdump",
    "openssl": "openssl",
    "gcc": "gcc",
    "javac": "default-jdk-headless",
    "erl": "erlang-base",
    "elixir": "elixir",
    "unshare": "util-linux",
}
"""Program → Debian package."""
FILES = {
    "/usr/lib/erlang/lib/crypto-*": "erlang-crypto",
    "/usr/lib/erlang/lib/ssl-*": "erlang-ssl",
    "/usr/lib/erlang/usr/lib/libei.a": "erlang-dev",
    "/usr/share/java/OtpErlang.jar": "erlang-jinterface",
    "/usr/lib/rabbitmq/bin/rabbitmq-server": "rabbitmq-server",
}
"""File → Debian package."""


DEMANDED = bool(os.environ.get("CI"))
"""Where everything has to be tested."""
UNWANTED = bool(os.environ.get("WITHOUT_LAB"))
"""Said on purpose, to save time."""


def left_out() -> tuple[str, ...]:
    """Why the lab does not run; empty where it does, or where it has to."""
    if DEMANDED:
        return ()
    return ("WITHOUT_LAB is set",) if UNWANTED else missing()


def missing() -> tuple[str, ...]:
    """What is not here, each with what to do about it; empty where the lab can run."""
    return tuple(_missing())


def _missing() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "it needs root: it makes network namespaces"
        return
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            yield f"{program} is missing: apt-get install {package}"
    for file, package in FILES.items():
        if not list(Path("/").glob(file.removeprefix("/"))):
            yield f"{file} is missing: apt-get install {package}"
    if not Path(OTP28.erl).exists():
        yield f"OTP 28 is missing, which `make lab` installs: {OTP28.erl}"
    name = f"dslab-{os.getpid()}-0-probe"
    try:
        run(("ip", "netns", "add", name))
        run(("ip", "netns", "del", name))
    except (LabError, OSError) as error:
        yield f"no network namespace can be made here: {error}"
