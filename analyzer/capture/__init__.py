"""Turns captures (files, folders, patterns, standard input) into packets in the order of time.

::

    sources      what the user named        -> inputs
    compression  gzip, zstd, xz, lz4, bzip2 -> bytes, as they come
    container    first bytes                -> which reader
    pcap, pcapng bytes                      -> raw records: time, link type, bytes, length on the wire
    track        a capture                  -> its packets, numbered; large ones in batches, of which a sifter
                                               says what goes on
    vantage      times of captures          -> points of observation
    merge        packets of all files       -> in the order of time

:func:`open_source` is the door.  A further reader need only be an iterator of raw records
(:data:`analyzer.capture.state.RawRecord`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from analyzer.capture.merge import Source
from analyzer.capture.packet import Elapsed, Packet, PacketRef, Run
from analyzer.capture.sources import expand
from analyzer.capture.state import CaptureState
from analyzer.capture.track import Sifting, Track
from analyzer.errors import CaptureMissing, EmptyCapture, NotACapture, NothingUsable, UnusableInput, printable

__all__ = ["CaptureState", "Elapsed", "Packet", "PacketRef", "Run", "Sifting", "Source", "open_source"]

_NAMED_IN_NOTES = 5


def open_source(arguments: Sequence[str], *, stdin: BinaryIO) -> Source:
    """Opens what the arguments name: files, folders (searched with all below), patterns, ``-`` for ``stdin``.

    Inputs that can't be used are in :attr:`Source.errors`; if none can be used, that error is raised
    (:class:`NothingUsable` if there are several).
    """
    named = expand(arguments)
    tracks: list[Track] = []
    passed_over: dict[str, list[str]] = {folder: [] for folder in named.folders}
    with_captures: set[str | None] = set()
    for source in named.inputs:
        track = Track(source, stdin)
        try:
            track.peek(keep_open=len(named.inputs) == 1)
        except (NotACapture, EmptyCapture) as error:
            if source.folder is None:
                named.errors.append(error)
            else:
                passed_over[source.folder].append(track.state.path)
        except UnusableInput as error:
            named.errors.append(error)
        else:
            tracks.append(track)
            with_captures.add(source.folder)
    for folder, paths in passed_over.items():
        if folder not in with_captures:
            named.errors.append(_no_captures(folder, paths))
        elif paths:
            named.notes.append(f"passed over {_listed(paths)} in {printable(folder)}: no capture")
    if not tracks:
        if not named.errors:
            raise UnusableInput("no capture was named", next_step="name a file, a folder, or - for standard input")
        raise named.errors[0] if len(named.errors) == 1 else NothingUsable(named.errors)
    return Source(tracks, named.errors, named.notes)


def _no_captures(folder: str, passed_over: Sequence[str]) -> CaptureMissing:
    return CaptureMissing(
        f"there is no capture in this folder (passed over: {_listed(passed_over)})"
        if passed_over
        else "this folder is empty",
        path=folder,
        next_step="name the folder or the file that 'tcpdump -w' wrote to",
    )


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - _NAMED_IN_NOTES
    return ", ".join([*paths[:_NAMED_IN_NOTES], *([f"{more} more"] if more > 0 else [])])
