"""Captured packets become TCP segments, ICMP errors about TCP, or a stated reason to leave a packet aside.

:class:`Decoder` is the only way in::

    decoder = Decoder()
    result = decoder.decode(packet)     # Segment | Unreachable | Skipped, whatever the bytes are

A packet is a chain of headers, and each header names the next one.  A *reader* is a function that takes one header off
a :class:`~analyzer.decode.walk.Walk` and says which layer follows; ``long_way.READERS`` is the table of all of them,
and the modules hold one family each:

========== ===========================================================================================
link       what the link type of the capture promises: Ethernet, Linux cooked, loopback, PPP, raw IP
tags       what stands between link and network layer: VLAN tags, MPLS labels, PPPoE, LLC/SNAP
internet   IPv4, IPv6 and its extension headers
fragments  pieces of a datagram, until it is whole: the only thing that a decoder remembers
tunnels    GRE, ERSPAN, VXLAN, GENEVE: packets within packets, as overlays and port mirrors make them
transport  TCP
icmp       errors, and the segment that they quote
long_way   the walk from header to header
shortcut   the plainest packets in one step; by law equal to the long way
stretches  which packets the bytes of a datagram that came in fragments stand in
anatomy    where every header of a packet stands, for those who change packets
========== ===========================================================================================

Two lengths run through all of it.  What was *captured* may be less than what was on the *wire* (the snap length, a
mirror that slices), and a frame may be longer than its datagram (padding to 60 bytes, a trailer).  A walk keeps both
ends, so that a segment knows how many bytes of it were not captured: :attr:`Segment.length` against
``len(Segment.payload)``.  Checksums are not looked at: on a sending host they are not computed yet (offload).

Why there is no dpkt here, though design has it in mind for this place: it knows one length only, so that a TCP header
cut by the snap length comes out as unnamed bytes, like one that contradicts itself; it has no fragments, VXLAN, GENEVE
or ERSPAN, so that half of the readers would be ours in any case and the two halves would disagree about errors; it is
not total (``dpkt.ethernet`` raises ``IndexError`` where an MPLS stack ends the frame); and it takes three times as
long a packet as the readers here.  The headers that we need are a dozen ``struct`` formats.
"""

from __future__ import annotations

from analyzer.decode.decoder import Decoder
from analyzer.decode.segment import (
    DecodeResult,
    Endpoint,
    Segment,
    Skipped,
    SkipReason,
    TcpFlags,
    Unreachable,
)

__all__ = ["DecodeResult", "Decoder", "Endpoint", "Segment", "SkipReason", "Skipped", "TcpFlags", "Unreachable"]
