"""The TLS dialogue: real conversations, every cut of them, holes, and hostile bytes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.dialogue import Decoded, Item, Missing, Problem, Side, Undecoded
from dissectors.tls import (
    MAX_HANDSHAKE,
    Alert,
    ApplicationData,
    Certificate,
    CertificateRequest,
    ChangeCipherSpec,
    ClientHello,
    EncryptedAlert,
    EncryptedHandshake,
    Extension,
    OtherHandshake,
    RecordType,
    ServerHello,
    TlsDialogue,
    write_handshake,
    write_record,
)
from dissectors.tls_hello import HELLO_RETRY_RANDOM, SUPPORTED_VERSIONS

DATA = Path(__file__).parent / "data"
FLIGHT_1_2 = (DATA / "tls12_acceptor_flight.bin").read_bytes()  # tls-cert-unknown-ca-server-tls12
INITIATOR_1_3 = (DATA / "tls13_initiator.bin").read_bytes()  # tls-cert-no-client-cert-tls13
ACCEPTOR_1_3 = (DATA / "tls13_acceptor.bin").read_bytes()  # the same

INI, ACC = Side.INITIATOR, Side.ACCEPTOR
Turn = tuple[Side, bytes | int]

CCS = bytes.fromhex("14 0303 0001 01")
FINISHED_1_2 = bytes.fromhex("16 0303 0028") + bytes.fromhex(  # tls-cert-expired-client-tls12, packet 18
    "2289ad856ff112cf2fd17d123a83f27c06de4afd8ae47ab5b1d22c7179643aa36fe46b743650d953"
)
CERTIFICATE_EXPIRED = bytes.fromhex("15 0303 0002 02 2d")  # the same, packet 20
SEND_NAME = bytes.fromhex("0021 4e 0000000d07df7fbd 6b0308d4 0012 616e6e40616c7068612e6c61622e74657374")


def run(turns: Iterable[Turn], dialogue: TlsDialogue | None = None) -> list[Item]:
    """Feed each side's bytes, or numbers as holes, then close both."""
    dialogue = dialogue or TlsDialogue()
    items: list[Item] = []
    for side, chunk in turns:
        items += dialogue.gap(side, chunk) if isinstance(chunk, int) else dialogue.feed(side, chunk)
    return items + dialogue.close(INI) + dialogue.close(ACC)


def messages(items: Iterable[Item]) -> list[object]:
    return [each.message for each in items if isinstance(each, Decoded)]


def names(items: Iterable[Item]) -> list[str]:
    return [
        type(each.message).__name__
        if isinstance(each, Decoded)
        else each.problem.value
        if isinstance(each, Undecoded)
        else "hole"
        for each in items
    ]


def handshake(*parts: bytes) -> bytes:
    """One record of handshake bytes."""
    return write_record(RecordType.HANDSHAKE, b"".join(parts))


def server_hello(version: int = 0x0303, random: bytes = bytes(32)) -> bytes:
    selected = (Extension(SUPPORTED_VERSIONS, version.to_bytes(2, "big")),) if version > 0x0303 else None
    return handshake(write_handshake(ServerHello(0x0303, random, b"", 0x1301, extensions=selected)))


def client_hello() -> bytes:
    return handshake(write_handshake(ClientHello(0x0303, bytes(32), b"", (0x1301, 0xC030))))


def done() -> bytes:
    return bytes.fromhex("0e000000")


CLOSED_1_2: list[Turn] = [
    (INI, client_hello()),
    (ACC, FLIGHT_1_2),
    (INI, handshake(write_handshake(Certificate(())), bytes.fromhex("10 000004 00020102")) + CCS + FINISHED_1_2),
    (ACC, CCS + FINISHED_1_2),
    (INI, write_record(RecordType.APPLICATION_DATA, bytes(61))),
    (ACC, write_record(RecordType.APPLICATION_DATA, bytes(31))),
    (ACC, write_record(RecordType.ALERT, bytes(26))),
]
REFUSED_1_3: list[Turn] = [
    (INI, INITIATOR_1_3[:223]),
    (ACC, ACCEPTOR_1_3[:2356]),
    (INI, INITIATOR_1_3[223:]),
    (ACC, ACCEPTOR_1_3[2356:]),
]


