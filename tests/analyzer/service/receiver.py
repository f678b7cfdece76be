"""A web server that takes notifications: what apprise's ``json://`` really sends.

``python -m tests.analyzer.service.receiver`` prints its URL, and then each of them on a line.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what it was sent."""

    daemon_threads = True
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """With a password and a token."""
        return f"json://user:pa55word@127.0.0.1:{self.server_address[1]}/t0ken"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.got.append(json.loads(body))
            if __name__ == "__main__":
                print(body.decode(), flush=True)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One on a port that is free."""
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


if __name__ == "__main__":
    with Receiver() as ours:
        print(ours.url, flush=True)
        ours.serve_forever()
