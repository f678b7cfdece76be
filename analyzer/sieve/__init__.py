"""Turns a batch of packets into the indices of those that can matter: bulk traffic never becomes a Python object.

What passes is decided by what the stages behind have learned:

* A connection that nobody has judged yet passes whole, from its first packet on: its opening, its first bytes.
* Once its first bytes are none of ours, its stream is no longer watched, and only SYN, FIN and RST of it pass: what
  tells when its addresses and ports begin another connection.  The stream table looks at nothing else of such a
  stream either; but a packet passes that comes so late that its stream may have been forgotten meanwhile.
* A connection whose SYN and first bytes are in one batch, to a port of which nobody knows anything, and whose first
  bytes can be neither a name nor a request of EPMD, does not pass at all, until another SYN; nor if its listener spoke
  before that, a little, and not as an acceptor does.  If its port is learned before the packet that speaks, the packets
  of its opening are fetched again, before those that follow.
* A connection of which a packet is there that no column covers is not told by its other packets.
* Whatever the columns do not cover passes and is judged one by one: link types without a column, tunnels, fragments,
  IP options and extension headers, headers that are cut or contradict themselves, ICMP.
* What is certainly no TCP (another protocol over plain IP, another ethertype) does not pass.

So the law is: analyze(sieve(capture)) = analyze(capture).  It ends where memory does: more streams at once than the
stream table follows are fewer behind the sieve, and a connection that was left out and forgotten since (there is room
for about a million) comes back as one whose beginning was not seen.

Connections are told apart by a 64-bit hash of addresses, ports and point of observation.
"""

from __future__ import annotations

from analyzer.sieve.sieve import Sieve

__all__ = ["Sieve"]
