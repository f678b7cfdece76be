"""EPMD and distribution handshake messages to scapy layers: dissect them in scapy, and craft them.

The layers are made from the same declarations as the messages, so fields, sizes and names agree; only ``name``, which
every scapy packet has already, becomes ``node_name``.  Lengths are filled in where they are not given::

    >>> from scapy.layers.inet import IP, TCP
    >>> IP(dst="10.0.0.1") / TCP() / EPMDRequest() / EPMDPort2Req(node_name="rabbit")
    >>> ErlDistInitiator() / ErlDistSendName(flags=Flag.HANDSHAKE_23, creation=4, node_name="a@b")

Importing this module binds EPMD to TCP port 4369; distribution ports differ, so name yours with
:func:`bind_distribution`.  It is the only module here that needs scapy, and nothing else imports it.
"""

from __future__ import annotations

import re
from typing import ClassVar

from scapy.config import conf
from scapy.fields import (
    AnyField,
    ByteField,
    FieldLenField,
    FlagsField,
    IntField,
    ShortField,
    StrField,
    StrFixedLenField,
    StrLenField,
)
from scapy.layers.inet import TCP
from scapy.packet import NoPayload, Packet, bind_bottom_up, bind_layers, bind_top_down

from dissectors import epmd_messages, handshake_messages
from dissectors.cursor import WireError
from dissectors.dialogue import Side
from dissectors.flags import Flag
from dissectors.wire import Field, Fixed, Message, Run, UInt

EPMD_PORT = 4369
LENGTH_SIZE = 2
"""Of the length before an EPMD request, and before a handshake message on plain TCP (docs/protocol.md 2.1)."""

FRAMES_IN_SEGMENT = 8
"""More than a side says in a whole handshake; scapy handles layers by recursion, so their number needs a limit."""

_UINT_FIELDS: dict[int, type[ByteField] | type[ShortField] | type[IntField]] = {
    1: ByteField,
    2: ShortField,
    4: IntField,
}
"""What has eight bytes are flags."""
_RENAMED = {"name": "node_name"}
"""Field names that every scapy packet has for itself."""
_FLAG_NAMES = [Flag(1 << bit).name or f"BIT_{bit}" for bit in range(64)]


class MessageLayer(Packet):
    """A message body: the tag and its fields."""

    message_class: ClassVar[type[Message]] = Message

    def to_message(self) -> Message:
        """The same as a message of :mod:`dissectors`.  Raises: WireError: the fields make no such message."""
        return self.message_class.read(self.self_build())


LAYERS: dict[type[Message], type[MessageLayer]] = {}
"""The layer of each message."""


def from_message(message: Message) -> MessageLayer:
    """The layer of a message; counts are left to be filled in, so that its fields can be changed."""
    layer = LAYERS[type(message)](message.write())
    for field in layer.fields_desc:
        if isinstance(field, FieldLenField):
            layer.delfieldval(field.name)
    return layer


def _fields(declared: Field) -> list[AnyField]:
    """The scapy fields of a declared field: two where a count goes before it."""
    name, kind = _RENAMED.get(declared.name, declared.name), declared.kind
    match kind:
        case UInt(size=size) if declared.name == "flags":
            return [FlagsField(name, 0, 8 * size, _FLAG_NAMES)]
        case UInt(size=size):
            return [_UINT_FIELDS[size](name, 0)]
        case Fixed(size=size):
            return [StrFixedLenField(name, bytes(size), size)]
        case Run(counted=True):
            count = f"{name}_length"
            return [
                FieldLenField(count, None, length_of=name, fmt="!H"),
                StrLenField(name, b"", length_from=lambda packet: packet.getfieldval(count)),
            ]
    return [StrField(name, b"")]


def _layer(prefix: str, message_class: type[Message]) -> type[MessageLayer]:
    tag = message_class.TAG
    fields: list[AnyField] = [StrFixedLenField("tag", tag, len(tag))] if tag else []
    for declared in message_class.FIELDS:
        fields += _fields(declared)
    title = f"{prefix} {message_class.__name__}"
    made: type[MessageLayer] = type(
        title.replace(" ", ""),
        (MessageLayer,),
        {
            "name": title,
            "fields_desc": fields,
            "message_class": message_class,
            "__doc__": message_class.__doc__,
            "__module__": __name__,
        },
    )
    LAYERS[message_class] = made
    return made


EPMDAlive2Req = _layer("EPMD", epmd_messages.Alive2Req)
EPMDAlive2Resp = _layer("EPMD", epmd_messages.Alive2Resp)
EPMDAlive2XResp = _layer("EPMD", epmd_messages.Alive2XResp)
EPMDPort2Req = _layer("EPMD", epmd_messages.Port2Req)
EPMDPort2Resp = _layer("EPMD", epmd_messages.Port2Resp)
EPMDPort2Refusal = _layer("EPMD", epmd_messages.Port2Refusal)
EPMDNamesReq = _layer("EPMD", epmd_messages.NamesReq)
EPMDNamesResp = _layer("EPMD", epmd_messages.NamesResp)
EPMDDumpReq = _layer("EPMD", epmd_messages.DumpReq)
EPMDDumpResp = _layer("EPMD", epmd_messages.DumpResp)
EPMDKillReq = _layer("EPMD", epmd_messages.KillReq)
EPMDKillResp = _layer("EPMD", epmd_messages.KillResp)
EPMDStopReq = _layer("EPMD", epmd_messages.StopReq)
EPMDStopResp = _layer("EPMD", epmd_messages.StopResp)
EPMDAliveReq = _layer("EPMD", epmd_messages.AliveReq)
EPMDAliveResp = _layer("EPMD", epmd_messages.AliveResp)
EPMDPortReq = _layer("EPMD", epmd_messages.PortReq)
EPMDPortResp = _layer("EPMD", epmd_messages.PortResp)

