"""Options of ``distscope sniff`` → the listeners that tell others of it, and the threads behind them.

Everything that takes rights (files, ports) is opened when it is made, threads begin with :meth:`Outlets.start`: what
the capabilities of a process are is a matter of each thread, and they are given up between the two.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from analyzer.live.session import Listener
from analyzer.service.courier import Courier
from analyzer.service.incidents import EVERY, Incidents
from analyzer.service.notifier import Notifier
from analyzer.service.targets import targets_of

if TYPE_CHECKING:
    from analyzer.service.metrics import Metrics


class Outlets:
    """Those that were asked for."""

    def __init__(
        self,
        *,
        metrics: str | None = None,
        urls: Sequence[str] = (),
        file: str | None = None,
        every: float | None = None,
        on_trouble: Callable[[str], None],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Raises :class:`NoMetrics`, :class:`NoNotification`."""
        self._courier: Courier | None = None
        self._notifier: Notifier | None = None
        self._metrics: Metrics | None = None
        self.listeners: list[Listener] = []
        targets, remarks = targets_of(urls, file, environment)
        for remark in remarks:
            on_trouble(remark)
        if targets:
            self._courier = Courier(targets)
            self._notifier = Notifier(self._courier, Incidents(every=every or EVERY), on_trouble)
            self.listeners.append(self._notifier)
        if metrics is not None:
            self._metrics = _metrics(metrics, self._courier)
            self.listeners.append(self._metrics)

    @property
    def said(self) -> str:
        """Where they are, as the end of a sentence."""
        return f"; metrics at http://{self._metrics.address}/metrics" if self._metrics is not None else ""

    def start(self) -> None:
        """Privileges are dropped."""
        for each in (self._courier, self._metrics):
            if each is not None:
                each.start()

    def close(self) -> None:
        """The last messages are sent, or given up."""
        if self._courier is not None and self._notifier is not None:
            self._courier.close()
            self._notifier.tell_remarks()
        if self._metrics is not None:
            self._metrics.close()


def _metrics(text: str, courier: Courier | None) -> Metrics:
    from analyzer.service.metrics import Metrics, address_of

    return Metrics(address_of(text), courier.counts if courier is not None else dict)
