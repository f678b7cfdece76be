"""A host → Elixir's command on it, as a node that connects and asks one question."""

from __future__ import annotations

from tests.lab.nodes.erlang import COOKIE, FRUGAL, Node
from tests.lab.processes import Process
from tests.lab.stage import Host


def connect(host: Host, other: Node | str, *, cookie: str = COOKIE, name: str = "eli") -> Process:
    """``Node.connect/1`` out of a script, which ends then; it says ``connected: true`` or ``false``."""
    script = f'IO.puts("connected: #{{Node.connect(:"{other}")}}")'
    process = host.start(
        (
            *("elixir", "--erl", " ".join((*FRUGAL, "-start_epmd false"))),
            *("--name", f"{name}@{host.place.ipv4}", "--cookie", cookie, "-e", script),
        ),
        "elixir",
    )
    process.wait()
    return process
