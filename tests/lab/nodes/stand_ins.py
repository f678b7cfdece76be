"""A word for what it is → a TCP server, or client, of few words: what stands where a node or an EPMD should be.

Proxies without backend, banners of other services, health checks: programs that speak no Erlang.  It is run as a file,
by whatever Python there is, so it imports nothing of the project.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import socket
import threading
from collections.abc import Callable

BANNERS = {
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "smtp": b"220 mail.lab.test ESMTP\r\n",
    "http": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "redis": b"-ERR unknown command\r\n",
}


def banner(peer: socket.socket, given: str) -> None:
    """Says what it is, as soon as somebody is there."""
    peer.sendall(BANNERS[given])
    _until_closed(peer)


def answer(peer: socket.socket, given: str) -> None:
    """Says what it is once it has been spoken to, and closes."""
    peer.recv(999)
    peer.sendall(BANNERS[given])


def silent(peer: socket.socket, given: str) -> None:
    """Takes all, says nothing, and keeps the connection."""
    _until_closed(peer)


def deaf(peer: socket.socket, given: str) -> None:
    """Takes one message and closes without a word."""
    peer.recv(999)


def proxy(peer: socket.socket, given: str) -> None:
    """Passes on to a port of this host; closes where nobody listens there."""
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", int(given))) as backend:
        _pass_on(peer, backend, both_ends=True)


def half_open(peer: socket.socket, given: str) -> None:
    """The same, but the backend's end of the connection stays its own secret."""
    with socket.create_connection(("127.0.0.1", int(given))) as backend:
        _pass_on(peer, backend, both_ends=False)
    _until_closed(peer)


def say(peer: socket.socket, given: str) -> None:
    """Waits for the first message, says some bytes, and keeps the connection."""
    peer.recv(999)
    peer.sendall(bytes.fromhex(given))
    _until_closed(peer)


SERVERS: dict[str, Callable[[socket.socket, str], None]] = {
    each.__name__: each for each in (banner, answer, silent, deaf, proxy, half_open, say)
}


def probe(peer: socket.socket, given: str) -> None:
    """A health check: connects, and is content."""


def idle(peer: socket.socket, given: str) -> None:
    """Connects and says nothing until the other side is tired of it."""
    _until_closed(peer)


def speak(peer: socket.socket, given: str) -> None:
    """Says some bytes, and waits for what becomes of it."""
    peer.sendall(bytes.fromhex(given))
    _until_closed(peer)


def speak_and_leave(peer: socket.socket, given: str) -> None:
    """Says some bytes, and closes its side."""
    peer.sendall(bytes.fromhex(given))
    peer.shutdown(socket.SHUT_WR)
    _until_closed(peer)


def register(peer: socket.socket, given: str) -> None:
    """Registers ``name:port:high:low`` in EPMD, as a node does, and keeps the registration."""
    name, port, high, low = given.split(":")
    body = bytes([120]) + int(port).to_bytes(2, "big") + bytes([77, 0])
    body += int(high).to_bytes(2, "big") + int(low).to_bytes(2, "big")
    body += len(name).to_bytes(2, "big") + name.encode() + bytes(2)
    peer.sendall(len(body).to_bytes(2, "big") + body)
    print("registered", peer.recv(99).hex(), flush=True)
    _until_closed(peer)


CLIENTS: dict[str, Callable[[socket.socket, str], None]] = {
    each.__name__: each for each in (probe, idle, speak, speak_and_leave, register)
}


def _until_closed(peer: socket.socket) -> None:
    with contextlib.suppress(ConnectionError):
        while peer.recv(65536):
            pass


def _pass_on(peer: socket.socket, backend: socket.socket, *, both_ends: bool) -> None:
    other = {peer: backend, backend: peer}
    while True:
        for source in select.select(list(other), [], [])[0]:
            data = source.recv(65536)
            if data:
                other[source].sendall(data)
            elif both_ends or source is backend:
                return


def _serve(port: int, serve: Callable[[socket.socket, str], None], given: str) -> None:
    def one(peer: socket.socket) -> None:
        with peer, contextlib.suppress(ConnectionError):
            serve(peer, given)

    with socket.create_server(("", port)) as listener:
        while True:
            threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()


def main() -> None:
    """A server waits on the port of this host, a client connects to that of another."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=[*SERVERS, *CLIENTS])
    parser.add_argument("--host")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--given", default="")
    chosen = parser.parse_args()
    if chosen.what in SERVERS:
        _serve(chosen.port, SERVERS[chosen.what], chosen.given)
        return
    with socket.create_connection((chosen.host, chosen.port)) as peer:
        CLIENTS[chosen.what](peer, chosen.given)


if __name__ == "__main__":
    main()