def test_tls_1_2() -> None:
    """A whole handshake: clear until each side's ChangeCipherSpec, then lengths only."""
    dialogue = TlsDialogue()
    items = run(CLOSED_1_2, dialogue)
    assert names(items) == [
        "ClientHello",
        "ServerHello",
        "Certificate",
        "OtherHandshake",
        "CertificateRequest",
        "OtherHandshake",
        "Certificate",
        "OtherHandshake",
        "ChangeCipherSpec",
        "EncryptedHandshake",
        "ChangeCipherSpec",
        "EncryptedHandshake",
        "ApplicationData",
        "ApplicationData",
        "EncryptedAlert",
    ]
    assert (dialogue.version, dialogue.cipher_suite) == (0x0303, 0xC030)
    assert messages(items)[-4:] == [
        EncryptedHandshake(40),
        ApplicationData(61),
        ApplicationData(31),
        EncryptedAlert(26),
    ]


def test_what_the_certificate_says() -> None:
    """The acceptor's certificate can be read where TLS 1.2 shows it."""
    (certificate,) = [each for each in messages(run([(ACC, FLIGHT_1_2)])) if isinstance(each, Certificate)]
    assert certificate.leaf is not None
    assert (certificate.leaf.subject, certificate.leaf.issuer) == ("beta.lab.test", "ca2 root")
    (request,) = [each for each in messages(run([(ACC, FLIGHT_1_2)])) if isinstance(each, CertificateRequest)]
    assert request.certificate_types == (64, 1, 2)


def test_a_rejection_in_tls_1_2() -> None:
    """The acceptor's alert is in the clear, since it has not said ChangeCipherSpec itself."""
    items = run([*CLOSED_1_2[:3], (ACC, CERTIFICATE_EXPIRED)])
    alert = messages(items)[-1]
    assert isinstance(alert, Alert)
    assert alert.name == "certificate_expired"


def test_tls_1_3() -> None:
    """From the ServerHello on there are only lengths, on both sides."""
    dialogue = TlsDialogue()
    items = run(REFUSED_1_3, dialogue)
    assert (dialogue.version, dialogue.cipher_suite) == (0x0304, 0x1302)
    assert names(items[:3]) == ["ClientHello", "ServerHello", "ChangeCipherSpec"]
    lengths = [
        (each.side, each.message.length)
        for each in items
        if isinstance(each, Decoded) and isinstance(each.message, ApplicationData)
    ]
    assert lengths[:5] == [(ACC, 23), (ACC, 105), (ACC, 1720), (ACC, 281), (ACC, 69)]
    assert lengths[5:] == [(INI, 25), (INI, 69), (INI, 54), (ACC, 19)]


def test_an_initiator_that_rejects_tls_1_3_before_it_has_keys() -> None:
    """Two bytes are always an alert in the clear."""
    items = run([(INI, INITIATOR_1_3[:223]), (ACC, ACCEPTOR_1_3[:127]), (INI, bytes.fromhex("15 0303 0002 02 2f"))])
    assert messages(items)[-1] == Alert(2, 47)


def test_hello_retry() -> None:
    """After a HelloRetryRequest the ChangeCipherSpec means nothing, and the second hellos are read."""
    dialogue = TlsDialogue()
    items = run(
        [
            (INI, client_hello()),
            (ACC, server_hello(0x0304, HELLO_RETRY_RANDOM) + CCS),
            (INI, CCS + client_hello()),
            (ACC, server_hello(0x0304)),
            (ACC, handshake(bytes(20))),
        ],
        dialogue,
    )
    assert names(items) == [
        "ClientHello",
        "ServerHello",
        "ChangeCipherSpec",
        "ChangeCipherSpec",
        "ClientHello",
        "ServerHello",
        "EncryptedHandshake",
    ]
    assert dialogue.version == 0x0304


def test_only_the_initiator_is_captured() -> None:
    """Without a ServerHello a ChangeCipherSpec may be either; the record itself tells."""
    assert names(run([(INI, client_hello() + CCS + FINISHED_1_2)]))[-1] == "EncryptedHandshake"
    assert names(run([(INI, client_hello() + CCS + client_hello())]))[-1] == "ClientHello"


def test_a_message_over_several_records() -> None:
    """The range of a message begins with the header of its first record and ends with its last byte."""
    certificate = write_handshake(Certificate((bytes(300),)))
    first = handshake(certificate[:2])
    second = handshake(certificate[2:200])
    third = handshake(certificate[200:], done())
    (long, short) = run([(ACC, first + second + third)])
    assert isinstance(long, Decoded)
    assert isinstance(short, Decoded)
    assert long.message == Certificate((bytes(300),))
    assert (long.start, long.end) == (0, len(first + second + third) - 4)
    assert short.message == OtherHandshake(14, 0)
    assert (short.start, short.end) == (long.end, long.end + 4)


