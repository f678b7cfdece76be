"""Which bytes of which packets are hidden, whatever they were carried by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Raw

from analyzer.capture.packet import Packet
from analyzer.evidence.edits import Why, edits_of
from analyzer.redact.redactor import Redactor
from analyzer.sessions.endpoints import Ports
from dissectors import handshake
from samples.conversation import framed
from tests.analyzer.decode.building import captured, fragments

RAW = 101
NAME = framed(handshake.SendName(flags=0xD07DF7FBD, creation=1, name="ann@10.0.0.1"))
CHALLENGE = framed(
    handshake.Status(text="ok"),
    handshake.Challenge(flags=0xD07DF7FBD, challenge=77, creation=1, name="bob@10.0.0.2"),
)
DIGEST = bytes(range(0xA0, 0xB0))
REPLY = framed(handshake.ChallengeReply(challenge=99, digest=DIGEST))
ACK = framed(handshake.ChallengeAck(digest=DIGEST[::-1]))
FRAME = bytes.fromhex("0000000e 8344 00 6803 6102") + b"secret!"


@dataclass
class Link:
    """A distribution connection, packet by packet."""

    packets: list[Packet] = field(default_factory=list)
    forth: int = 1000
    back: int = 5000

    def __post_init__(self) -> None:
        self.put(self.segment(forth=True, flags="S", data=b""))
        self.forth += 1
        self.put(self.segment(forth=False, flags="SA", data=b""))
        self.back += 1
        self.put(self.segment(forth=True, flags="A", data=b""))

    def segment(self, *, forth: bool, data: bytes, flags: str = "PA") -> Any:
        ends = ("10.0.0.1", "10.0.0.2") if forth else ("10.0.0.2", "10.0.0.1")
        ports = (40000, 9100) if forth else (9100, 40000)
        numbers = (self.forth, self.back) if forth else (self.back, self.forth)
        network = IP(src=ends[0], dst=ends[1], id=len(self.packets) + 1)
        return network / TCP(sport=ports[0], dport=ports[1], seq=numbers[0], ack=numbers[1], flags=flags) / Raw(data)

    def put(self, *packets: Any) -> None:
        for packet in packets:
            number = len(self.packets) + 1
            self.packets.append(captured(packet, RAW, number=number, at=number * 1_000_000))

    def says(self, data: bytes, *, forth: bool) -> None:
        self.put(self.segment(forth=forth, data=data))
        if forth:
            self.forth += len(data)
        else:
            self.back += len(data)

    def introduces(self) -> None:
        self.says(NAME, forth=True)
        self.says(CHALLENGE, forth=False)


def hidden(packets: Iterable[Packet]) -> dict[Why, bytes]:
    """All hidden bytes, in the order of the packets."""
    packets = list(packets)
    edits = edits_of(packets, Ports(distribution=frozenset({9100})))
    found: dict[Why, bytes] = dict.fromkeys(Why, b"")
    for packet in packets:
        for edit in sorted(edits.of.get(packet.ref, ()), key=lambda edit: edit.at):
            found[edit.why] += packet.data[edit.at :][: len(edit.data)]
    return found


def test_both_digests_and_nothing_else_of_the_handshake() -> None:
    """Whoever said it."""
    link = Link()
    link.introduces()
    link.says(REPLY, forth=True)
    link.says(ACK, forth=False)
    assert hidden(link.packets) == dict.fromkeys(Why, b"") | {Why.DIGEST: DIGEST + DIGEST[::-1]}


@pytest.mark.parametrize("cut", range(1, len(REPLY)))
def test_a_digest_in_two_segments(cut: int) -> None:
    """And in a retransmission of both, with other borders."""
    link = Link()
    link.introduces()
    before = link.forth
    link.says(REPLY[:cut], forth=True)
    link.says(REPLY[cut:], forth=True)
    after, link.forth = link.forth, before
    link.put(link.segment(forth=True, data=REPLY))
    link.forth = after
    assert hidden(link.packets)[Why.DIGEST] == DIGEST + DIGEST


def test_a_digest_in_fragments() -> None:
    """Of the packet, below TCP."""
    link = Link()
    link.introduces()
    link.put(*fragments(link.segment(forth=True, data=REPLY), 32))
    assert len(link.packets) == 7
    assert hidden(link.packets)[Why.DIGEST] == DIGEST


def test_a_digest_of_which_a_part_is_missing() -> None:
    """The rest of it is none of anybody's business either."""
    link = Link()
    link.introduces()
    link.says(REPLY[:12], forth=True)
    link.forth += 4
    link.says(REPLY[16:], forth=True)
    link.put(link.segment(forth=False, data=b"", flags="A"))
    found = hidden(link.packets)
    assert found[Why.DIGEST] + found[Why.DATA] == DIGEST[:5] + DIGEST[9:]


def test_data_of_a_link() -> None:
    """The head of each frame stays, ticks stay."""
    link = Link()
    link.introduces()
    link.says(REPLY, forth=True)
    link.says(ACK, forth=False)
    link.says(bytes(4) + FRAME, forth=True)
    found = hidden(link.packets)
    assert (found[Why.COUNT], found[Why.DATA]) == (FRAME[6:7], FRAME[7:])


def test_what_an_icmp_error_quotes() -> None:
    """The quoted TCP header stays."""
    link = Link()
    link.introduces()
    sent = link.segment(forth=True, data=REPLY)
    link.says(REPLY, forth=True)
    link.put(IP(src="10.0.0.9", dst="10.0.0.1") / ICMP(type=3, code=13) / Raw(bytes(sent)))
    assert hidden(link.packets[-1:])[Why.DATA] == REPLY
    assert hidden(link.packets)[Why.DIGEST] == DIGEST


def test_names_go_only_where_they_are_to() -> None:
    """As many bytes as before, in whatever segments they came."""
    link = Link()
    for byte in NAME:
        link.says(bytes([byte]), forth=True)
    link.says(CHALLENGE, forth=False)
    assert hidden(link.packets)[Why.NAME] == b""
    edits = edits_of(link.packets, Ports(distribution=frozenset({9100})), Redactor(bytes(32)))
    said = b""
    for packet in link.packets[3:]:
        data = bytearray(packet.data)
        for edit in edits.of.get(packet.ref, ()):
            data[edit.at : edit.at + len(edit.data)] = edit.data
        said += data[40:]
    assert len(said) == len(NAME + CHALLENGE)
    assert said[:17] == NAME[:17]
    assert Redactor(bytes(32)).node(b"ann@10.0.0.1") in said
    assert Redactor(bytes(32)).node(b"bob@10.0.0.2") in said
    assert b"ann@10.0.0.1" not in said


def test_what_is_not_recognised_is_hidden() -> None:
    """A connection in mid-life: all but so many bytes as a length and a tag take up, for it may be a digest."""
    link = Link()
    link.packets.clear()
    link.says(DIGEST, forth=True)
    assert hidden(link.packets)[Why.DATA] == DIGEST[3:]