ErlDistSendName = _layer("ErlDist", handshake_messages.SendName)
ErlDistSendNameOld = _layer("ErlDist", handshake_messages.SendNameOld)
ErlDistStatus = _layer("ErlDist", handshake_messages.Status)
ErlDistStatusNamed = _layer("ErlDist", handshake_messages.StatusNamed)
ErlDistChallenge = _layer("ErlDist", handshake_messages.Challenge)
ErlDistChallengeOld = _layer("ErlDist", handshake_messages.ChallengeOld)
ErlDistComplement = _layer("ErlDist", handshake_messages.Complement)
ErlDistChallengeReply = _layer("ErlDist", handshake_messages.ChallengeReply)
ErlDistChallengeAck = _layer("ErlDist", handshake_messages.ChallengeAck)


class _Frame(Packet):
    """A length, then that many bytes of message, then the next frame if the segment goes on."""

    fields_desc: ClassVar[list[AnyField]] = [ShortField("length", None)]

    def message_class(self, body: bytes) -> type[Message] | None:
        """Which message begins so."""
        raise NotImplementedError

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        if self.length is None:
            following = self.payload.payload
            size = len(pay) - (0 if isinstance(following, NoPayload) else len(bytes(following)))
            pkt = size.to_bytes(LENGTH_SIZE, "big")
        return pkt + pay

    def do_dissect_payload(self, s: bytes) -> None:
        super().do_dissect_payload(s[: self.length])
        last, rest = self.lastlayer(), s[self.length :]
        for _ in range(FRAMES_IN_SEGMENT - 1):
            if len(rest) < LENGTH_SIZE:
                break
            end = LENGTH_SIZE + int.from_bytes(rest[:LENGTH_SIZE], "big")
            frame = type(self)(rest[:end])
            last.add_payload(frame)
            last, rest = frame.lastlayer(), rest[end:]
        if rest:
            last.add_payload(conf.raw_layer(rest))

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        message_class = self.message_class(payload)
        if message_class is None or not _fits(message_class, payload):
            raw: type[Packet] = conf.raw_layer
            return raw
        return LAYERS[message_class]

    @classmethod
    def tcp_reassemble(cls, data: bytes, *_: object) -> Packet | None:
        """For scapy's TCPSession: wait until the first frame is whole."""
        whole = len(data) >= LENGTH_SIZE and len(data) >= LENGTH_SIZE + int.from_bytes(data[:LENGTH_SIZE], "big")
        return cls(data) if whole else None


def _fits(message_class: type[Message], body: bytes) -> bool:
    try:
        message_class.read(body)
    except WireError:
        return False
    return True


class EPMDRequest(_Frame):
    """What a client says to EPMD."""

    name = "EPMD request"

    def message_class(self, body: bytes) -> type[Message] | None:
        return epmd_messages.REQUESTS.get(body[:1])


class ErlDistInitiator(_Frame):
    """Handshake messages of the node that dialled."""

    name = "Erlang distribution handshake, initiator"

    def message_class(self, body: bytes) -> type[Message] | None:
        return handshake_messages.message_type(Side.INITIATOR, body)


class ErlDistAcceptor(_Frame):
    """Handshake messages of the node that was called."""

    name = "Erlang distribution handshake, acceptor"

    def message_class(self, body: bytes) -> type[Message] | None:
        return handshake_messages.message_type(Side.ACCEPTOR, body)


_REPLIES: tuple[tuple[type[Message], re.Pattern[bytes]], ...] = (
    (epmd_messages.Port2Resp, re.compile(rb"w\0")),
    (epmd_messages.Port2Refusal, re.compile(rb"w[^\0]")),
    (epmd_messages.Alive2Resp, re.compile(rb"y")),
    (epmd_messages.Alive2XResp, re.compile(rb"v")),
    (epmd_messages.AliveResp, re.compile(rb"Y")),
    (epmd_messages.StopResp, re.compile(rb"STOPPED|NOEXIST")),
    (epmd_messages.KillResp, re.compile(rb"(OK|NO)\Z")),
    (epmd_messages.DumpResp, re.compile(rb"\0\0..(active|old/unused) name ", re.DOTALL)),
    (epmd_messages.NamesResp, re.compile(rb"\0\0..(name |\Z)", re.DOTALL)),
)
"""Which reply begins how.  Missing is the obsolete PORT_RESP: two bytes that only their request explains."""


class EPMDReply(Packet):
    """What EPMD says: a stand-in that makes one of the reply layers of the bytes, or scapy's Raw."""

    name = "EPMD reply"

    @classmethod
    def dispatch_hook(cls, _pkt: bytes | None = None, *_: object, **__: object) -> type[Packet]:
        for message_class, start in _REPLIES:
            if _pkt and start.match(_pkt) and _fits(message_class, _pkt):
                return LAYERS[message_class]
        raw: type[Packet] = conf.raw_layer
        return raw


def bind_epmd(port: int = EPMD_PORT) -> None:
    """Dissect TCP to and from ``port`` as EPMD; requests and replies crafted from now on get that port."""
    bind_layers(TCP, EPMDRequest, dport=port)
    bind_bottom_up(TCP, EPMDReply, sport=port)
    for replies in epmd_messages.REPLIES.values():
        for reply in replies:
            bind_top_down(TCP, LAYERS[reply], sport=port)


def bind_distribution(port: int) -> None:
    """Dissect TCP to and from ``port`` as a distribution handshake on plain TCP."""
    bind_layers(TCP, ErlDistInitiator, dport=port)
    bind_layers(TCP, ErlDistAcceptor, sport=port)


bind_epmd()
