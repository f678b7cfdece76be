"""Events and the ends of their packets → the lines of ``distscope decode``."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.decode.segment import Endpoint
from analyzer.errors import printable
from analyzer.report.phrases import says
from analyzer.report.times import stamp
from analyzer.report.wording import facts
from analyzer.sessions.events import Event


def line(event: Event, source: Endpoint, destination: Endpoint, *, several: bool = False) -> str:
    """``12  2026-10-31 15:10:37.339291  10.0.0.2:4369 > 10.0.0.1:50878  "bob" is on port 41123``.

    ``several``: there is more than one capture, so the packet's number stands behind the capture's.
    """
    number = f"{event.packet.capture + 1}:{event.packet.number}" if several else f"{event.packet.number}"
    ends = f"{printable(str(source))} > {printable(str(destination))}"
    return f"{number:>6}  {stamp(event.packet.at)}  {ends}  {says(event)}"


def details(event: Event, *, keep_digests: bool = False) -> Iterator[str]:
    """A line for every field."""
    fields = {"event": event.name, **facts(event, keep_digests=keep_digests)}
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        yield f"        {name:<{width}}  {_shown(value)}"
    if event.packets:
        yield f"        {'packets':<{width}}  {', '.join(str(packet.number) for packet in event.packets)}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in (None, "") else str(value)
