"""What a batch alone tells, before anything is known of the connections in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.sieve.chains import Chains, chains_of
from analyzer.sieve.columns import Columns, columns_of
from analyzer.sieve.openings import Openings, openings_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from analyzer.capture.batch import Batch


class Prepared(NamedTuple):
    """Of one batch."""

    columns: Columns
    openings: Openings | None
    chains: Chains | None
    """Of busy connections."""


def prepared_of(batch: Batch, vantage: int, busy: Collection[int]) -> Prepared:
    """What can be found out early, and elsewhere.  ``busy``: keys of connections that are looked at in runs."""
    columns = columns_of(batch, vantage)
    return Prepared(columns, openings_of(batch, columns), chains_of(batch, columns, busy))
