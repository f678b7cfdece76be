"""Turns a batch of packets into the indices of those that can matter: bulk traffic never becomes a Python object.

What passes is decided by what the stages behind have learned, never by guessing what a packet may be:

* A connection that nobody has judged yet passes whole, from its first packet on: its opening, its first bytes.
* Once its first bytes are none of ours, its stream is no longer watched, and only SYN, FIN and RST of it pass: what
  tells when its addresses and ports begin another connection.  The stream table looks at nothing else of such a
  stream either, so that the report is the same with and without the sieve.
* Whatever the columns do not cover passes and is judged one by one: link types without a column, tunnels, fragments,
  IP options and extension headers, headers that are cut or contradict themselves, ICMP.
* What is certainly no TCP (another protocol over plain IP, another ethertype) does not pass.

Connections that do not matter are known by a 64-bit hash of addresses, ports and point of observation.
"""

from __future__ import annotations

from analyzer.sieve.sieve import Sieve

__all__ = ["Sieve"]
