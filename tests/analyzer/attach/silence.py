"""A listener that takes connections and says nothing, or one and the same thing, to whatever it is asked."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType

PATIENCE = 2
"""Seconds for a client to close a connection that it has an answer on."""


class Listener:
    """Within ``with`` it listens on a port of loopback."""

    def __init__(self, context: ssl.SSLContext | None = None, says: bytes = b"") -> None:
        self._context = context
        self._says = says
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.heard = b""
        """What it was asked."""

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Listener:
        if self._context or self._says:
            threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                with suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
            self._open.append(connection)
        if self._says and (heard := connection.recv(65536)):
            self.heard += heard
            connection.sendall(self._says)
            connection.shutdown(socket.SHUT_WR)
            # What it says next is heard to the end: closed with bytes unread, the connection would be reset, and the
            # answer lost with it.
            connection.settimeout(PATIENCE)
            while connection.recv(65536):
                pass
            connection.close()
