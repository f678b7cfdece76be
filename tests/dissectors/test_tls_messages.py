"""TLS messages other than hellos."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cursor import Malformed, Truncated, WireError
from dissectors.tls_messages import (
    HANDSHAKE_NAMES,
    Alert,
    Certificate,
    CertificateRequest,
    ChangeCipherSpec,
    OtherHandshake,
    read_handshake,
    write_handshake,
)

BETA = (Path(__file__).parent / "data" / "certificate_beta.der").read_bytes()

# tls-cert-unknown-ca-server-tls12, packet 16, behind the record and handshake headers
CERTIFICATE_REQUEST = bytes.fromhex(
    "03 40 01 02"  # certificate_types
    "0022 0202020102030301030304010804080904030501 0805080a050306010806080b0603"  # signature_algorithms
    "0025 0023 3021310c300a060355040a0c034c61623111300f06035504030c0863613120726f6f74"  # O=Lab, CN=ca1 root
)


def test_names_are_those_of_openssl() -> None:
    """Python knows OpenSSL's list; below 254 are those that are sent."""
    theirs = {each.value: each.name.lower() for each in vars(ssl)["_TLSMessageType"] if each.value < 254}
    spelled_otherwise = {4: "newsession_ticket", 14: "server_done", 67: "next_proto"}
    not_over_tcp = {3: "hello_verify_request", 6: "hello_retry_request"}
    assert theirs == HANDSHAKE_NAMES | spelled_otherwise | not_over_tcp
    assert HANDSHAKE_NAMES.keys() == theirs.keys() - not_over_tcp.keys()


def test_certificate_request() -> None:
    """What an OTP 25 acceptor with verify_peer asks for."""
    request = CertificateRequest.read(CERTIFICATE_REQUEST)
    assert request.certificate_types == (0x40, 1, 2)
    assert request.signature_algorithms is not None
    assert len(request.signature_algorithms) == 17
    assert [authority[-8:] for authority in request.authorities] == [b"ca1 root"]
    assert request.write() == CERTIFICATE_REQUEST


def test_certificate_request_before_tls_1_2() -> None:
    """The elder form has no algorithms."""
    elder = CERTIFICATE_REQUEST[:4] + CERTIFICATE_REQUEST[4 + 0x24 :]
    request = CertificateRequest.read(elder)
    assert (request.signature_algorithms, len(request.authorities)) == (None, 1)
    assert request.write() == elder


def test_certificate() -> None:
    """A chain of one real certificate."""
    body = bytes.fromhex("000371 00036e") + BETA
    message = Certificate.read(body)
    assert message.certificates == (BETA,)
    assert message.leaf is not None
    assert message.leaf.dns_names == ("beta.lab.test",)
    assert message.write() == body


def test_no_certificate() -> None:
    """An initiator without a certificate sends an empty chain (tls-cert-no-client-cert-tls12, packet 18)."""
    assert Certificate.read(bytes(3)) == Certificate(())
    assert Certificate(()).leaf is None
    assert write_handshake(Certificate(())) == bytes.fromhex("0b 000003 000000")


def test_a_certificate_that_cannot_be_read() -> None:
    """The chain is kept, the facts are not to be had."""
    assert Certificate((b"\x30\x00",)).leaf is None


def test_alert() -> None:
    """A fatal alert and a warning."""
    alert = Alert.read(bytes.fromhex("02 30"))
    assert (alert.name, alert.fatal, alert.write()) == ("unknown_ca", True, bytes.fromhex("0230"))
    assert not Alert(1, 0).fatal


@pytest.mark.parametrize("body", [b"", b"\x02", b"\x02\x30\x00"])
def test_an_alert_has_two_bytes(body: bytes) -> None:
    """Fewer or more are refused."""
    with pytest.raises(WireError):
        Alert.read(body)


def test_change_cipher_spec() -> None:
    """The one byte that it may be."""
    assert ChangeCipherSpec.read(b"\x01").write() == b"\x01"
    with pytest.raises(Malformed, match="type at byte 0: 1 wanted, 2 found"):
        ChangeCipherSpec.read(b"\x02")
    with pytest.raises(Truncated):
        ChangeCipherSpec.read(b"")


def test_other_handshake_messages_keep_type_and_length() -> None:
    """A message that tells nothing about a failure is named, with a fallback for unknown types."""
    assert read_handshake(14, b"") == OtherHandshake(14, 0)
    assert OtherHandshake(14, 0).name == "server_hello_done"
    assert OtherHandshake(99, 5).name == "handshake_99"


@given(st.lists(st.binary(max_size=20), max_size=4).map(tuple))
def test_any_chain_round_trips(certificates: tuple[bytes, ...]) -> None:
    """Reading what was written gives the same chain, readable or not."""
    message = Certificate(certificates)
    written = write_handshake(message)
    assert read_handshake(written[0], written[4:]) == message
    assert message.leaf is None


@given(st.integers(0, 255), st.binary(max_size=60))
def test_any_bytes(type_: int, body: bytes) -> None:
    """A body is a message or refused by the one error; a message that can be written writes the body."""
    try:
        message = read_handshake(type_, body)
    except WireError:
        return
    if not isinstance(message, OtherHandshake):
        assert message.write() == body
