"""What passes of a batch becomes packets, with the time of what does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.capture.packet import Elapsed, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.capture.batch import Batch
    from analyzer.capture.packet import Packet


def items_of(
    batch: Batch, passing: Iterable[int | Run], *, capture: int, vantage: int
) -> Iterator[Packet | Run | Elapsed]:
    """``passing``: indices of packets and runs, as :meth:`~analyzer.capture.track.Sifter.sift` gives them."""
    at, outside = batch.at, batch.outside
    inside = at if outside is None else at[~outside]
    if not inside.size:
        return
    yield Elapsed(capture, vantage, int(inside[0]))
    # Where a clock is set back, a time may lie between two packets that pass, and after neither of them.
    clock, earliest = None, int(inside.min())
    if (at[1:] < at[:-1]).any():
        clock = at.copy()
        if outside is not None:
            clock[outside] = earliest
    seen = 0
    for row in passing:
        if isinstance(row, Run):
            yield row
            continue
        if clock is not None:
            latest = int(clock[seen:row].max(initial=earliest))
            if latest > at[row]:
                yield Elapsed(capture, vantage, latest)
            seen = max(seen, row + 1)
        yield batch.packet(row, vantage, capture)
    rest = inside if clock is None else clock[seen:]
    yield Elapsed(capture, vantage, int(rest.max(initial=earliest)))
