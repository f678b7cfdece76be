"""Verdicts and counters → metrics for Prometheus, over HTTP.

Labels are slugs of verdicts, never names or addresses: whoever dials could make as many of those as he likes.
"""

from __future__ import annotations

import re
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from analyzer import __version__, rules
from analyzer.errors import DistscopeError, printable
from analyzer.findings import Diagnosis, Outcome
from analyzer.live.session import Counters
from analyzer.sessions.attempt import Attempt
from dissectors.dataclass import dataclass

LOOPBACK = "127.0.0.1"
AT_ONCE = 8
"""Requests; more are closed unanswered."""
PATIENCE = 10
"""Seconds that a client may be silent in the middle of a request."""
_WRITTEN = re.compile(r"(?:(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+(?:%\w+)?\]):)?(?P<port>\d{1,5})", re.ASCII)
_EXAMPLES = "write 9404 (on 127.0.0.1 only), 10.0.0.5:9404, [::1]:9404, or 0.0.0.0:9404 for everybody"


class NoMetrics(DistscopeError):
    """``--metrics`` names an address that can't be served."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to serve."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(text: str) -> Address:
    """``9404``, ``10.0.0.5:9404``, ``[::1]:9404``.  Raises :class:`NoMetrics`."""
    found = _WRITTEN.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise NoMetrics(f"--metrics {printable(text)}: that is no address and port", next_step=_EXAMPLES)
    return Address((found["host"] or LOOPBACK).strip("[]"), int(found["port"]))


class Metrics(Collector):
    """A listener of the session, and the server that tells what it heard.

    The address is taken at once, for a port below 1024 takes root.  Requests are answered from :meth:`start` on: call
    it when privileges are dropped, for a thread that runs already would keep its capabilities.
    """

    def __init__(self, address: Address, notifications: Callable[[], Mapping[str, int]] = dict) -> None:
        """``notifications``: how many, by what became of them.  Raises :class:`NoMetrics`."""
        self._notifications = notifications
        self._counters = Counters(())
        self._looked_at = time.time()
        # From 0 on: a first problem has to be an increase.
        self._problems = Counter({rule.name: 0 for rule in rules.all_rules() if rule.outcome is Outcome.PROBLEM})
        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        try:
            self._server = _Server(address, make_wsgi_app(registry))
        except OSError as error:
            raise NoMetrics(
                f"--metrics {address}: {error.strerror or error}",
                next_step="name another port, or see who has it: ss -ltnp" if error.errno else _EXAMPLES,
            ) from None
        self.address = self._server.address

    def start(self) -> None:
        """Answers requests from now on."""
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """No more; call it after :meth:`start` only."""
        self._server.shutdown()
        self._server.server_close()

    # --- Listener --------------------------------------------------------------------------------------------------

    def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
        """A problem that another one follows has been one all the same: a counter never goes back."""
        if diagnosis.outcome is Outcome.PROBLEM:
            self._problems[diagnosis.verdict] += 1

    def waiting(self, attempt: Attempt) -> None:
        """Counted when it has a verdict."""

    def trouble(self, text: str) -> None:
        """Told by others."""

    def counters(self, counters: Counters) -> None:
        """What the next request is answered with."""
        self._counters = counters
        self._looked_at = time.time()

    # --- Collector -------------------------------------------------------------------------------------------------

    def collect(self) -> Iterator[Metric]:
        """As of now."""
        now = self._counters
        yield InfoMetricFamily("distscope", "The program", value={"version": __version__})
        yield CounterMetricFamily("distscope_packets", "Packets that the kernel handed over", value=now.packets)
        yield CounterMetricFamily(
            "distscope_dropped_packets", "Packets that the kernel had no room for", value=now.dropped
        )
        yield CounterMetricFamily("distscope_attempts", "Attempts that were given a verdict", value=now.attempts)
        problems = CounterMetricFamily("distscope_problems", "Problems that were told, by verdict", labels=["verdict"])
        for verdict, count in sorted(self._problems.copy().items()):
            problems.add_metric([verdict], count)
        yield problems
        yield GaugeMetricFamily(
            "distscope_lag_seconds", "Age of the latest packet that was looked at, where more wait", value=now.behind
        )
        yield GaugeMetricFamily(
            "distscope_last_round_timestamp_seconds", "When it was last seen at work", value=self._looked_at
        )
        notifications = CounterMetricFamily(
            "distscope_notifications", "Notifications, by what became of them", labels=["result"]
        )
        for result, count in self._notifications().items():
            notifications.add_metric([result], count)
        yield notifications


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE

    def log_message(self, format: str, *args: object) -> None:
        """Standard error is for people."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """A thread for each request, of which there are few at a time."""

    daemon_threads = True

    def __init__(self, address: Address, app: Callable[..., object]) -> None:
        self._room = threading.BoundedSemaphore(AT_ONCE)
        [self.address_family, *_, where] = socket.getaddrinfo(*_place(address), type=socket.SOCK_STREAM)[0]
        super().__init__(where[:2], _Handler)  # type: ignore[arg-type]
        self.set_app(app)  # type: ignore[arg-type]

    @property
    def address(self) -> Address:
        """That was taken, where any port would do."""
        return Address(*self.server_address[:2])  # type: ignore[arg-type]

    def server_bind(self) -> None:
        # HTTPServer would ask the DNS for our name, and wait for it.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is its own business."""


def _place(address: Address) -> tuple[str, int]:
    return address.host, address.port
