"""Port-mapper (EPMD) requests and replies, as they are on the wire (docs/protocol.md 1.2).

A request has a 16-bit length before its body; a reply has none.  Replies with ``TAG = b""`` cannot be told from other
bytes without the request that they answer.
"""

from __future__ import annotations

import re
from typing import ClassVar

from dissectors.dataclass import dataclass
from dissectors.wire import UTF8, Message, counted_bytes, counted_text, message, rest_text, u8, u16, u32

_PORT = "TCP port of the node's distribution listener"
_NAME = "the part of the node name left of the @"
_TYPE = "77 a node (hidden ones too), 72 or 104 a C node, 110 or 109 a Java node"
_PROTOCOL = "0: TCP; IPv6 and TLS do not show here"
_HIGHEST = "highest distribution version: 5 up to OTP 22, 6 since 23"
_LOWEST = "lowest distribution version"
_EXTRA = "returned as it was registered; empty from all known nodes"
_RESULT = "0 done, anything else refused"


@message(tag=b"x")
class Alive2Req(Message):
    """ALIVE2_REQ: a node registers its name and port, for as long as it keeps the connection open."""

    port: int = u16(doc=_PORT)
    type: int = u8(doc=_TYPE)
    protocol: int = u8(doc=_PROTOCOL)
    highest: int = u16(doc=_HIGHEST)
    lowest: int = u16(doc=_LOWEST)
    name: str = counted_text(UTF8, doc=_NAME)
    extra: bytes = counted_bytes(doc=_EXTRA, default=b"")


@message(tag=b"y")
class Alive2Resp(Message):
    """ALIVE2_RESP: the answer to a node whose highest version is below 6, or from an EPMD before OTP 23."""

    result: int = u8(doc=_RESULT)
    creation: int = u16(doc="1..3; 99 beside a refusal")


@message(tag=b"v")
class Alive2XResp(Message):
    """ALIVE2_X_RESP: the answer of an EPMD since OTP 23 to a node whose highest version is 6."""

    result: int = u8(doc=_RESULT)
    creation: int = u32(
        doc="Unix time of the name's first registration, plus 1 for each later one; 99 beside a refusal"
    )


@message(tag=b"z")
class Port2Req(Message):
    """PORT_PLEASE2_REQ: which port does the node of this name listen on?"""

    name: str = rest_text(UTF8, doc=f"{_NAME}; a NUL at its end is tolerated")

    @property
    def node(self) -> str:
        """The name as EPMD takes it."""
        return self.name.removesuffix("\0")


@message(tag=b"w")
class Port2Resp(Message):
    """PORT2_RESP for a registered name (``result`` is 0; a refusal is a :class:`Port2Refusal`)."""

    result: int = u8(doc="0")
    port: int = u16(doc=_PORT)
    type: int = u8(doc=_TYPE)
    protocol: int = u8(doc=_PROTOCOL)
    highest: int = u16(doc=_HIGHEST)
    lowest: int = u16(doc=_LOWEST)
    name: str = counted_text(UTF8, doc=_NAME)
    extra: bytes = counted_bytes(doc=_EXTRA, default=b"")


@message(tag=b"w")
class Port2Refusal(Message):
    """PORT2_RESP for a name that is not registered: two bytes."""

    result: int = u8(doc="not 0")


@message(tag=b"n")
class NamesReq(Message):
    """NAMES_REQ: which nodes are registered?"""


@message()
class NamesResp(Message):
    """NAMES_RESP: EPMD's port and a line per node; ends by EPMD's close."""

    LINE: ClassVar = r"name (?P<name>.*) at port (?P<port>\d{1,5})"

    epmd_port: int = u32(doc="the port EPMD itself listens on")
    text: str = rest_text(UTF8, doc="lines `name NAME at port PORT`")

    @property
    def nodes(self) -> list[tuple[str, int]]:
        """Name and port of each complete line."""
        matches = (re.fullmatch(self.LINE, line) for line in self.text.split("\n")[:-1])
        return [(match["name"], int(match["port"])) for match in matches if match]


@message(tag=b"d")
class DumpReq(Message):
    """DUMP_REQ: what does EPMD remember?  Answered to local clients only."""


@dataclass(frozen=True, slots=True)
class DumpEntry:
    """A line of a :class:`DumpResp`."""

    name: str
    port: int
    fd: int
    """EPMD's file descriptor of the registration's connection; -1 for a name that is unused."""
    active: bool


@message()
class DumpResp(Message):
    """DUMP_RESP: EPMD's port, and lines for active and for old names, each with a NUL behind; ends by EPMD's close."""

    LINE: ClassVar = (
        r"(?P<state>active|old/unused) name +<(?P<name>[^>]*)>(?: at port|, port =) (?P<port>\d{1,5}), "
        r"fd = (?P<fd>-?\d{1,9}) ?\n"
    )

    epmd_port: int = u32(doc="the port EPMD itself listens on")
    text: str = rest_text(UTF8, doc="the lines")

    @property
    def entries(self) -> list[DumpEntry]:
        """Each complete line."""
        matches = (re.fullmatch(self.LINE, line) for line in self.text.split("\0"))
        return [DumpEntry(m["name"], int(m["port"]), int(m["fd"]), m["state"] == "active") for m in matches if m]


@message(tag=b"k")
class KillReq(Message):
    """KILL_REQ: EPMD shall exit."""


@message()
class KillResp(Message):
    """KILL_RESP: ``OK``, or ``NO`` while names are registered."""

    ANSWERS: ClassVar = ("OK", "NO")

    text: str = rest_text(UTF8, doc="`OK` or `NO`")


@message(tag=b"s")
class StopReq(Message):
    """STOP_REQ: EPMD shall forget a name.  Obeyed by an EPMD with relaxed checks only."""

    name: str = rest_text(UTF8, doc=_NAME)


@message()
class StopResp(Message):
    """STOP_RESP: ``STOPPED``; ``NOEXIST``, or both words, for a name that is unknown."""

    ANSWERS: ClassVar = ("STOPPED", "NOEXIST", "NOEXISTSTOPPED")

    text: str = rest_text(UTF8, doc="`STOPPED`, `NOEXIST` or `NOEXISTSTOPPED`")


@message(tag=b"a")
class AliveReq(Message):
    """ALIVE_REQ, obsolete: up to R13."""

    port: int = u16(doc=_PORT)
    name: str = rest_text(UTF8, doc=_NAME)


@message(tag=b"Y")
class AliveResp(Message):
    """The answer to :class:`AliveReq`; there is no way to say no but to close."""

    creation: int = u16(doc="1..3")


@message(tag=b"p")
class PortReq(Message):
    """PORT_PLEASE_REQ, obsolete: up to R13."""

    name: str = rest_text(UTF8, doc=_NAME)


@message()
class PortResp(Message):
    """The answer to :class:`PortReq`: two bytes, or a close when the name is unknown."""

    port: int = u16(doc=_PORT)


REQUESTS: dict[bytes, type[Message]] = {
    request.TAG: request for request in (Alive2Req, Port2Req, NamesReq, DumpReq, KillReq, StopReq, AliveReq, PortReq)
}
"""By tag."""

REPLIES: dict[type[Message], tuple[type[Message], ...]] = {
    Alive2Req: (Alive2Resp, Alive2XResp),
    Port2Req: (Port2Refusal, Port2Resp),
    NamesReq: (NamesResp,),
    DumpReq: (DumpResp,),
    KillReq: (KillResp,),
    StopReq: (StopResp,),
    AliveReq: (AliveResp,),
    PortReq: (PortResp,),
}
"""What may answer a request, shortest first."""
