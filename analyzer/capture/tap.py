"""Turns the name of a network interface into batches of its packets, by whichever library can listen to it.

libpcap where it is to be had (it comes with ``pcapy-ng``), else scapy.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from analyzer.errors import InterfaceUnusable

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch

MOST = 4096
"""Packets of one batch."""
LATE = 50
"""Milliseconds for which the kernel may collect packets before it hands them over."""
BUFFER = 64 * 1024 * 1024
"""Bytes that the kernel holds for us while we are busy."""


class Refusal(Enum):
    """Why an interface can't be listened to, in words."""

    NO_SUCH = "there is no such interface"
    FORBIDDEN = "you may not listen to it: that takes the capability CAP_NET_RAW"
    DOWN = "it is down"
    OTHER = "it can't be listened to"


class Refused(InterfaceUnusable):
    """An interface that can't be listened to; what to do about it depends on why."""

    def __init__(self, name: str, refusal: Refusal, detail: str = "", next_step: str | None = None) -> None:
        super().__init__(f"{refusal.value}{f' ({detail})' if detail else ''}", path=name, next_step=next_step)
        self.refusal = refusal
        self.detail = detail


class Counts(NamedTuple):
    """What the kernel counted since the tap was opened."""

    received: int
    dropped: int
    """For which there was no room in its buffer."""


class Gone(Exception):
    """The interface went down, or away.  Stays within the rooms of live capture."""


class Tap(Protocol):
    """An interface that is listened to."""

    name: str
    link_type: int

    def fileno(self) -> int:
        """Readable when there are packets."""

    def read(self) -> Batch | None:
        """The packets that are there, at most :data:`MOST`, without waiting.  Raises :class:`Gone`."""

    def counts(self) -> Counts:
        """What the kernel counted so far."""

    def set_filter(self, expression: str, keep_out: Sequence[int] = ()) -> None:
        """From now on only packets that match, and are not of connections with these numbers
        (:mod:`analyzer.capture.bulk`); none is lost in between."""

    def close(self) -> None:
        """Listen no more."""


def open_tap(name: str, *, buffer: int = BUFFER) -> Tap:
    """Listens to an interface.  Raises :class:`Refused`."""
    try:
        from analyzer.capture.libpcap import LibpcapTap
    except ImportError:
        try:
            from analyzer.capture.scapy_live import scapy_tap
        except ImportError:
            raise Refused(
                name,
                Refusal.OTHER,
                "neither libpcap nor scapy is installed, and one of them is needed",
                next_step="pip install pcapy-ng, or pip install 'distscope[scapy]'",
            ) from None
        return scapy_tap(name)
    return LibpcapTap(name, buffer)
