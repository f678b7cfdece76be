"""A router → the same with a slow path: each packet is kept for a while in user space, between two interfaces.

Not every kernel has netem, and where one has it this does the same: it is the one way everywhere.  Packets between the
bridge and beta are routed into a TUN device, wait, and come out of another one, from where they are routed on.
"""

from __future__ import annotations

import collections
import fcntl
import os
import select
import struct
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.stage import Host

TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x0001 | 0x1000
ENDS = ("slow0", "slow1")


def start(router: Host, seconds: float) -> None:
    """From now on each packet between the bridge and beta takes that long, one way."""
    process = router.start((sys.executable, "-I", "-S", __file__, str(seconds)), "slow-path")
    process.wait_for("ready")
    near, far = ENDS
    router.namespace.ip(
        *(f"link set {end} up" for end in ENDS),
        f"route add default dev {near} table 71",
        f"route add default dev {far} table 72",
        "rule add iif lan lookup 71",
        "rule add iif far lookup 72",
    )


def _open(name: str) -> int:
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_WITHOUT_HEADER))
    return tun


def _forward(seconds: float) -> None:
    near, far = (_open(name) for name in ENDS)
    print("ready", flush=True)
    other = {near: far, far: near}
    kept: collections.deque[tuple[float, int, bytes]] = collections.deque()
    while True:
        wait = max(0.0, kept[0][0] - time.monotonic()) if kept else None
        for source in select.select(list(other), [], [], wait)[0]:
            kept.append((time.monotonic() + seconds, other[source], os.read(source, 65536)))
        while kept and kept[0][0] <= time.monotonic():
            _, target, packet = kept.popleft()
            os.write(target, packet)


if __name__ == "__main__":
    _forward(float(sys.argv[1]))
