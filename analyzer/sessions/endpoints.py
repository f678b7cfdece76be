"""Ports → what is expected there: EPMD, distribution listeners that EPMD told of, and what the user named."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from analyzer.decode.segment import Endpoint
from analyzer.sessions.identify import Expectation, Speech
from dissectors.dataclass import dataclass

EPMD_PORT = 4369
LOOPBACK = ("127.", "::1")
MOST = 16_384
"""Distribution listeners remembered; beyond it the one that was heard of longest ago is forgotten, and its connections
are still recognised by their first bytes."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the user said of ports."""

    epmd: frozenset[int] = frozenset({EPMD_PORT})
    distribution: frozenset[int] = frozenset()


class Endpoints:
    """Who listens where, at each point of observation."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._listeners: OrderedDict[tuple[int, str | None, int], str] = OrderedDict()
        """(vantage, address, port) → why; no address: on whatever address of that host."""
        self.heard: Callable[[int], None] = lambda port: None
        """Hears of the port of each listener that is learned."""

    def __len__(self) -> int:
        return len(self._listeners)

    def learn(self, vantage: int, listener: Endpoint, why: str) -> None:
        """``listener`` is a distribution listener.  One that was registered over loopback listens on some address of
        the capturing host."""
        self._put((vantage, listener.address, listener.port), why)
        if listener.address.startswith(LOOPBACK):
            self._put((vantage, None, listener.port), why)

    def expectation(self, vantage: int, listener: Endpoint) -> Expectation | None:
        """What a connection to ``listener`` should speak; None where nothing is known."""
        if listener.port in self._ports.epmd:
            return Expectation(Speech.EPMD, f"port {listener.port} is EPMD's")
        if listener.port in self._ports.distribution:
            return Expectation(Speech.HANDSHAKE, f"port {listener.port} was named as a distribution port")
        for address in (listener.address, None):
            why = self._listeners.get((vantage, address, listener.port))
            if why is not None:
                return Expectation(Speech.HANDSHAKE, why)
        return None

    def _put(self, key: tuple[int, str | None, int], why: str) -> None:
        if key in self._listeners:
            self._listeners.move_to_end(key)
            return
        self._listeners[key] = why
        self.heard(key[2])
        if len(self._listeners) > MOST:
            self._listeners.popitem(last=False)