def test_plain_erlang_answered_by_an_alert() -> None:
    """plain-to-tls-listener: one side is no TLS, the other is."""
    items = run([(INI, SEND_NAME), (ACC, bytes.fromhex("15 0303 0002 02 0a"))])
    assert names(items) == ["malformed", "Alert", "out-of-step"]
    assert isinstance(items[0], Undecoded)
    assert (items[0].side, items[0].data) == (INI, SEND_NAME[:5])
    assert messages(items) == [Alert(2, 10)]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (bytes.fromhex("14 0303 0001 02"), "CHANGE_CIPHER_SPEC: type at byte 0: 1 wanted, 2 found"),
        (bytes.fromhex("15 0303 0003 020a00"), "ALERT: end at byte 2: no more bytes wanted, 1 bytes found"),
        (handshake(), "a handshake record must not be empty (RFC 8446 section 5.1)"),
        (handshake(bytes.fromhex("01 000001 00")), "client_hello: legacy_version at byte 0: 2 bytes wanted, 1 there"),
        (handshake(bytes.fromhex("0b ffffff 00")), f"handshake message wants at most {MAX_HANDSHAKE} bytes"),
    ],
)
def test_malformed_records(record: bytes, reason: str) -> None:
    """The record is refused with its reason, and the next one is read."""
    bad, good = run([(ACC, record + CCS)])
    assert isinstance(bad, Undecoded)
    assert bad.problem is Problem.MALFORMED
    assert bad.reason.startswith(reason)
    assert (bad.start, bad.end) == (0, len(record))
    assert isinstance(good, Decoded)
    assert good.message == ChangeCipherSpec()


def test_another_record_inside_a_handshake_message() -> None:
    """Types must not be mixed inside a message (RFC 8446 section 5.1)."""
    items = run([(ACC, handshake(done()[:2]) + CERTIFICATE_EXPIRED)])
    assert names(items) == ["malformed", "Alert"]
    assert isinstance(items[0], Undecoded)
    assert items[0].reason == "a record of type ALERT inside a handshake message"


def test_the_end_inside_a_message() -> None:
    """The rest of a message may be missing although all its records are whole."""
    (item,) = run([(ACC, handshake(done()[:2]))])
    assert isinstance(item, Undecoded)
    assert (item.problem, item.reason) == (Problem.TRUNCATED, "the stream ends inside a handshake message")


def test_a_hole_inside_a_flight() -> None:
    """Messages in front of the hole and behind it are read; what the hole touched is not guessed."""
    items = run([(ACC, FLIGHT_1_2[:985]), (ACC, 300), (ACC, FLIGHT_1_2[1285:])])
    assert names(items) == [
        "ServerHello",
        "Certificate",
        "hole",
        "out-of-step",
    ]
    items = run([(ACC, FLIGHT_1_2[:1000]), (ACC, 300), (ACC, FLIGHT_1_2[1300:])])
    assert names(items) == [
        "ServerHello",
        "Certificate",
        "truncated",
        "hole",
        "out-of-step",
        "CertificateRequest",
        "OtherHandshake",
    ]


def test_a_hole_inside_a_message_over_two_records() -> None:
    """What was pending is given up; the second record shows no boundary."""
    certificate = write_handshake(Certificate((b"\x55" * 300,)))
    items = run([(ACC, handshake(certificate[:100])), (ACC, 50), (ACC, handshake(certificate[150:]))])
    assert names(items) == ["truncated", "hole", "EncryptedHandshake"]


def test_midstream() -> None:
    """A connection that began before the capture did."""
    dialogue = TlsDialogue(midstream=True)
    items = run([(ACC, bytes(9)), (ACC, write_record(RecordType.APPLICATION_DATA, bytes(28)))], dialogue)
    assert names(items) == ["out-of-step", "ApplicationData"]
    assert dialogue.version is None
    assert names(run([(ACC, write_record(RecordType.ALERT, bytes(26)))], TlsDialogue(midstream=True))) == [
        "EncryptedAlert"
    ]


