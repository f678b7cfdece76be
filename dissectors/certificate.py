"""DER bytes of an X.509 certificate to the few facts that explain a rejection: names, validity, serial (RFC 5280).

Signatures, keys and chains are not looked at: the other node has judged them already, and said so by its alert.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address

from dissectors.cursor import Malformed, Reader
from dissectors.dataclass import dataclass

INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
SET = 0x31
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
VERSION = 0xA0
EXTENSIONS = 0xA3
DNS_NAME = 0x82
IP_ADDRESS = 0x87

COMMON_NAME = b"\x55\x04\x03"
SUBJECT_ALT_NAME = b"\x55\x1d\x11"

_TEXT_ENCODINGS = {12: "utf-8", 28: "utf-32-be", 30: "utf-16-be"}
"""By DER tag; every other string type is read as Latin-1, of which ASCII is a part."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of its holder."""

    subject: str | None
    """Common name, if it has one."""
    issuer: str | None
    """Common name of the authority that signed it; equal to ``subject`` where it signed itself."""
    dns_names: tuple[str, ...]
    """subjectAltName: these must hold the host part of the node's name (docs/protocol.md 4.3 row 37)."""
    ip_addresses: tuple[str, ...]
    """subjectAltName: addresses as text; they do not satisfy OTP's host check."""
    not_before: str
    """ISO 8601 in UTC, such as ``2024-02-29T12:00:00Z``."""
    not_after: str
    serial: str
    """Hexadecimal."""

    def valid_at(self, seconds: int) -> bool:
        """Whether a moment, in seconds since 1970 UTC, lies inside the validity."""
        try:
            moment = _iso(datetime.fromtimestamp(seconds, UTC))
        except (OverflowError, OSError, ValueError):
            return False
        return self.not_before <= moment <= self.not_after


class _Elements:
    """The DER elements of one constructed value, in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._reader = Reader(data)

    @property
    def next_tag(self) -> int | None:
        return self._data[self._reader.at] if self._reader.left else None

    def any(self) -> tuple[int, bytes]:
        """Tag and content of the next element.  Raises: WireError."""
        at = self._reader.at
        tag = self._reader.uint(1, "tag")
        if tag & 0x1F == 0x1F:
            raise Malformed("tag", at, "a tag of one byte", f"{tag:#04x}")
        length = self._reader.uint(1, "length")
        if length > 0x7F:
            if not 0x81 <= length <= 0x84:
                raise Malformed("length", at + 1, "a definite length", f"{length:#04x}")
            length = self._reader.uint(length - 0x80, "length")
        return tag, self._reader.take(length, "content")

    def one(self, tag: int) -> bytes:
        """Content of the next element, which must have this tag.  Raises: WireError."""
        at = self._reader.at
        found, content = self.any()
        if found != tag:
            raise Malformed("tag", at, f"{tag:#04x}", f"{found:#04x}")
        return content

    def inside(self, tag: int) -> _Elements:
        return _Elements(self.one(tag))

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while self.next_tag is not None:
            yield self.any()


def read_certificate(der: bytes) -> CertificateFacts:
    """What a certificate says.  Raises: WireError: it is none, or not in DER (places are in the enclosing element)."""
    body = _Elements(der).inside(SEQUENCE).inside(SEQUENCE)
    if body.next_tag == VERSION:
        body.one(VERSION)
    serial = body.one(INTEGER)
    body.one(SEQUENCE)  # signature algorithm
    issuer = body.one(SEQUENCE)
    validity = body.inside(SEQUENCE)
    not_before, not_after = _time(*validity.any()), _time(*validity.any())
    subject = body.one(SEQUENCE)
    names = _alternative_names(body)
    return CertificateFacts(
        subject=_common_name(subject),
        issuer=_common_name(issuer),
        dns_names=tuple(content.decode("latin-1") for tag, content in names if tag == DNS_NAME),
        ip_addresses=tuple(_address(content) for tag, content in names if tag == IP_ADDRESS),
        not_before=not_before,
        not_after=not_after,
        serial=serial.hex(),
    )


def _common_name(name: bytes) -> str | None:
    for set_tag, relative_name in _Elements(name):
        for _, attribute in _Elements(relative_name) if set_tag == SET else ():
            parts = _Elements(attribute)
            if parts.one(OBJECT_IDENTIFIER) == COMMON_NAME:
                tag, text = parts.any()
                return text.decode(_TEXT_ENCODINGS.get(tag, "latin-1"), "replace")
    return None


def _alternative_names(body: _Elements) -> list[tuple[int, bytes]]:
    """Tag and content of each GeneralName in the subjectAltName extension of what is left of a TBSCertificate."""
    extensions = next((content for tag, content in body if tag == EXTENSIONS), None)
    if extensions is None:
        return []
    for _, extension in _Elements(extensions).inside(SEQUENCE):
        parts = _Elements(extension)
        if parts.one(OBJECT_IDENTIFIER) == SUBJECT_ALT_NAME:
            value = next((content for tag, content in parts if tag == OCTET_STRING), b"")
            return list(_Elements(value).inside(SEQUENCE))
    return []


def _address(content: bytes) -> str:
    try:
        return str(ip_address(content))
    except ValueError:
        return content.hex()


def _iso(moment: datetime) -> str:
    # Not strftime: its %Y does not pad years before 1000 everywhere, and these strings are compared.
    return moment.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def _utc_year(text: str) -> str:
    """RFC 5280 section 4.1.2.5.1: two digits from 50 on are of the last century."""
    return ("19" if text[:2] >= "50" else "20") + text


_MOMENT = r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z"
_TIMES: dict[int, Callable[[str], str]] = {UTC_TIME: _utc_year, GENERALIZED_TIME: str}


def _time(tag: int, content: bytes) -> str:
    if tag not in _TIMES:
        raise Malformed("time", 0, "UTCTime or GeneralizedTime", f"tag {tag:#04x}")
    try:
        found = re.fullmatch(_MOMENT, _TIMES[tag](content.decode("ascii")))
        if found is None:
            raise ValueError
        # Not strptime: Python imports that on its first use, when live capture may have lost the right to read it.
        year, month, day, hour, minute, second = map(int, found.groups())
        return _iso(datetime(year, month, day, hour, minute, second))
    except ValueError:
        raise Malformed("time", 0, "the form that RFC 5280 wants", repr(content)) from None
