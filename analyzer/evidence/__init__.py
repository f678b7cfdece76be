"""Packets of the attempts in a report → an evidence capture (pcapng) that says in comments what they show.

::

    spool      where packets wait for the end of the analysis
    keeper     which packets are kept while the input goes by
    secrets    what a dialogue says of its bytes -> which of them may leave the house
    edits      kept packets                      -> which of their bytes are hidden
    checksums  changed packets                   -> packets whose checksums fit as they did
    comments   Document                          -> what is said of each packet
    replay     changed packets                   -> what can be analysed once more

The law: the verdicts of an evidence capture are those of its original.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import BinaryIO

from analyzer.capture.interface import LinkTypeOf
from analyzer.capture.origin import EVIDENCE_WRITER, Origin
from analyzer.capture.packet import Packet, PacketRef
from analyzer.capture.pcapng_writer import PcapngWriter
from analyzer.decode import Decoder
from analyzer.evidence.checksums import repair
from analyzer.evidence.comments import Comments, about, names
from analyzer.evidence.edits import Edit, Edits, Why, edits_of
from analyzer.evidence.keeper import Keeper, Kept
from analyzer.evidence.replay import Replay
from analyzer.findings import Analysis
from analyzer.pipeline import Options, analyze
from analyzer.redact.headers import redact_headers
from analyzer.redact.redactor import Redactor
from analyzer.report.document import Document
from analyzer.report.wording import counted
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.endpoints import Ports
from dissectors.dataclass import replace

__all__ = ["Evidence", "Keeper"]


class Evidence:
    """Give its ``keeper`` to the analysis as witness; then it can be redacted, and written."""

    def __init__(
        self,
        epmd_ports: Collection[int],
        dist_ports: Collection[int] = (),
        *,
        keep_digests: bool = False,
        redactor: Redactor | None = None,
    ) -> None:
        self.keeper = Keeper()
        self._ports = Ports(epmd=frozenset(epmd_ports), distribution=frozenset(dist_ports))
        self._keep_digests = keep_digests
        self._redactor = redactor
        self._attempts: list[Attempt] | None = None
        """Whose packets they are, where the analysis to be reported is another one."""

    def redacted(self, analysis: Analysis, options: Options) -> Analysis:
        """The analysis of the same packets without names: whatever is reported of it, none is in it."""
        found = analyze(*self.replayed(analysis, options), extents=self.keeper.extents)
        named = [replace(each, path=f"capture-{number}") for number, each in enumerate(analysis.captures, 1)]
        notes = [*found.notes]
        if analysis.notes:
            notes.append(f"{counted(len(analysis.notes), 'note')} left out, for files may be named there")
        return replace(found, captures=tuple(named), notes=tuple(notes))

    def replayed(self, analysis: Analysis, options: Options) -> tuple[Replay, Options]:
        """The packets of its attempts without names, and what to read them with: they were chosen already."""
        self._attempts = _all_views(analysis)
        edits = edits_of((kept.packet for kept in self.keeper.packets(self._attempts)), self._ports, self._redactor)
        changed = _changed(self.keeper.packets(self._attempts), edits, self._redactor, keep_digests=True)
        packets = (replace(kept.packet, data=data) for kept, data in changed)
        again = replace(options, nodes=(), hosts=(), since=None, until=None, sieve_from=None)
        return Replay(packets, len(analysis.captures)), again

    def write(self, document: Document, analysis: Analysis, stream: BinaryIO) -> None:
        """Write the packets of all attempts of ``analysis``, whose document ``document`` is."""
        attempts = _all_views(analysis) if self._attempts is None else self._attempts
        edits = edits_of((kept.packet for kept in self.keeper.packets(attempts)), self._ports, self._redactor)
        _write(stream, document, self.keeper, attempts, edits, self._redactor, keep_digests=self._keep_digests)


def _all_views(analysis: Analysis) -> list[Attempt]:
    return [view for each in analysis.diagnoses for view in (each.attempt, *each.attempt.views)]


def _write(
    stream: BinaryIO,
    document: Document,
    keeper: Keeper,
    attempts: Collection[Attempt],
    edits: Edits,
    redactor: Redactor | None,
    *,
    keep_digests: bool,
) -> None:
    interfaces, count = _interfaces(keeper, attempts)
    writer = PcapngWriter(
        stream,
        application=f"{EVIDENCE_WRITER}{document.version}",
        comments=about(document, packets=count, complete=not keeper.full, keep_digests=keep_digests),
    )
    numbers: dict[_Interface, int] = {}
    for interface in interfaces:
        capture, vantage, link_type, number = interface
        extent = keeper.extents[vantage]
        known = link_type.interface if isinstance(link_type, LinkTypeOf) else None
        where = f"{document.captures[capture].path}, interface {number}"
        origin = Origin(where, vantage, extent.others, extent.cut)
        name = known.name if known is not None and redactor is None else ""
        numbers[interface] = writer.interface(int(link_type), name=name, description=str(origin))
    writer.names({ipaddress.ip_address(address).packed: called for address, called in names(document).items()})
    comments = Comments(document)
    for kept, data in _changed(keeper.packets(attempts), edits, redactor, keep_digests=keep_digests):
        packet = kept.packet
        said = comments.of(
            packet.ref, left_out=kept.left_out, edits=_wanted(edits.of.get(packet.ref, ()), keep_digests=keep_digests)
        )
        writer.packet(numbers[_interface(packet)], packet.ref.at, data, wire_length=packet.wire_length, comments=said)
    for interface, number in numbers.items():
        extent = keeper.extents[interface[1]]
        writer.statistics(number, extent.last_at, started_at=extent.first_at, ended_at=extent.last_at)


_Interface = tuple[int, int, int, int]
"""Capture, vantage, link type, number in the capture."""


def _interface(packet: Packet) -> _Interface:
    link_type = packet.link_type
    number = link_type.interface.number if isinstance(link_type, LinkTypeOf) else 0
    return packet.ref.capture, packet.vantage, link_type, number


def _interfaces(keeper: Keeper, attempts: Collection[Attempt]) -> tuple[list[_Interface], int]:
    """Of all packets, in order; and how many packets there are."""
    found: dict[_Interface, None] = {}
    count = 0
    for kept in keeper.packets(attempts):
        count += 1
        found.setdefault(_interface(kept.packet))
    return sorted(found), count


def _wanted(edits: Sequence[Edit], *, keep_digests: bool) -> list[Edit]:
    return [edit for edit in edits if not (keep_digests and edit.why is Why.DIGEST)]


def _changed(
    packets: Iterable[Kept], edits: Edits, redactor: Redactor | None, *, keep_digests: bool
) -> Iterator[tuple[Kept, bytes]]:
    """Each packet with what leaves the house of it, in order.

    Fragments wait until their datagram is complete, for only then its checksums can be told; and so does, behind them,
    everything else."""
    decoder = Decoder()
    waiting: dict[PacketRef, Kept] = {}
    originals: dict[PacketRef, bytes] = {}
    changed: dict[PacketRef, bytearray] = {}
    incomplete: set[PacketRef] = set()
    """Packets that complete a datagram of which something is waiting."""
    for kept in packets:
        packet = kept.packet
        ref = packet.ref
        waiting[ref], originals[ref], changed[ref] = kept, packet.data, bytearray(packet.data)
        for edit in _wanted(edits.of.get(ref, ()), keep_digests=keep_digests):
            changed[ref][edit.at : edit.at + len(edit.data)] = edit.data
        incomplete.add(edits.completed_by.get(ref, ref))
        incomplete.discard(ref)
        anatomy = decoder.anatomy(packet)
        if redactor is not None:
            redact_headers(anatomy.headers, anatomy.result, originals, changed, redactor)
        repair(anatomy.headers, originals, changed)
        if not incomplete:
            yield from _all(waiting, changed)
            originals.clear()
    yield from _all(waiting, changed)


def _all(waiting: dict[PacketRef, Kept], changed: dict[PacketRef, bytearray]) -> Iterator[tuple[Kept, bytes]]:
    for ref, kept in waiting.items():
        yield kept, bytes(changed[ref])
    waiting.clear()
    changed.clear()
