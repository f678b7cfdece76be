"""Turns the numbers of a RST into how well they fit what its sender was about to send."""

from __future__ import annotations

from analyzer.decode.segment import Segment, TcpFlags
from analyzer.streams.order import WINDOW
from analyzer.streams.reassembly import Flow
from analyzer.streams.stream import ResetFit

ACK = int(TcpFlags.ACK)


def fit_of(segment: Segment, flow: Flow, answers_syn: bool) -> ResetFit:
    """Judge a RST of ``flow``; ``answers_syn``: it can be the answer to a SYN that had none so far.

    Without an ACK flag the number of a genuine RST comes from the segment that it answers (RFC 9293 section 3.10.7.1),
    so that is looked at before what its sender was to use next; usually they are the same.  The window is taken to
    reach from the first byte not acknowledged over 4 MiB, as segments do not tell the window scale.
    """
    acknowledges = bool(int(segment.flags) & ACK)
    if acknowledges and answers_syn and flow.peer.known and 0 <= flow.peer.offset_of(segment.acknowledgment) <= WINDOW:
        return ResetFit.ANSWERS_SYN
    if not acknowledges and segment.sequence in (flow.latest_ack, flow.earlier_ack):
        return ResetFit.ANSWERS_SEGMENT
    if not flow.known:
        return ResetFit.UNKNOWN
    offset = flow.offset_of(segment.sequence)
    if offset == flow.sent:
        return ResetFit.EXACT
    if (flow.acked if flow.peer.seen else flow.sent - WINDOW) <= offset <= flow.acked + WINDOW:
        return ResetFit.IN_WINDOW
    return ResetFit.OUT_OF_WINDOW
