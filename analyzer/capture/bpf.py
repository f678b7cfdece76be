"""What need not be looked at → filter expressions for the kernel: what they keep out never costs a copy.

Nothing that distscope needs is kept out.  Not TCP, and neither able to carry it nor to tell of it: UDP that is no
tunnel's, ESP, SCTP, and what is no IP.  Fragments, tunnels, ICMP, and whatever has tags or labels before its IP header
pass, and are judged behind the kernel (``analyzer.sieve``).

Tags that the network card has taken off are no part of what the kernel filters: such packets look untagged here.
"""

from __future__ import annotations

from analyzer.capture.linktypes import LinkType

_FOLLOWED_ETHERTYPES = (0x8100, 0x88A8, 0x9100, 0x8847, 0x8848, 0x8864, 0x6558)
"""VLAN tags, MPLS, PPPoE, bridged Ethernet."""
_TUNNEL_PORTS = (4789, 6081, 8472)
"""VXLAN, GENEVE, VXLAN as Linux once numbered it."""
_FOREIGN = (50, 132)
"""ESP and SCTP."""


def _any(parts: list[str]) -> str:
    return " or ".join(parts)


def foreign_datagrams() -> str:
    """Datagrams that matter to nobody here, IPv4 and IPv6."""
    four = _any([f"udp[2:2] = {port}" for port in _TUNNEL_PORTS])
    six = _any([f"ip6[42:2] = {port}" for port in _TUNNEL_PORTS])
    other = [f"ip[9] = {number}" for number in _FOREIGN] + [f"ip6[6] = {number}" for number in _FOREIGN]
    return _any(
        [f"(ip[9] = 17 and ip[6:2] & 0x3fff = 0 and not ({four}))", f"(ip6[6] = 17 and not ({six}))", _any(other)]
    )


def kernel_filter(link_type: int) -> str:
    """The filter of an interface, in the language of ``tcpdump``; empty where everything passes."""
    if link_type == LinkType.ETHERNET:
        tagged = _any([f"ether proto {kind:#x}" for kind in _FOLLOWED_ETHERTYPES])
        return f"{tagged} or ((ip or ip6) and not ({foreign_datagrams()}))"
    if link_type in (LinkType.LINUX_SLL, LinkType.RAW, LinkType.RAW_DLT):
        return f"(ip or ip6) and not ({foreign_datagrams()})"
    return ""