@pytest.mark.parametrize(
    ("behind", "read_as"),
    [
        (b"", ["Certificate"]),
        (b"\x00\x00", ["EncryptedHandshake"]),
        (b"\x0b\x01\x00\x00", ["EncryptedHandshake"]),
        (b"\xff\x00\x00\x00", ["EncryptedHandshake"]),
    ],
    ids=["exactly messages", "bytes too many", "one that would be longer", "one of no known type"],
)
def test_what_reads_like_messages_midstream(behind: bytes, read_as: list[str]) -> None:
    """A record is taken for clear where it is an exact chain of messages, to the last byte."""
    record = handshake(write_handshake(Certificate((b"\x55" * 3,))), behind)
    assert names(run([(ACC, record)], TlsDialogue(midstream=True))) == read_as


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """``data`` in pieces."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("turns", [CLOSED_1_2, REFUSED_1_3])
def test_byte_by_byte(turns: list[Turn]) -> None:
    """The cuts of a real conversation change nothing."""
    single = [
        (side, chunk[at : at + 1]) for side, chunk in turns if isinstance(chunk, bytes) for at in range(len(chunk))
    ]
    assert run(single) == run(turns)


def test_cut_anywhere() -> None:
    """A flight that ends anywhere gives the messages that are whole, and names the rest."""
    whole = run([(ACC, FLIGHT_1_2)])
    for size in range(0, len(FLIGHT_1_2), 3):
        items = run([(ACC, FLIGHT_1_2[:size])])
        complete = [item for item in whole if item.end <= size]
        assert items[: len(complete)] == complete
        assert all(isinstance(item, Undecoded) and item.problem is Problem.TRUNCATED for item in items[len(complete) :])
        assert sum(item.end - item.start for item in items) == size


payloads = st.one_of(
    st.binary(max_size=50),
    st.sampled_from([done(), client_hello()[5:], server_hello()[5:], server_hello(0x0304)[5:], b"\x01", b"\x02\x30"]),
    st.binary(max_size=20).map(lambda body: write_handshake(Certificate((body,)))),
)
records = st.builds(write_record, st.sampled_from(RecordType), payloads)
chunks = st.one_of(records, st.binary(max_size=30), st.lists(records, max_size=4).map(b"".join))
sides = st.sampled_from(Side)


@given(st.lists(st.tuples(sides, chunks), max_size=8), st.lists(st.integers(0, 10**6), max_size=6))
def test_any_cuts_give_the_same_items(turns: list[tuple[Side, bytes]], places: list[int]) -> None:
    """In step, chunking is invisible, and every byte is in exactly one item of its side."""
    pieces = [(side, piece) for side, chunk in turns for piece in cut(chunk, places)]
    items = run(pieces)
    assert items == run(turns)
    for side in Side:
        position = 0
        for item in sorted((item for item in items if item.side is side), key=lambda item: item.start):
            assert item.start == position
            position = item.end
        assert position == sum(len(chunk) for speaker, chunk in turns if speaker is side)


@given(st.lists(st.tuples(sides, chunks | st.integers(0, 60)), max_size=14), st.booleans())
def test_any_bytes_and_holes(turns: list[Turn], midstream: bool) -> None:
    """Nothing raises, every hole is told, and what is shown of bad bytes is bounded."""
    items = run(turns, TlsDialogue(midstream=midstream))
    holes = sum(chunk for _, chunk in turns if isinstance(chunk, int))
    assert sum(item.end - item.start for item in items if isinstance(item, Missing)) == holes
    assert all(len(item.data) <= 64 and item.reason for item in items if isinstance(item, Undecoded))


@given(st.integers(0, len(FLIGHT_1_2) - 1), st.integers(0, 255))
def test_any_byte_changed(place: int, value: int) -> None:
    """A real flight with one byte changed keeps every byte in one item."""
    items = run([(ACC, FLIGHT_1_2[:place] + bytes((value,)) + FLIGHT_1_2[place + 1 :])])
    assert sum(item.end - item.start for item in items) == len(FLIGHT_1_2)


def test_an_endless_message_is_not_held() -> None:
    """A side that announces much and sends much is cut off at the limit."""
    dialogue = TlsDialogue()
    size = MAX_HANDSHAKE - 4
    dialogue.feed(ACC, handshake(b"\x0b" + size.to_bytes(3, "big")))
    filler = handshake(bytes(16_000))
    items = [item for _ in range(20) for item in dialogue.feed(ACC, filler)]
    assert isinstance(items[0], Undecoded)
    assert items[0].problem is Problem.MALFORMED
