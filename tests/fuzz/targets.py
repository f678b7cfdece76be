"""Any bytes → one part of distscope, and what must hold of it whatever the bytes; ``python -m tests.fuzz`` drives them.

A target raises AssertionError, or lets through what should never have left the part.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer import pipeline
from analyzer.capture import Packet, open_source
from analyzer.capture.packet import PacketRef
from analyzer.decode import Decoder
from analyzer.decode.segment import Endpoint, Segment, Skipped, TcpFlags, Unreachable
from analyzer.errors import DistscopeError
from analyzer.pipeline import Options
from analyzer.report import RENDERERS, Look, json_doc, render, view
from analyzer.streams.stream import Data, Direction, FinImplied, Hole
from analyzer.streams.table import StreamTable
from dissectors import certificate, control, cookie, foreign
from dissectors.cursor import WireError
from dissectors.dialogue import Decoded, Dialogue, Missing, Side, Undecoded
from dissectors.epmd import EpmdDialogue, looks_like_request
from dissectors.handshake import HandshakeDialogue
from dissectors.tls import TlsDialogue
from dissectors.traffic import looks_like_frames
from samples import provenance
from samples.conversation import ACK, EPMD, FIN, PUSH, RST, SYN, Network
from tests.analyzer.sieve.sifted import in_batches
from tests.fuzz import invariants, material
from tests.generate import Event, assert_accounted, bytewise, talk

Target = Callable[[bytes], None]

LINK_TYPES = (0, 1, 12, 101, 108, 113, 228, 229, 276, 147)
MOST_STEPS = 64
"""Of a conversation made of fuzzed bytes: more find nothing new and take long."""
DIST_PORT = 9100
SMALL = 5
"""Packets of a batch."""


# --- Files, packets, segments ----------------------------------------------------------------------------------------


def containers(data: bytes) -> None:
    """Whatever the file: packets with numbers that count, and errors that name it."""
    with suppress(DistscopeError), open_source(["-"], stdin=io.BytesIO(data)) as source:
        numbers = [packet.ref.number for packet in source]
        assert numbers == sorted(set(numbers))
        assert all(str(error) for error in source.errors)


def decode(data: bytes) -> None:
    """Whatever the packet: a segment within its bytes, an ICMP error, or a reason."""
    if not data:
        return
    decoder = Decoder()
    # A second one with the same beginning may be the rest of a fragmented datagram.
    for number, packet in enumerate((data[1:], data[1:] + data), 1):
        link_type = LINK_TYPES[data[0] % len(LINK_TYPES)]
        found = decoder.decode(Packet(PacketRef(0, number, number), 0, link_type, packet, len(packet)))
        assert isinstance(found, Segment | Unreachable | Skipped)
        if isinstance(found, Segment):
            assert len(found.payload) <= found.length
            assert 0 <= found.sequence < 1 << 32


def streams(data: bytes) -> None:
    """Whatever the segments: each direction gives its bytes in order, each of them once."""
    table = StreamTable()
    reached: dict[tuple[int, Direction], int] = {}
    ends = (Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", EPMD))
    found = []
    for number, step in enumerate(_chunks(data, 8), 1):
        direction, flags, delta, window, length = step[0] & 1, step[1], step[2], step[3], step[4]
        source, destination = ends if direction else ends[::-1]
        at = number * 10**6 + (step[5] << 30)
        found += table.advance(at)
        segment = Segment(
            PacketRef(0, number, at), 0, source, destination,
            sequence=((step[0] >> 1) * 40 + delta - 128) % 2**32,
            acknowledgment=(window * 16 + step[6]) % 2**32,
            flags=TcpFlags(flags), window=window, payload=step * (length // 16), length=length // 16 * len(step),
            ttl=64, ip_id=None,
        )  # fmt: skip
        found += table.feed(segment)
    found += table.finish()
    for event in found:
        if isinstance(event, Data | Hole):
            key = (id(event.stream), event.direction)
            length = event.length if isinstance(event, Hole) else len(event.data)
            assert event.offset == reached.get(key, event.offset), "bytes come again, or are left out"
            reached[key] = event.offset + length
        assert isinstance(event, FinImplied) or event.packet.number >= 1


# --- Dissectors ------------------------------------------------------------------------------------------------------


def epmd(data: bytes) -> None:
    """Requests and replies of EPMD, cut anywhere."""
    _dialogue(EpmdDialogue, data)
    looks_like_request(data)


def handshake(data: bytes) -> None:
    """The handshake over TCP and inside TLS, and what follows it."""
    _dialogue(HandshakeDialogue, data)
    _dialogue(lambda: HandshakeDialogue(4), data)
    _dialogue(lambda: HandshakeDialogue(midstream=True), data, any_cut=False)
    looks_like_frames(data)


def tls(data: bytes) -> None:
    """Records, handshake messages, alerts."""
    _dialogue(TlsDialogue, data)
    _dialogue(lambda: TlsDialogue(midstream=True), data, any_cut=False)


def leaves(data: bytes) -> None:
    """Readers of one piece: certificates, control messages, cookie files, other protocols' first bytes."""
    with suppress(WireError):
        certificate.read_certificate(data)
    control.control_after_header(data)
    control.control_of_pass_through(data)
    for side in Side:
        foreign.recognise(side, data)
    foreign.may_be_erlang(data)
    with suppress(cookie.CookieError):
        cookie.read_cookie_file(data)


