"""What one packet shows of one attempt: the base of all events, and messages as JSON values.

An event is what one packet shows of one attempt.  ``name`` and :meth:`Event.fields` are what the JSON report prints
(docs/report.md); the class is what the state table and the rules go by.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from analyzer.capture.packet import PacketRef
from dissectors.dataclass import dataclass, fields_of
from dissectors.dialogue import Side

FieldValue = str | int | bool | None | list[str]
Fields = dict[str, FieldValue]


class Leg(Enum):
    """Which of an attempt's TCP connections an event belongs to."""

    EPMD = "epmd"
    LINK = "link"
    """The distribution connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    name: ClassVar[str]

    packet: PacketRef
    """The packet that completes it."""
    side: Side
    """Who sent that packet."""
    leg: Leg
    packets: tuple[PacketRef, ...] = ()
    """All packets that carry it, where it took more than one."""

    def fields(self) -> Fields:
        """JSON-serialisable facts of the event; cookies never, digests under the key ``digest`` alone."""
        return {}


def describe(message: object) -> Fields:
    """The fields of a declared message as JSON values: bytes as hexadecimal, flags by name."""
    described: Fields = {"message": type(message).__name__}
    for field in fields_of(type(message)):
        value = getattr(message, field.name)
        described[field.name] = _FORMATS.get(field.name, _plain)(value)
    return described


def _plain(value: object) -> FieldValue:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    if isinstance(value, (tuple, list)):
        return [item if isinstance(item, str) else str(_plain(item)) for item in value]
    return str(value)


def _hexadecimal(value: object) -> FieldValue:
    return f"{value:#x}" if isinstance(value, int) else _plain(value)


_FORMATS = {"flags": _hexadecimal, "flags_high": _hexadecimal}
