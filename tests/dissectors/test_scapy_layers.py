"""The scapy layers against our own messages and against packets, through scapy itself."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.fields import FlagsField
from scapy.layers.inet import IP, TCP
from scapy.packet import Packet, Raw
from scapy.utils import PcapReader, PcapWriter

from dissectors import epmd_messages, handshake_messages
from dissectors.cursor import WireError
from dissectors.dataclass import fields_of
from dissectors.flags import Flag
from dissectors.scapy_layers import (
    LAYERS,
    EPMDAlive2Req,
    EPMDKillResp,
    EPMDNamesResp,
    EPMDPort2Req,
    EPMDPort2Resp,
    EPMDReply,
    EPMDRequest,
    ErlDistAcceptor,
    ErlDistChallenge,
    ErlDistChallengeReply,
    ErlDistComplement,
    ErlDistInitiator,
    ErlDistSendName,
    ErlDistSendNameOld,
    ErlDistStatus,
    ErlDistStatusNamed,
    bind_distribution,
    from_message,
)
from dissectors.wire import Message

DIST_PORT = 25672
bind_distribution(DIST_PORT)

EPMD: list[Message] = [
    epmd_messages.Alive2Req(9100, 77, 0, 6, 5, "bob", b"x"),
    epmd_messages.Alive2Resp(1, 99),
    epmd_messages.Alive2XResp(0, 0x6B030769),
    epmd_messages.Port2Req("bøb"),
    epmd_messages.Port2Resp(0, 9100, 77, 0, 6, 5, "bob"),
    epmd_messages.Port2Refusal(1),
    epmd_messages.NamesReq(),
    epmd_messages.NamesResp(4369, "name bob at port 9100\n"),
    epmd_messages.DumpReq(),
    epmd_messages.DumpResp(4369, "active name     <bob> at port 9100, fd = 4\n\0"),
    epmd_messages.KillReq(),
    epmd_messages.KillResp("OK"),
    epmd_messages.StopReq("bob"),
    epmd_messages.StopResp("NOEXISTSTOPPED"),
    epmd_messages.AliveReq(9100, "bob"),
    epmd_messages.AliveResp(3),
    epmd_messages.PortReq("bob"),
    epmd_messages.PortResp(9100),
]
REQUESTS = set(epmd_messages.REPLIES)
DIGEST = bytes(range(16))
INITIATOR: list[Message] = [
    handshake_messages.SendName(0xD07DF7FBD, 0x6B030769, "ann@10.77.0.1"),
    handshake_messages.SendNameOld(5, 0x7FFD, "ann@10.77.0.1"),
    handshake_messages.Status("true"),
    handshake_messages.Complement(0xD, 0x6B030769),
    handshake_messages.ChallengeReply(0x97950309, DIGEST),
]
ACCEPTOR: list[Message] = [
    handshake_messages.Status("ok"),
    handshake_messages.StatusNamed("1F2@far", 0x6B030769),
    handshake_messages.Challenge(0xD07DF7FBD, 0x3F049FE7, 4, "bob@far.lab.test"),
    handshake_messages.ChallengeOld(5, 0x7FFD, 0x3F049FE7, "bob@far.lab.test"),
    handshake_messages.ChallengeAck(DIGEST),
]


def through_a_file(packet: Packet) -> Packet:
    """``packet`` written to a capture file and read again."""
    file = BytesIO()
    writer = PcapWriter(file, linktype=101)
    writer.write(packet)
    writer.flush()
    file.seek(0)
    (read,) = PcapReader(file)  # type: ignore[arg-type]  # scapy takes files too, its annotation does not
    assert isinstance(read, Packet)
    return read


def rebuilt(packet: Packet) -> bytes:
    """The bytes of a packet made from its fields, not from what was read."""
    copy = packet.copy()
    copy.clear_cache()
    return bytes(copy)


def test_every_message_is_tried_here() -> None:
    """A message without a layer, or without an example above, fails."""
    assert {type(message) for message in (*EPMD, *INITIATOR, *ACCEPTOR)} == set(LAYERS)


@pytest.mark.parametrize("message", [*EPMD, *INITIATOR, *ACCEPTOR], ids=lambda message: type(message).__name__)
def test_a_layer_is_its_message(message: Message) -> None:
    """Crafted from values, a layer has the bytes of the message, counts included; dissected, its values."""
    layer = from_message(message)
    assert bytes(layer) == message.write()
    assert rebuilt(layer) == message.write()
    assert layer.to_message() == message
    crafted = type(layer)(**{field.name: layer.getfieldval(field.name) for field in layer.fields_desc})
    assert bytes(crafted) == message.write()


@pytest.mark.parametrize("message", [*EPMD, *INITIATOR, *ACCEPTOR], ids=lambda message: type(message).__name__)
def test_fields_are_named_alike(message: Message) -> None:
    """A layer's fields are the message's, after the tag, but for ``name`` and the counts."""
    names = [field.name for field in LAYERS[type(message)].fields_desc]
    ours = ["node_name" if each.name == "name" else each.name for each in fields_of(type(message))]
    assert [name for name in names if name not in ("tag", "node_name_length", "extra_length")] == ours


@pytest.mark.parametrize("message", EPMD, ids=lambda message: type(message).__name__)
def test_epmd_in_a_capture(message: Message) -> None:
    """Requests have a length and go to 4369, replies have none and come from it; both are found again in a file."""
    packet = IP() / TCP()
    packet /= EPMDRequest() / from_message(message) if type(message) in REQUESTS else from_message(message)
    assert (packet[TCP].dport if type(message) in REQUESTS else packet[TCP].sport) == 4369
    read = through_a_file(packet)
    if isinstance(message, epmd_messages.PortResp):
        assert read[Raw].load == message.write()  # two bytes that only their request explains
        return
    layer = read[LAYERS[type(message)]]
    assert layer.to_message() == message
    assert rebuilt(read) == bytes(packet)


@pytest.mark.parametrize(
    ("frame", "message"),
    [(ErlDistInitiator, each) for each in INITIATOR] + [(ErlDistAcceptor, each) for each in ACCEPTOR],
    ids=lambda each: type(each).__name__,
)
def test_handshake_in_a_capture(frame: type[Packet], message: Message) -> None:
    """Which of two messages with one tag it is, the direction tells."""
    packet = IP() / TCP() / frame() / from_message(message)
    ports = (packet[TCP].sport, packet[TCP].dport)
    assert ports[frame is ErlDistInitiator] == DIST_PORT
    assert bytes(packet[frame]) == len(message.write()).to_bytes(2, "big") + message.write()
    read = through_a_file(packet)
    assert read[LAYERS[type(message)]].to_message() == message
    assert rebuilt(read) == bytes(packet)


def test_a_real_lookup() -> None:
    """not-erlang-peer-ssh-25, packets 4 and 6."""
    request = EPMDRequest(bytes.fromhex("0003 7a 6c62"))
    assert request[EPMDPort2Req].node_name == b"lb"
    reply = EPMDReply(bytes.fromhex("77 00 238c 4d 00 0006 0005 0002 6c62 0000"))
    assert isinstance(reply, EPMDPort2Resp)
    assert (reply.port, reply.highest, reply.node_name) == (9100, 6, b"lb")


def test_several_messages_in_one_segment() -> None:
    """Status and challenge often share a segment; so may complement and reply."""
    crafted = ErlDistAcceptor() / ErlDistStatus(text="ok") / ErlDistAcceptor() / ErlDistChallenge(node_name="b@far")
    assert bytes(crafted)[:5] == bytes.fromhex("0003 736f6b")
    assert bytes(crafted)[5:7] == (19 + 5).to_bytes(2, "big")
    read = ErlDistAcceptor(bytes(crafted))
    assert (read[ErlDistStatus].text, read[ErlDistChallenge].node_name) == (b"ok", b"b@far")
    assert rebuilt(read) == bytes(crafted)
    both = ErlDistInitiator(
        bytes(ErlDistInitiator() / ErlDistComplement() / ErlDistInitiator() / ErlDistChallengeReply(digest=DIGEST))
    )
    assert both[ErlDistChallengeReply].digest == DIGEST


def test_flags_have_names() -> None:
    """Flags are shown as OTP calls them, and can be given as ours."""
    assert ErlDistSendName().flags == 0
    named = {each.name for layer in LAYERS.values() for each in layer.fields_desc if isinstance(each, FlagsField)}
    assert named == {"flags"}
    layer = ErlDistSendName(flags=int(Flag.PUBLISHED | Flag.HANDSHAKE_23), node_name="a@b")
    assert str(layer.flags) == "PUBLISHED+HANDSHAKE_23"
    assert str(ErlDistSendName(flags=1 << 63 | 1).flags) == "PUBLISHED+BIT_63"
    assert str(ErlDistSendNameOld(flags=1 << 31 | 1).flags) == "PUBLISHED+BIT_31"
    message = layer.to_message()
    assert isinstance(message, handshake_messages.SendName)
    assert message.flags == Flag.PUBLISHED | Flag.HANDSHAKE_23


def test_counts_follow_a_changed_name() -> None:
    """A layer made from a message can be edited."""
    layer = from_message(EPMD[0])
    layer.node_name = "longer"
    assert layer.to_message() == epmd_messages.Alive2Req(9100, 77, 0, 6, 5, "longer", b"x")


def test_a_count_may_lie() -> None:
    """Who gives a length gets it: malformed packets can be crafted too."""
    packet = EPMDRequest(length=999) / EPMDAlive2Req(node_name="bob", node_name_length=77)
    assert bytes(packet)[:2] == (999).to_bytes(2, "big")
    with pytest.raises(WireError):
        packet[EPMDAlive2Req].to_message()
    assert Raw in EPMDRequest(bytes(packet))


@pytest.mark.parametrize(
    ("data", "layer"),
    [
        (b"OK", EPMDKillResp),
        (b"NO", EPMDKillResp),
        (bytes.fromhex("00001111"), EPMDNamesResp),
        (b"HTTP/1.1 400 Bad Request", Raw),
        (b"w\0\x23", Raw),
        (b"", Raw),
    ],
)
def test_replies_are_told_by_their_bytes(data: bytes, layer: type[Packet]) -> None:
    """What is no reply is left raw."""
    assert type(EPMDReply(data)) is layer


def test_what_is_no_message_is_left_raw() -> None:
    """An unknown tag, a cut message, and a byte too few for a length; what is behind them is still read."""
    read = ErlDistAcceptor(bytes.fromhex("0002 5a5a 0002 4e00 0000 0003 736f6b 00"))
    assert [type(layer) for layer in layers(read)] == [
        ErlDistAcceptor,
        Raw,
        ErlDistAcceptor,
        Raw,
        ErlDistAcceptor,
        ErlDistAcceptor,
        ErlDistStatus,
        Raw,
    ]
    assert bytes(read) == bytes.fromhex("0002 5a5a 0002 4e00 0000 0003 736f6b 00")


def layers(packet: Packet) -> list[Packet]:
    found = []
    while packet:
        found.append(packet)
        packet = packet.payload
    return found


@pytest.mark.parametrize("name", ["1F2@far", "1F2@far.b"])
def test_waiting_for_the_rest(name: str) -> None:
    """scapy's TCP sessions put a message together that came in two segments."""
    data = bytes(ErlDistAcceptor() / ErlDistStatusNamed(node_name=name))
    assert all(ErlDistAcceptor.tcp_reassemble(data[:size], {}, {}) is None for size in range(len(data)))
    assert ErlDistAcceptor.tcp_reassemble(bytes(2), {}, {}) is not None
    whole = ErlDistAcceptor.tcp_reassemble(data, {}, {})
    assert whole is not None
    assert whole[ErlDistStatusNamed].node_name == name.encode()


def test_a_segment_full_of_frames() -> None:
    """The first eight frames become layers, since scapy recurses over them; the rest is raw."""
    data = bytes.fromhex("0001 73") * 20_000
    read = ErlDistAcceptor(data)
    assert [type(layer) for layer in layers(read)] == [ErlDistAcceptor, ErlDistStatus] * 8 + [Raw]
    assert bytes(read) == data


@given(st.binary(max_size=80), st.sampled_from([EPMDRequest, ErlDistInitiator, ErlDistAcceptor, EPMDReply]))
def test_any_payload(data: bytes, frame: type[Packet]) -> None:
    """Whatever a segment holds, scapy dissects it and builds it again."""
    segment = TCP(sport=1, dport=2)
    if len(data) >= 2:
        assert bytes(frame(data)) == data
    ports = {EPMDRequest: (1, 4369), EPMDReply: (4369, 1), ErlDistInitiator: (1, DIST_PORT)}
    segment.sport, segment.dport = ports.get(frame, (DIST_PORT, 1))
    read = TCP(bytes(segment / Raw(data)))
    assert bytes(read.payload) == data
