"""A tiny EPMD and a node with another cookie, and a node that calls it: real sockets, a few bytes.

``python -m tests.analyzer.live.peers listen ADDRESS`` answers until it is ended; ``… call ADDRESS`` looks the node up,
dials it, and is rejected; ``… keep-calling ADDRESS`` does so every two seconds and prints a line each time.  Real nodes
are elsewhere; here it is enough that TCP is real.
"""

from __future__ import annotations

import socket
import sys
import threading
import time

from dissectors.cookie import digest
from dissectors.epmd_messages import Port2Req
from dissectors.handshake_messages import Challenge, ChallengeReply, SendName, Status
from samples.conversation import framed
from tests.analyzer.sessions.talking import OTP_26, port2_resp

EPMD, PORT = 4369, 9100
EVERY = 2.0
"""Seconds between two calls of who keeps calling."""
_CHALLENGE = Challenge(flags=OTP_26, challenge=7, creation=2, name="bob@there")


def listen(address: str) -> None:
    """EPMD, and a node that takes no cookie."""
    epmd, node = (socket.create_server((address, port)) for port in (EPMD, PORT))
    print("ready", flush=True)
    threading.Thread(target=_serve, args=(epmd, _answer), daemon=True).start()
    _serve(node, _reject)


def call(address: str) -> None:
    """One attempt, from the lookup to the close."""
    with socket.create_connection((address, EPMD)) as epmd:
        epmd.sendall(framed(Port2Req(name="bob")))
        while epmd.recv(1024):
            pass
    with socket.create_connection((address, PORT)) as node:
        node.sendall(framed(SendName(flags=OTP_26, creation=1, name="ann@here")))
        expected = len(framed(Status(text="ok"), _CHALLENGE))
        while expected > 0:
            expected -= len(node.recv(expected))
        node.sendall(framed(ChallengeReply(challenge=9, digest=digest(b"ours", _CHALLENGE.challenge))))
        node.recv(1)


def keep_calling(address: str) -> None:
    """Until it is ended."""
    while True:
        call(address)
        print("called", flush=True)
        time.sleep(EVERY)


def _serve(server: socket.socket, answer: object) -> None:
    while True:
        connection, _ = server.accept()
        assert callable(answer)
        answer(connection)
        connection.close()


def _answer(epmd: socket.socket) -> None:
    epmd.recv(1024)
    epmd.sendall(port2_resp("bob", PORT).write())


def _reject(node: socket.socket) -> None:
    node.recv(1024)
    node.sendall(framed(Status(text="ok"), _CHALLENGE))
    node.recv(1024)


if __name__ == "__main__":
    {"listen": listen, "call": call, "keep-calling": keep_calling}[sys.argv[1]](sys.argv[2])
