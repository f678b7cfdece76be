"""TCP connections that do the same at the same time → finished capture records, some hundred thousand packets a second.

A :class:`Cohort` is a number of connections in lockstep.  What they send is computed for all of them at once, as
columns of :data:`~tests.benchmarks.burst.HEADER`, so the interpreter is paid once for a burst and not once for a
packet.  Sequence numbers, lengths and both checksums are right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tests.benchmarks.burst import (
    ACCEPTOR,
    ACK,
    FIN,
    HEADER_SIZE,
    INITIATOR,
    PUSH,
    RST,
    SACK_AND_TIMESTAMPS,
    SYN,
    Burst,
    Column,
    Octets,
    Packet,
    burst,
    single,
    word_sums,
)
from tests.benchmarks.tape import MICROSECOND, MILLISECOND, SECOND, Tape

GAP = 3 * MICROSECOND
"""Between two packets of a burst, in nanoseconds."""
_BEFORE_IP = 30
"""Bytes of the record and of Ethernet."""
_OPENING = {flags: burst([Packet(side, flags)]) for side, flags in ((INITIATOR, SYN), (ACCEPTOR, SYN | ACK))}


class Cohort:
    """Connections between the hosts of two columns of addresses, none of which has sent a packet."""

    def __init__(
        self, tape: Tape, hosts: tuple[Column, Column], ports: tuple[Column, Column], *, seed: int, erlang: bool
    ) -> None:
        self.tape = tape
        self.number = len(hosts[0])
        self.hosts = hosts
        self.ports = ports
        self.erlang = erlang
        first = np.random.default_rng(seed).integers(0, 1 << 32, (2, self.number), np.int64)
        self.sequence: list[Column] = [first[0], first[1]]
        """Next of each side."""
        self._id = seed & 0xFFFF

    # --- Events ------------------------------------------------------------------------------------------------------

    def dials(self) -> Octets:
        """The first SYN, or the same one again; returns a row of bytes for each connection: its record."""
        sent = self.sends(_OPENING[SYN])
        self.sequence[INITIATOR] = self.sequence[INITIATOR] - 1
        return sent

    def opens(self) -> None:
        """The connections are established."""
        self.sends(_OPENING[SYN])
        self.sends(_OPENING[SYN | ACK])
        self.raw(INITIATOR, ACK)

    def half_opens(self) -> None:
        """SYN and SYN-ACK, and nothing more."""
        self.sends(_OPENING[SYN])
        self.sends(_OPENING[SYN | ACK])

    def refused(self) -> None:
        """A SYN, and the reset that says that nobody listens."""
        self.sequence[ACCEPTOR] = np.zeros(self.number, np.int64)
        self.sends(_OPENING[SYN])
        self.raw(ACCEPTOR, RST | ACK)

    def says(self, side: int, payloads: bytes | Sequence[bytes]) -> None:
        """Data, the same or of the same length on all connections, and the peer's acknowledgement."""
        self.raw(side, PUSH | ACK, payloads)
        self.raw(1 - side, ACK)

    def closes(self, side: int) -> None:
        """FIN of ``side``, then of its peer."""
        self.raw(side, FIN | ACK)
        self.raw(1 - side, FIN | ACK)
        self.raw(side, ACK)

    # --- Packets -----------------------------------------------------------------------------------------------------

    def raw(self, side: int, flags: int, payloads: bytes | Sequence[bytes] = b"") -> None:
        """One packet on each connection."""
        if isinstance(payloads, bytes):
            self.sends(single(Packet(side, flags, payloads)))
        else:
            size = len(payloads[0])
            rows = np.frombuffer(b"".join(payloads), np.uint8).reshape(self.number, size)
            self.sends(single(Packet(side, flags, bytes(size))), rows)

    def sends(self, what: Burst, payloads: Octets | None = None) -> Octets:
        """A burst on each connection, one connection after the other; ``payloads`` for those of a single packet."""
        packets = len(what.headers)
        times = self.tape.now + GAP * np.arange(self.number * packets, dtype=np.int64).reshape(self.number, packets)
        headers = np.broadcast_to(what.headers, times.shape).copy()
        variable = np.zeros(times.shape, np.int64) if payloads is None else word_sums(payloads)[:, None]
        self._stamp(headers, what, times, variable)
        out = np.empty((self.number, len(what.octets)), np.uint8)
        out[:] = what.octets
        out[:, what.where] = headers.view(np.uint8).reshape(self.number, -1)
        if payloads is not None:
            out[:, HEADER_SIZE:] = payloads
        for side, used in enumerate(what.totals):
            self.sequence[side] = (self.sequence[side] + used) & 0xFFFF_FFFF
        self.tape.write(out, times.size, int(times[-1, -1]) + GAP, erlang=self.erlang)
        return out

    def _stamp(self, headers: npt.NDArray[np.void], what: Burst, times: Column, variable: Column) -> None:
        """Everything in the headers that differs between connections."""

        def of_sender(pair: Sequence[Column]) -> Column:
            return np.where(what.side, pair[1][:, None], pair[0][:, None])

        source, target = of_sender(self.hosts), of_sender(self.hosts[::-1])
        source_port, target_port = of_sender(self.ports), of_sender(self.ports[::-1])
        sequence = (of_sender(self.sequence) + what.sent) & 0xFFFF_FFFF
        acknowledged = (of_sender(self.sequence[::-1]) + what.heard) & 0xFFFF_FFFF
        acknowledged[:, what.opens & (what.side == INITIATOR)] = 0
        headers["seconds"], rest = np.divmod(times, SECOND)
        headers["micros"] = rest // MICROSECOND
        clock = (times // MILLISECOND) & 0xFFFF_FFFF
        first_option = np.where(what.opens, SACK_AND_TIMESTAMPS, clock)
        headers["option_1"], headers["option_2"] = first_option, clock
        headers["from_mac"] = headers["source"] = source
        headers["to_mac"] = headers["target"] = target
        headers["source_port"], headers["target_port"] = source_port, target_port
        headers["sequence"], headers["acknowledged"] = sequence, acknowledged
        headers["id"] = identity = (self._id + np.arange(len(what.headers))) & 0xFFFF
        self._id = (self._id + len(what.headers)) & 0xFFFF
        addresses = _halves(source) + _halves(target)
        headers["ip_checksum"] = _checksum(what.fixed_ip + identity + addresses)
        headers["tcp_checksum"] = _checksum(
            what.fixed_tcp
            + variable
            + addresses
            + (source_port + target_port)
            + _halves(sequence)
            + _halves(acknowledged)
            + _halves(first_option)
            + _halves(clock)
        )


def ip_of(record: Octets) -> bytes:
    """The IP packet in a row that :meth:`Cohort.dials` returned."""
    return record[_BEFORE_IP:].tobytes()


def _halves(numbers: Column) -> Column:
    """Both 16-bit halves of 32-bit numbers, added."""
    return (numbers >> 16) + (numbers & 0xFFFF)


def _checksum(sums: Column) -> Column:
    return ~_halves(_halves(sums)) & 0xFFFF
