"""Where the packets of an evidence capture come from ⇄ the description of their interface.

An evidence capture holds packets of several captures, and few of each.  What a reader of the whole captures would know
beside the packets stands with each interface: which interfaces belong to one point of observation, and what else was
seen there.  (How long was watched stands in the interface's statistics, where pcapng has a place for it.)
"""

from __future__ import annotations

import re
from typing import Self

from dissectors.dataclass import dataclass

EVIDENCE_WRITER = "distscope "
"""What the application that an evidence capture names itself written by begins with."""

_TEXT = r"; point of observation (\d{1,6}), with (\d{1,12}) other connections(, cut off)?$"


@dataclass(frozen=True, slots=True)
class Origin:
    """One interface of an original capture."""

    capture: str
    """Where it was captured: the file and the number of the interface in it, for people."""
    vantage: int
    """Point of observation: the same number, the same one."""
    others: int
    """TCP connections that were seen there and are not EPMD's."""
    cut: bool
    """The original ends in the middle of a packet."""

    def __str__(self) -> str:
        cut = ", cut off" if self.cut else ""
        return f"{self.capture}; point of observation {self.vantage + 1}, with {self.others} other connections{cut}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What :meth:`__str__` wrote; None if it did not."""
        found = re.search(_TEXT, text)
        if found is None:
            return None
        return cls(text[: found.start()], int(found[1]) - 1, int(found[2]), found[3] is not None)
