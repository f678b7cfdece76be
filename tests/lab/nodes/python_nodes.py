"""Own name, a node's name, a cookie → that node is called by one of two Python libraries; run as a script."""

from __future__ import annotations

import sys
import threading


def modern(own: str, other: str, cookie: str, without: int) -> str:
    """With erldistpy; ``without`` are flags that it does not show."""
    import socket

    from erldistpy import epmd
    from erldistpy.flags import DEFAULT_FLAGS
    from erldistpy.handshake import HandshakeError, handshake

    name, _, host = other.partition("@")
    info = epmd.lookup(name, host)
    link = socket.create_connection((host, info.port))
    LINKS.append(link)
    try:
        handshake(link, our_name=own, cookie=cookie, our_flags=DEFAULT_FLAGS & ~without)
    except (HandshakeError, OSError) as error:
        return f"not connected: {error}"
    return "connected"


def old(own: str, other: str, cookie: str, without: int) -> str:
    """With py-interface, which knows an older Python: the name that it imports has moved."""
    import collections.abc

    vars(collections).setdefault("MutableMapping", collections.abc.MutableMapping)
    from py_interface import erl_eventhandler, erl_node, erl_opts

    results: list[object] = []

    def pinged(result: object) -> None:
        results.append(result)
        events.StopLooping()

    node = erl_node.ErlNode(own, erl_opts.ErlNodeOpts(cookie=cookie))
    events = erl_eventhandler.GetEventHandler()
    node.Ping(other, pinged)
    events.Loop()
    return f"answer {results}"


LINKS: list[object] = []
"""They stay open."""

if __name__ == "__main__":
    what, own_name, called, secret, hidden_flags = sys.argv[1:]
    program = {"modern": modern, "old": old}[what]
    print("python node:", program(own_name, called, secret, int(hidden_flags, 16)), flush=True)
    threading.Event().wait()
