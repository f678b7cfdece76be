"""What a :class:`~analyzer.capture.packet.Run` is made of; a small capture has none."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.capture.packet import PacketRef


class Piece(NamedTuple):
    """The payload of one packet of a :class:`Run`."""

    forth: bool
    """Sent by the first of the run's ends."""
    packet: PacketRef
    sequence: int
    data: bytes
    ttl: int


class Recent(NamedTuple):
    """Packets at the end of a :class:`Run`, a list of each field: what tells them from others."""

    forth: list[bool]
    at: list[int]
    sequence: list[int]
    acknowledgment: list[int]
    flags: list[int]
    length: list[int]
    window: list[int]
    ip_id: list[int] | list[None]


class Half(NamedTuple):
    """What the packets of one direction of a :class:`Run` come to."""

    packets: int
    last: PacketRef
    first_sequence: int
    next_sequence: int
    first_acknowledgment: int
    acknowledgments: tuple[int, ...]
    """The last two that differ, the latest one last."""
    acknowledged_in: PacketRef
    """The first packet with the latest one."""
    ttl: int
    ip_id: int | None
    unsure: bool = False
    """The first packet may be a copy of one before the run, if it acknowledges nothing more than others did."""
