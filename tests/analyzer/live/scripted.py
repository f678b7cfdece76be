"""A tap that plays recorded packets: what an interface would have delivered, at the reader's own pace."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np

from analyzer.capture.batch import Batch, live_batch
from analyzer.capture.tap import Counts, Gone


class ScriptedTap:
    """Delivers ``records`` (time, bytes), ``at_a_time`` of them; then it is gone, or ``at_end`` is called."""

    def __init__(
        self,
        records: Sequence[tuple[int, bytes]],
        *,
        name: str = "eth7",
        link_type: int = 1,
        at_a_time: int = 50,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.link_type = link_type
        self.dropped = 0
        self.closed = False
        self.filters: list[str] = []
        self.kept_out: list[int] = []
        self._records = list(records)
        self._read = 0
        self._at_a_time = at_a_time
        self.at_end = at_end
        self._ready = os.eventfd(1)

    def fileno(self) -> int:
        """Always readable."""
        return self._ready

    def read(self) -> Batch | None:
        """The next ones."""
        part = self._records[self._read : self._read + self._at_a_time]
        if not part:
            if self.at_end is None:
                raise Gone("The interface went down")
            self.at_end()
            return None
        captured = np.array([len(data) for _, data in part], np.int64)
        batch = live_batch(
            b"".join(data for _, data in part),
            self.link_type,
            self._read + 1,
            offsets=np.cumsum(captured) - captured,
            captured=captured,
            at=np.array([at for at, _ in part], np.int64),
        )
        self._read += len(part)
        return batch

    def counts(self) -> Counts:
        """As the test says."""
        return Counts(self._read, self.dropped)

    def set_filter(self, expression: str, keep_out: Sequence[int] = ()) -> None:
        """Remembered."""
        self.filters.append(expression)
        self.kept_out = list(keep_out)

    def close(self) -> None:
        """Once."""
        assert not self.closed
        self.closed = True
        os.close(self._ready)
