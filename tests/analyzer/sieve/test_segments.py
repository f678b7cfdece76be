"""What a first payload can't be, it is not: no message that distscope would recognise is ruled out."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from analyzer.capture import open_source
from analyzer.capture.batch import Batch, Buffer, batches_of
from analyzer.capture.packet import Packet
from analyzer.capture.pcap_batches import read_pcap_loads
from analyzer.capture.state import CaptureState
from analyzer.capture.supply import FileSupply
from analyzer.decode import Decoder, Segment
from analyzer.sieve.columns import columns_of
from analyzer.sieve.segments import segments_of
from samples.provenance import HERE

FILES = ["healthy/bulk-fragments.pcap", "shapes/mixed-sessions.pcap", "handshake/cookie-mismatch.pcap"]


@pytest.mark.parametrize("file", FILES)
def test_segments_agree_with_the_decoder(file: str) -> None:
    """Numbers, flags, lengths."""
    with open_source([str(HERE / file)], stdin=io.BytesIO()) as source:
        decoded: list[Any] = [Decoder().decode(packet) for packet in source if isinstance(packet, Packet)]
    part: Batch
    state = CaptureState("x")
    for part in batches_of(read_pcap_loads(Buffer(FileSupply(io.BytesIO((HERE / file).read_bytes()), state)), state)):
        columns = columns_of(part, 0)
        rows = np.flatnonzero(columns.keys)
        segments = segments_of(part, columns, rows)
        for place, row in enumerate(rows.tolist()):
            segment = decoded[part.numbers[row] - 1]
            assert isinstance(segment, Segment)
            assert segments.sequence[place] == segment.sequence
            assert segments.flags[place] == segment.flags
            assert segments.length[place] == segment.length
            assert segments.listener[place] == segment.destination.port
