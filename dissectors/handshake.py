"""One distribution connection to its handshake messages and the traffic after them (docs/protocol.md 2).

Each side is read for itself, by who it is: so half a capture decodes as well as a whole one.  A side's handshake ends
with its challenge reply or challenge acknowledgement; what follows are frames with 4-byte lengths.

Holes.  A message of which at least the length is there is a :class:`Partial`, and its side stays in step if the hole
ends inside the message or with it.  After any other hole, and at a start in mid-stream, a side is out of step.  It
comes into step again at bytes that are a whole handshake message of that side with its exact length, or that begin like
frames; and only where a segment is likely to begin: right behind the hole, and at the start of each ``feed``.  This is
the one place where it matters how the bytes were cut.
"""

from __future__ import annotations

from dissectors.dialogue import Item, Side
from dissectors.handshake_messages import (
    Challenge,
    ChallengeAck,
    ChallengeOld,
    ChallengeReply,
    Complement,
    Partial,
    SendName,
    SendNameOld,
    Status,
    StatusNamed,
    is_node_name,
)
from dissectors.speaker import Speaker, looks_like_handshake
from dissectors.traffic import Pieces, Skim, Sought

__all__ = [
    "Challenge",
    "ChallengeAck",
    "ChallengeOld",
    "ChallengeReply",
    "Complement",
    "HandshakeDialogue",
    "Partial",
    "SendName",
    "SendNameOld",
    "Status",
    "StatusNamed",
    "is_node_name",
    "looks_like_handshake",
]


class HandshakeDialogue:
    """A :class:`~dissectors.dialogue.Dialogue` of two nodes.

    ``length_size``: bytes of a handshake message's length, 2 on plain TCP and 4 inside TLS.  ``midstream``: the first
    bytes of a side may belong to any phase.
    """

    def __init__(self, length_size: int = 2, midstream: bool = False) -> None:
        self._speakers = {side: Speaker(side, length_size, midstream) for side in Side}

    def feed(self, side: Side, data: bytes) -> list[Item]:
        """See :meth:`dissectors.dialogue.Dialogue.feed`."""
        if not data:
            return []
        return self._speakers[side.other].flush() + self._speakers[side].feed(data)

    def gap(self, side: Side, length: int) -> list[Item]:
        """See :meth:`dissectors.dialogue.Dialogue.gap`."""
        if length <= 0:
            return []
        return self._speakers[side.other].flush() + self._speakers[side].gap(length)

    def close(self, side: Side) -> list[Item]:
        """See :meth:`dissectors.dialogue.Dialogue.close`."""
        return self._speakers[side.other].flush() + self._speakers[side].close()

    def skim(self, side: Side, data: Pieces, sought: Sought) -> Skim | None:
        """What much data of ``side`` come to, without their items; None if they have to be fed.

        See :meth:`dissectors.traffic.FrameReader.skim`."""
        if not self._speakers[side.other].in_traffic:
            return None
        return self._speakers[side].skim(data, sought)

    def skip(self, side: Side, skim: Skim) -> None:
        """Take the data that were skimmed."""
        self._speakers[side].skip(skim)
