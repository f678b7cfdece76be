"""The certificate reader against two certificates that OTP nodes sent, and against everything else."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.certificate import CertificateFacts, read_certificate
from dissectors.cursor import Malformed, Truncated, WireError
from dissectors.dataclass import replace

DATA = Path(__file__).parent / "data"
BETA = (DATA / "certificate_beta.der").read_bytes()
EXPIRED = (DATA / "certificate_expired.der").read_bytes()

BETA_FACTS = CertificateFacts(
    subject="beta.lab.test",
    issuer="ca2 root",
    dns_names=("beta.lab.test",),
    ip_addresses=(),
    not_before="2026-11-22T15:22:36Z",
    not_after="2036-11-19T15:22:36Z",
    serial="3416119f50194ddf60694b89d551555ccd515235",
)


def der(tag: int, *contents: bytes) -> bytes:
    """One DER element with a length of two bytes, which every reader must take."""
    content = b"".join(contents)
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def certificate(*, subject: bytes, not_before: bytes, version: bytes = b"", extensions: bytes = b"") -> bytes:
    """A certificate of just the parts that are read."""
    name = der(0x30, der(0x31, der(0x30, der(0x06, b"\x55\x04\x0a"), der(0x0C, b"org"))))
    return der(
        0x30,
        der(
            0x30,
            version,
            der(0x02, b"\x01\x02"),
            der(0x30),
            name,
            der(0x30, not_before, der(0x18, b"20991231235959Z")),
            der(0x30, subject),
            der(0x30),
            extensions,
        ),
    )


def common_name(tag: int, text: bytes) -> bytes:
    return der(0x31, der(0x30, der(0x06, b"\x55\x04\x03"), der(tag, text)))


def alternative_names(*names: bytes) -> bytes:
    unread = der(0x30, der(0x06, b"\x55\x1d\x13"), der(0x04, b"\x30\x00"))
    found = der(0x30, der(0x06, b"\x55\x1d\x11"), der(0x01, b"\xff"), der(0x04, der(0x30, *names)))
    return der(0xA3, der(0x30, unread, found))


def test_a_real_certificate() -> None:
    """Names, validity and serial of the acceptor's certificate in tls-cert-unknown-ca-server-tls12."""
    assert read_certificate(BETA) == BETA_FACTS


def test_an_expired_certificate() -> None:
    """The initiator's certificate in tls-cert-expired-client-tls12 is valid in 2024 only."""
    facts = read_certificate(EXPIRED)
    assert (facts.subject, facts.issuer, facts.serial) == ("alpha.lab.test", "ca1 root", "1000")
    assert facts.valid_at(1_720_000_000)  # July 2024
    assert not facts.valid_at(1_760_000_000)  # October 2025
    assert not facts.valid_at(0)


def test_a_moment_beyond_the_calendar_is_not_valid() -> None:
    """Seconds that no date can hold are no error."""
    assert not BETA_FACTS.valid_at(10**30)


def test_a_domain_before_the_name() -> None:
    """As certificates of Active Directory have it: ``DC=example, CN=bob``."""
    domain = der(0x31, der(0x30, der(0x06, b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), der(0x16, b"example")))
    made = certificate(subject=domain + common_name(0x0C, b"bob"), not_before=der(0x17, b"240101000000Z"))
    assert read_certificate(made).subject == "bob"


@pytest.mark.parametrize("letters", [126, 127])
def test_the_longest_short_length(letters: int) -> None:
    """127 is written as it is; from 128 on the length has a length."""
    name = der(0x31, der(0x30, der(0x06, b"\x55\x04\x03"), bytes((0x0C, letters)) + b"n" * letters))
    made = certificate(subject=name, not_before=der(0x17, b"240101000000Z"))
    assert read_certificate(made).subject == "n" * letters


def test_addresses_and_other_string_types() -> None:
    """Addresses of both families, one of a wrong size, a UTF-16 name, and a year before 2000."""
    made = certificate(
        subject=common_name(30, "bøb".encode("utf-16-be")),
        not_before=der(0x17, b"500101000000Z"),
        version=der(0xA0, der(0x02, b"\x02")),
        extensions=alternative_names(
            der(0x82, b"far.lab"), der(0x87, b"\x0a\x4d\x05\x02"), der(0x87, b"\0" * 15 + b"\x01"), der(0x87, b"\x01")
        ),
    )
    assert read_certificate(made) == CertificateFacts(
        subject="bøb",
        issuer=None,
        dns_names=("far.lab",),
        ip_addresses=("10.77.5.2", "::1", "01"),
        not_before="1950-01-01T00:00:00Z",
        not_after="2099-12-31T23:59:59Z",
        serial="0102",
    )


def test_without_version_and_extensions() -> None:
    """A version 1 certificate ends behind its key."""
    made = certificate(subject=common_name(12, b"n"), not_before=der(0x17, b"240101000000Z"))
    assert read_certificate(made) == replace(
        BETA_FACTS,
        subject="n",
        issuer=None,
        dns_names=(),
        not_before="2024-01-01T00:00:00Z",
        not_after="2099-12-31T23:59:59Z",
        serial="0102",
    )


def test_extensions_without_alternative_names() -> None:
    """No subjectAltName among the extensions means no names."""
    other = der(0xA3, der(0x30, der(0x30, der(0x06, b"\x55\x1d\x13"), der(0x04, b""))))
    made = certificate(subject=b"", not_before=der(0x17, b"240101000000Z"), extensions=other)
    assert read_certificate(made).dns_names == ()


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (b"\x31\x00", "tag at byte 0: 0x30 wanted, 0x31 found"),
        (b"\x1f\x00", "tag at byte 0: a tag of one byte wanted, 0x1f found"),
        (b"\x30\x80", "length at byte 1: a definite length wanted, 0x80 found"),
        (certificate(subject=b"", not_before=der(0x04, b"")), "time at byte 0: UTCTime or GeneralizedTime wanted"),
        (certificate(subject=b"", not_before=der(0x17, b"never")), "time at byte 0: the form that RFC 5280 wants"),
        (certificate(subject=b"", not_before=der(0x17, b"\xff")), "time at byte 0: the form that RFC 5280 wants"),
    ],
)
def test_what_is_no_certificate_says_why(made: bytes, reason: str) -> None:
    """The error names the field, what was wanted and what was there."""
    with pytest.raises(Malformed) as caught:
        read_certificate(made)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("size", range(0, len(BETA), 7))
def test_cut_anywhere(size: int) -> None:
    """A certificate that was cut is never read as a shorter one."""
    with pytest.raises(Truncated):
        read_certificate(BETA[:size])


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """No bytes raise anything but the one error."""
    with suppress(WireError):
        read_certificate(data)


@given(st.integers(0, len(BETA) - 1), st.integers(0, 255))
def test_any_byte_changed(place: int, value: int) -> None:
    """A real certificate with one byte changed is read or refused."""
    changed = BETA[:place] + bytes((value,)) + BETA[place + 1 :]
    with suppress(WireError):
        read_certificate(changed)
