"""Turns a network interface into batches of packets, through libpcap: the only module that knows it."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from collections.abc import Sequence

import numpy as np
import pcapy

from analyzer.capture.batch import Batch, live_batch
from analyzer.capture.bpf import program
from analyzer.capture.linktypes import LinkType
from analyzer.capture.pcap import SECOND, USUAL_SNAP_LENGTH
from analyzer.capture.tap import LATE, MOST, Counts, Gone, Refusal, Refused

# What pcap_activate answers (pcap/pcap.h); above 0 are warnings.
_NO_SUCH_DEVICE, _FORBIDDEN, _NOT_UP, _PROMISCUOUS_FORBIDDEN = -5, -8, -9, -11
_REFUSALS = {
    _NO_SUCH_DEVICE: Refusal.NO_SUCH,
    _FORBIDDEN: Refusal.FORBIDDEN,
    _PROMISCUOUS_FORBIDDEN: Refusal.FORBIDDEN,
    _NOT_UP: Refusal.DOWN,
}

ANY = "any"
LOOPBACK = "lo"
"""Shows each packet twice, going out and coming in; libpcap hands on only the second."""
_NOT_PROMISCUOUS = frozenset({ANY, LOOPBACK})
_BARE = frozenset({LinkType.RAW, LinkType.RAW_DLT})
"""Links that have no header of their own."""
_META = np.dtype([("seconds", "=u4"), ("microseconds", "=u4"), ("offset", "=u4"), ("captured", "=u4")])
_WRAP = 1 << 32
"""libpcap counts in 32 bits."""

_SO_ATTACH_FILTER = 26
"""Of Linux (asm-generic/socket.h); the socket module of Python has no name for it."""
_LINK_TYPES = {12: LinkType.RAW, 14: LinkType.RAW}
"""DLT_ values that are another LINKTYPE_."""


class LibpcapTap:
    """An interface that is listened to; see :class:`analyzer.capture.tap.Tap`."""

    def __init__(self, name: str, buffer: int) -> None:
        self.name = name
        try:
            self._handle = pcapy.create(name)
            self._handle.set_snaplen(USUAL_SNAP_LENGTH)
            self._handle.set_promisc(int(name not in _NOT_PROMISCUOUS))
            self._handle.set_timeout(LATE)
            self._handle.set_buffer_size(buffer)
            answer = self._handle.activate()
            if answer < 0:
                refusal = _REFUSALS.get(answer, Refusal.OTHER)
                raise Refused(name, refusal, f"libpcap's error {answer}" if refusal is Refusal.OTHER else "")
            self._handle.setnonblock(1)
            dlt = self._handle.datalink()
        except pcapy.PcapError as error:
            raise Refused(name, Refusal.OTHER, str(error)) from None
        self.link_type: int = _LINK_TYPES.get(dlt, dlt)
        self._expression = ""
        self._numbered = 0
        self._last = Counts(0, 0)
        self._total = Counts(0, 0)

    def fileno(self) -> int:
        """Readable when there are packets."""
        number: int = self._handle.getfd()
        return number

    def read(self) -> Batch | None:
        """The packets that are there."""
        try:
            data, meta = self._handle.next_batch(MOST)
        except pcapy.PcapError as error:
            raise Gone(str(error)) from None
        if not meta:
            return None
        columns = np.frombuffer(meta, _META)
        at = columns["seconds"].astype(np.int64) * SECOND + columns["microseconds"].astype(np.int64) * 1000
        offsets, captured = columns["offset"].astype(np.int64), columns["captured"].astype(np.int64)
        batch = live_batch(data, self.link_type, self._numbered + 1, offsets=offsets, captured=captured, at=at)
        self._numbered += len(batch)
        return batch

    def counts(self) -> Counts:
        """What the kernel counted so far."""
        try:
            received, dropped, _ = self._handle.stats()
        except pcapy.PcapError:
            return self._total
        last, self._last = self._last, Counts(received, dropped)
        self._total = Counts(
            self._total.received + (received - last.received) % _WRAP,
            self._total.dropped + (dropped - last.dropped) % _WRAP,
        )
        return self._total

    def set_filter(self, expression: str, keep_out: Sequence[int] = ()) -> None:
        """On Linux the kernel changes it in one step; ``pcap_setfilter`` would empty the buffer first."""
        if not sys.platform.startswith("linux"):
            if expression != self._expression:
                self._handle.setfilter(expression)
                self._expression = expression
            return
        # What the kernel filters of a cooked capture begins at the network layer.
        cooked = self.link_type == LinkType.LINUX_SLL
        link_type = LinkType.RAW_DLT if cooked else self.link_type
        static = pcapy.compile(int(link_type), USUAL_SNAP_LENGTH, expression, 1, 0).get_bpf()
        link = 14 if self.link_type == LinkType.ETHERNET else 0 if link_type in _BARE else None
        made = program(static, keep_out, link=link, loops=self.name == LOOPBACK)
        code = b"".join(struct.pack("HBBI", *instruction) for instruction in made)
        memory = ctypes.create_string_buffer(code, len(code))
        argument = struct.pack("HP", len(made), ctypes.addressof(memory))
        with socket.socket(fileno=os.dup(self.fileno())) as handle:
            handle.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, argument)

    def close(self) -> None:
        """Listen no more."""
        self._handle.close()
