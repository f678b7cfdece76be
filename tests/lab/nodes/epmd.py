"""A host → a real EPMD on it, of either release."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.nodes.releases import OTP25, Release
from tests.lab.processes import Process
from tests.lab.stage import Host

PORT = 4369


def start(
    host: Host, release: Release = OTP25, *, port: int = PORT, address: str = "", env: Mapping[str, str] | None = None
) -> Process:
    """It takes connections when this returns."""
    where = ("-address", address) if address else ()
    process = host.start(
        (release.epmd, "-port", str(port), *where), f"epmd-{host.place.name}", env={**release.env, **(env or {})}
    )
    process.wait_for_port(port)
    return process
