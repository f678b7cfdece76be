"""Packets that the columns do not cover → which connections they are of, or are about.

IP options, tunnels, ICMP errors, headers that say what no stack would: few packets as a rule, and each is decoded one
by one anyway.  But a connection of which one packet came so is not to be told by its other packets alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.sieve.columns import SYN, SYN_ACK
from analyzer.sieve.keys import UNCOVERED, key_of

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch
    from analyzer.capture.packet import Packet
    from analyzer.sieve.columns import Columns

_key_of = lru_cache(1024)(key_of)

Glance = tuple[tuple[str, int], tuple[str, int], int]
"""Sender and receiver, and TCP's flags; of an ICMP error those of what it quotes, and none."""


class Wrapped(NamedTuple):
    """What is known of one such packet."""

    key: int
    opens: bool


def wrapped_in(
    batch: Batch, columns: Columns, glance: Callable[[Packet], Glance | None], *, vantage: int, capture: int
) -> dict[int, Wrapped]:
    """Those of a batch of which that can be told."""
    found: dict[int, Wrapped] = {}
    for row in np.flatnonzero((columns.keys == UNCOVERED) & ~columns.foreign).tolist():
        seen = glance(batch.packet(row, vantage, capture))
        if seen is not None:
            source, destination, flags = seen
            found[row] = Wrapped(_key_of(vantage, source, destination), flags & SYN_ACK == SYN)
    return found
