"""TCP segments in any order become what happened on each connection: opened, bytes, holes, closed, reset.

::

    table = StreamTable()
    events = table.feed(segment)        # of any connection
    events = table.unreachable(error)   # an ICMP error about one
    events = table.advance(now)         # capture time goes on: what waited too long is given up
    events = table.finish()             # the input ends

What a stream promises to whoever reads its events:

* Each byte of a direction is told once, in order, by offset, however often and in whatever pieces and order it was sent
  and seen.  :class:`Data` and :class:`Hole` follow one another without gap or overlap.  Where bytes overlap, those that
  came first win.  A hole can be gigabytes long.
* Each event names the packet that shows it.  Events come when they are certain, so not always in the order of packets:
  what follows a hole waits until the bytes come, are acknowledged by the other side (then the capture missed them), or
  10 s pass.
* :class:`Established` comes before all data but those on a SYN; :class:`Fin` after all bytes of its direction.
* Nothing is invented: the end of the input closes nothing, and what was only acknowledged is told as such
  (:class:`Hole` with ``NOT_CAPTURED``, :class:`FinImplied`).
* Memory is bounded by :class:`Limits`, whatever comes in.

=============  ======================================================================================
``stream``     the vocabulary: streams and their events
``table``      which connection a segment belongs to; forgets what can be forgotten
``syn_cache``  the openings of a flood: little is kept of them until more is seen
``opening``    who opened a connection, and when the same ports begin another one
``connection`` both directions together: handshake, close, reset, ICMP errors
``reassembly`` one direction's numbers become offsets; the only place that calculates with numbers
``order``      one direction's bytes by offset: what is told, what waits, what is missing
``held``       bytes that wait
``tell``       findings of one direction become events
``reset``      how well a RST fits
``copies``     packets that a capture holds several times
``queued``     packets that a router shows once more, when they have left its queue
``idle``       who was quiet for longest
``limits``     what all of that may cost
=============  ======================================================================================
"""

from __future__ import annotations

from analyzer.streams.limits import Limits
from analyzer.streams.table import StreamTable

__all__ = ["Limits", "StreamTable"]