def _dialogue(make: Callable[[], Dialogue], data: bytes, *, any_cut: bool = True) -> None:
    """``any_cut``: the items do not depend on how the bytes are cut.  In mid-stream, and after a hole, where a segment
    begins is the only hint of where a message may."""
    events: list[Event] = []
    closed: set[Side] = set()
    for step in _steps(data):
        side = Side.INITIATOR if step[0] & 1 else Side.ACCEPTOR
        if side not in closed:
            what = step[0] >> 1 & 15
            events.append((side, None if what == 0 else step[0] if what == 1 else step[1:]))
            closed |= {side} if what == 0 else set()
    events += [(Side.INITIATOR, None), (Side.ACCEPTOR, None)]
    whole = talk(make(), events)
    assert all(isinstance(item, Decoded | Undecoded | Missing) for item in whole)
    assert_accounted(whole, events)
    holes = any(isinstance(what, int) for _, what in events)
    assert not any_cut or holes or talk(make(), bytewise(events)) == whole, "another cut, other items"


# --- The whole -------------------------------------------------------------------------------------------------------


def analysis(data: bytes) -> None:
    """Any file, without the sieve, with it, and with it in batches so small that there are many borders: one report."""
    with TemporaryDirectory(prefix="distscope-") as folder:
        path = Path(folder) / "fuzzed.pcap"
        path.write_bytes(data)
        plain, sifted = _report(path, Options(sieve_from=None)), _report(path, Options(sieve_from=0))
        with in_batches(SMALL, eager=True):
            in_pieces = _report(path, Options(sieve_from=0))
    assert plain == sifted
    assert plain == in_pieces
    json.loads(plain)


def _report(path: Path, options: Options) -> str:
    try:
        with open_source([str(path)], stdin=io.BytesIO()) as source:
            return json_doc.render(view.build(pipeline.analyze(source, options)))
    except DistscopeError as error:
        return json.dumps(str(error))


def conversations(data: bytes) -> None:
    """Any bytes between two hosts, on EPMD's port and on another: what must be true of every report."""
    net = Network()
    links = [net.connect("10.0.0.1", "10.0.0.2", port) for port in (EPMD, DIST_PORT)]
    for step in _steps(data):
        link = links[step[0] >> 1 & 1]
        end = link.initiator if step[0] & 1 else link.acceptor
        match step[0] >> 2 & 7:
            case 0:
                end.closes()
            case 1:
                end.raw(RST | ACK)
            case 2:
                net.wait(step[0])
            case 3:
                end.raw(PUSH | ACK, step[1:], sequence=end.sequence - len(step))
            case 4:
                end.raw((SYN | ACK) & ~FIN)
            case _:
                end.sends(step[1:])
    capture = material.read(net.pcapng(), frozenset({DIST_PORT}))
    report = invariants.analysed(capture)
    wrong = invariants.own_words(capture, report)
    assert not wrong, wrong


