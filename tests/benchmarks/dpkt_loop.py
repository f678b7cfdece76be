"""A capture → the number of its packets from or to EPMD, by a plain loop that decodes each packet with dpkt.

What one writes first, and what distscope is compared with.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dpkt

EPMD = 4369


def count(path: Path) -> int:
    """Decodes link, IP and TCP of every packet."""
    found = 0
    with path.open("rb") as stream:
        for _, frame in dpkt.pcap.Reader(stream):
            packet = dpkt.ethernet.Ethernet(frame).data
            if isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6) and isinstance(packet.data, dpkt.tcp.TCP):
                found += EPMD in (packet.data.sport, packet.data.dport)
    return found


if __name__ == "__main__":
    print(count(Path(sys.argv[1])))
