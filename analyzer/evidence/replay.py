"""Packets that were kept → a source that can be analysed once more."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture import CaptureState, Packet, Source


class Replay(Source):
    """Has ``captures`` captures, of which nothing is known; each packet says which one it is of."""

    def __init__(self, packets: Iterator[Packet], captures: int) -> None:
        super().__init__([], [], [])
        self.captures = [CaptureState(f"capture-{number + 1}") for number in range(captures)]
        self._packets = packets
