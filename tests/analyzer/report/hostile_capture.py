"""A capture whose nodes have names that somebody chose to do harm: the real way of a hostile text into a report."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.pipeline import Options
from analyzer.report import view
from analyzer.report.document import Document
from dissectors.cookie import digest
from dissectors.dataclass import replace
from dissectors.epmd_messages import Port2Req, Port2Resp
from dissectors.handshake_messages import Challenge, ChallengeReply, SendName, Status
from samples.conversation import Network, framed

EVILS = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "link": "](javascript:alert(1))",
    "address": "https://evil.example/x",
    "www": "www.evil.example",
    "backquotes": "`x``y`",
    "fence": "```",
    "bar": "a|b||c",
    "backslash": "a\\|b\\",
    "macros": "{code}{noformat}{panel}",
    "mention": "x @admin",
    "issue": "#123",
    "key": "PROJ-123",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "emphasis": "*a* _b_ -c- +d+ ^e^ ~f~ ??g?? **h**",
    "emoji": ":smile: (y) :)",
    "mathematics": "$`a`$ $x$",
    "command": "/close",
    "escape": "\x1b[31m\x1b]0;x\x07",
    "direction": "\u202eabc",
    "formula": "=cmd()",
    "diagram": 'x; end\n%% note #35; "a" -->> b: c',
    "long": "".join(map(chr, range(0xA1, 0x100))) * 2,
    "lines": "a\n\n# b\r\n- c",
}
"""What it tries → part of a node's name."""


def write(path: Path, evil: str) -> Path:
    """A capture of one attempt between two nodes of such a name, which the acceptor turns away."""
    name = evil.encode("latin-1", "replace")[:240].decode("latin-1")
    net = Network()
    answer = Port2Resp(result=0, port=9100, type=77, protocol=0, highest=6, lowest=5, name=name)
    net.looks_up("10.0.0.1", "10.0.0.2", Port2Req(name=name), answer)
    link = net.connect("10.0.0.1", "10.0.0.2", 9100)
    link.initiator.sends(framed(SendName(flags=0xD_07DF_7FBD, creation=1, name=f"{name}@h1")))
    link.acceptor.sends(framed(Status(text="ok")))
    challenge = Challenge(flags=0xD_07DF_7FBD, challenge=1, creation=2, name=f"{name}@h2")
    link.acceptor.sends(framed(challenge))
    link.initiator.sends(framed(ChallengeReply(challenge=2, digest=digest(b"a", 1))))
    link.acceptor.closes()
    link.initiator.closes()
    path.write_bytes(net.pcapng())
    return path


@cache
def document(evil: str) -> Document:
    """The report on such a capture."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "incident.pcapng", evil)
        with open_source((str(path),), stdin=io.BytesIO()) as source:
            made = view.build(pipeline.analyze(source, Options()))
    return replace(made, captures=(replace(made.captures[0], path="incident.pcapng"),))