def reports(data: bytes) -> None:
    """Names made of any bytes: every format takes them, and none passes a control character on."""
    cut = min(len(data), 255)
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", DIST_PORT)
    flags = bytes.fromhex("0000000d07df7fbd")
    name = b"N" + flags + bytes(4) + cut.to_bytes(2, "big") + data[:cut]
    link.initiator.sends(len(name).to_bytes(2, "big") + name)
    link.acceptor.sends(b"\x00\x03sok")
    rest = data[cut : cut + 255]
    challenge = b"N" + flags + bytes(8) + len(rest).to_bytes(2, "big") + rest
    link.acceptor.sends(len(challenge).to_bytes(2, "big") + challenge)
    link.initiator.closes()
    with open_source(["-"], stdin=io.BytesIO(net.pcapng())) as source:
        document = view.build(pipeline.analyze(source, Options(dist_ports=frozenset({DIST_PORT}))))
    for name_of_format in RENDERERS:
        text = render(document, name_of_format, Look())
        assert all(letter == "\n" or letter.isprintable() for letter in text if ord(letter) < 160), name_of_format


def _chunks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data) - size + 1, size)][: 4 * MOST_STEPS]


def _steps(data: bytes) -> list[bytes]:
    """Pieces of the lengths that their first bytes tell: the fuzzer can move borders without moving the rest."""
    steps: list[bytes] = []
    at = 0
    while at < len(data) and len(steps) < MOST_STEPS:
        length = 1 + data[at] % 128
        piece = data[at + 1 : at + 1 + length]
        if piece:
            steps.append(piece)
        at += 1 + length
    return steps


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (containers, decode, streams, epmd, handshake, tls, leaves, analysis, conversations, reports)
}
"""By name."""


# --- Seeds -----------------------------------------------------------------------------------------------------------


def seeds(name: str) -> list[bytes]:
    """Real beginnings for a target, made of the samples."""
    captures = [material.sample(each) for each in material.samples()[::3]]
    if name in ("containers", "analysis"):
        # Files as they are, too: other formats, byte orders and compressions.
        shapes = [path.read_bytes() for path in sorted((provenance.HERE / "shapes").rglob("*.*"))]
        files = [*shapes, *(capture.file() for capture in captures)]
        return [file for file in files if len(file) < 8192]
    if name == "decode":
        return [
            bytes([LINK_TYPES.index(capture.link_type)]) + frame.data
            for capture in captures
            if capture.link_type in LINK_TYPES
            for frame in capture.frames[:4]
        ]
    if name in ("epmd", "handshake", "tls", "conversations"):
        return [_as_steps(capture, name) for capture in captures]
    if name == "leaves":
        return [payload for capture in captures[:40] for _, payload in _payloads(capture)]
    return [b"ann@10.0.0.1bob@10.0.0.2", bytes(range(256)), "müller@höst‮".encode(), b"<script>]](javascript:=cmd()"]


def _payloads(capture: material.Capture) -> list[tuple[bool, bytes]]:
    """Whether the first speaker sent it, and what it said."""
    found = []
    first: Endpoint | None = None
    decoder = Decoder()
    for packet in material.packets(capture):
        segment = decoder.decode(packet)
        if isinstance(segment, Segment) and segment.payload:
            first = first or segment.source
            found.append((segment.source == first, segment.payload))
    return found


def _as_steps(capture: material.Capture, name: str) -> bytes:
    parts = []
    for forth, payload in _payloads(capture):
        say = 7 << 2 if name == "conversations" else 15 << 1
        for place, following in pairwise([*range(0, min(len(payload), 600), 126), min(len(payload), 600)]):
            piece = bytes([say | 2 * (name == "conversations") | forth]) + payload[place:following]
            parts.append(bytes([len(piece) - 1]) + piece)
    return b"".join(parts)
