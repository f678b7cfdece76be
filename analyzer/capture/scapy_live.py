"""Turns a network interface into batches of packets, through scapy, where libpcap is not to be had.

Slower: every packet becomes an object before the sieve sees it.  Imported only there; scapy takes a second to load.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import scapy.arch  # noqa: F401 (chooses how this system listens)
from scapy.config import conf
from scapy.error import Scapy_Exception
from scapy.interfaces import resolve_iface

from analyzer.capture.batch import Batch, live_batch
from analyzer.capture.linktypes import LinkType
from analyzer.capture.pcap import SECOND
from analyzer.capture.tap import MOST, Counts, Gone, Refusal, Refused


def scapy_tap(name: str) -> ScapyTap:
    """Listens to an interface.  Raises :class:`Refused`."""
    try:
        resolve_iface(name)
    except ValueError:
        raise Refused(name, Refusal.NO_SUCH) from None
    try:
        return ScapyTap(name, conf.L2listen(iface=name, promisc=True))
    except PermissionError:
        raise Refused(name, Refusal.FORBIDDEN) from None
    except (OSError, Scapy_Exception) as error:
        raise Refused(name, Refusal.OTHER, str(error)) from None


class ScapyTap:
    """An interface that is listened to; see :class:`analyzer.capture.tap.Tap`."""

    def __init__(self, name: str, handle: Any) -> None:
        self.name = name
        self._handle = handle
        self.link_type = int(LinkType.ETHERNET)
        self._numbered = 0

    def fileno(self) -> int:
        """Readable when there are packets."""
        number: int = self._handle.fileno()
        return number

    def read(self) -> Batch | None:
        """The packets that are there."""
        packets: list[tuple[float, bytes]] = []
        while len(packets) < MOST and self._handle.select([self._handle], 0):
            try:
                _, data, at = self._handle.recv_raw()
            except OSError as error:
                if not packets:
                    raise Gone(f"the interface went down ({error.strerror or error})") from None
                break
            if data is not None:
                packets.append((at or time.time(), bytes(data)))
        if not packets:
            return None
        captured = np.array([len(data) for _, data in packets], np.int64)
        at_column = np.array([round(at * 10**6) * (SECOND // 10**6) for at, _ in packets], np.int64)
        joined = b"".join(data for _, data in packets)
        offsets = np.cumsum(captured) - captured
        batch = live_batch(joined, self.link_type, self._numbered + 1, offsets=offsets, captured=captured, at=at_column)
        self._numbered += len(batch)
        return batch

    def counts(self) -> Counts:
        """scapy does not ask the kernel what it dropped."""
        return Counts(self._numbered, 0)

    def set_filter(self, expression: str, keep_out: Sequence[int] = ()) -> None:
        """All packets pass: scapy would need libpcap to compile a filter."""

    def close(self) -> None:
        """Listen no more."""
        self._handle.close()
