"""Turns the times of captures into points of observation.

``tcpdump -C`` and ``-G`` and Wireshark's ring buffer split what one interface saw into files that follow one another:
together they are one point of observation, a *vantage*, and a connection may run from one file to the next.  Captures
of two hosts overlap in time, and show one connection twice, from two vantages.
"""

from __future__ import annotations

import os
import re

from dissectors.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class SetName:
    """What the files of one rotated set have in common."""

    folder: str
    stem: str
    """File name without its numbers and without the suffix of a compression."""


_NUMBERS_AND_COMPRESSION = r"[0-9]+|\.(gz|zst|xz|lz4|bz2)$"


def set_name(path: str) -> SetName:
    """``trace.pcap``, ``trace.pcap1`` and ``trace.pcap12.gz`` have the same."""
    folder, name = os.path.split(path)
    return SetName(folder, re.sub(_NUMBERS_AND_COMPRESSION, "", name))


@dataclass(slots=True)
class _Vantage:
    name: SetName
    """Of the file that was opened last."""
    running: int = 1
    """Files that are being read."""
    ended_at: int = 0
    link_types: set[int] = field(default_factory=set)


class Vantages:
    """Assigns each file its vantage, at the time of the file's first packet."""

    def __init__(self) -> None:
        self._vantages: list[_Vantage] = []

    def open(self, name: SetName, link_type: int, *, continues: int | None = None) -> int:
        """The vantage of a file that begins now, with a packet of ``link_type``.

        It continues a vantage with this link type whose files have all ended: one of the same set before others, and
        the one that ended last.  If there is none it is a new vantage.  ``continues`` names a vantage that the caller
        knows it to continue.
        """
        ended = [
            (vantage.name == name, vantage.ended_at, -number)
            for number, vantage in enumerate(self._vantages)
            if not vantage.running and link_type in vantage.link_types
        ]
        number = -max(ended)[2] if ended and continues is None else continues
        if number is None:
            self._vantages.append(_Vantage(name))
            return len(self._vantages) - 1
        vantage = self._vantages[number]
        vantage.running += 1
        vantage.name = name
        return number

    def separate(self, name: SetName) -> int:
        """A vantage of its own, whatever ended before: of a file that tells its points of observation apart."""
        self._vantages.append(_Vantage(name))
        return len(self._vantages) - 1

    def close(self, number: int, at: int, link_types: list[int]) -> None:
        """A file of this vantage has ended, with its latest packet at ``at``."""
        vantage = self._vantages[number]
        vantage.running -= 1
        vantage.ended_at = max(vantage.ended_at, at)
        vantage.link_types.update(link_types)
