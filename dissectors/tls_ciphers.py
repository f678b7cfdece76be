"""Cipher suite and version to what encryption adds to a message: from record lengths back to plaintext lengths.

Sizes by RFC 5246 section 6.2.3 (GCM: RFC 5288, CCM: RFC 6655, ChaCha20: RFC 7905) and RFC 8446 section 5.2.
"""

from __future__ import annotations

from typing import Protocol

from dissectors.dataclass import dataclass
from dissectors.tls_messages import TLS_1_3

TLS_1_1 = 0x0302


class Sealing(Protocol):
    """How the payload of a record grows by encryption."""

    def plain(self, length: int) -> range:
        """The plaintext lengths that an encrypted payload of ``length`` bytes may hold; empty if none."""


@dataclass(frozen=True, slots=True)
class Aead:
    """A constant number of bytes more: nonce and tag; in TLS 1.3 the content type and tag."""

    overhead: int

    def plain(self, length: int) -> range:
        return range(max(0, length - self.overhead), length - self.overhead + 1)


@dataclass(frozen=True, slots=True)
class Cbc:
    """Whole blocks: MAC and padding hide the length within one block."""

    mac: int
    block: int = 16
    explicit_iv: bool = True
    """TLS 1.0 had none."""

    def plain(self, length: int) -> range:
        sealed = length - (self.block if self.explicit_iv else 0)
        if sealed <= 0 or sealed % self.block:
            return range(0)
        longest = sealed - self.mac - 1  # the padding has at least its own length byte
        return range(max(0, longest - self.block + 1), longest + 1)


GCM_1_2 = Aead(8 + 16)
CHACHA_1_2 = Aead(16)
AEAD_1_3 = Aead(1 + 16)

SHA1, SHA256, SHA384 = 20, 32, 48
"""Sizes of a MAC in bytes."""

_SUITES_BY_SEALING: dict[Sealing, tuple[int, ...]] = {
    GCM_1_2: (
        *range(0x009C, 0x00AE),  # RSA, DHE, DH, anonymous and PSK with AES-GCM
        *range(0xC02B, 0xC033),  # ECDHE and ECDH with AES-GCM
        *range(0xC09C, 0xC0A0),  # RSA and DHE with AES-CCM
        *range(0xC0A4, 0xC0A8),  # PSK with AES-CCM
        0xC0AC,  # ECDHE-ECDSA with AES-CCM
        0xC0AD,
        0xD001,  # ECDHE-PSK with AES-GCM
        0xD002,
    ),
    CHACHA_1_2: (
        *range(0xCCA8, 0xCCAF),  # ChaCha20-Poly1305: no explicit nonce
        *range(0xC0A0, 0xC0A4),  # AES-CCM-8: nonce of 8 and a tag of 8, which come to the same
        *range(0xC0A8, 0xC0AC),
        0xC0AE,
        0xC0AF,
    ),
    Cbc(SHA1): (*range(0x002F, 0x003B), 0xC004, 0xC005, 0xC009, 0xC00A, 0xC00E, 0xC00F, 0xC013, 0xC014),
    Cbc(SHA256): (*range(0x003C, 0x0041), *range(0x0067, 0x006E), 0xC023, 0xC025, 0xC027, 0xC029),
    Cbc(SHA384): (0xC024, 0xC026, 0xC028, 0xC02A),
    Cbc(SHA1, block=8): (0x000A, 0x000D, 0x0010, 0x0013, 0x0016, 0x001B, 0xC003, 0xC008, 0xC00D, 0xC012),
    AEAD_1_3: tuple(range(0x1301, 0x1305)),
    Aead(1 + 8): (0x1305,),  # TLS_AES_128_CCM_8_SHA256
}
_SEALING = {suite: sealing for sealing, suites in _SUITES_BY_SEALING.items() for suite in suites}

_UP_TO_1_2: tuple[Sealing, ...] = (GCM_1_2, CHACHA_1_2, Cbc(SHA1), Cbc(SHA256), Cbc(SHA384))

_SHA384_SUITES_1_3 = (0x1302,)
FINISHED_HEADER = 4


def sealings(version: int | None, cipher_suite: int | None) -> tuple[Sealing, ...]:
    """What may apply, likeliest first; more than one where version or suite were not seen."""
    if cipher_suite is not None and cipher_suite in _SEALING:
        sealing = _SEALING[cipher_suite]
        if isinstance(sealing, Cbc) and version is not None and version < TLS_1_1:
            sealing = Cbc(sealing.mac, sealing.block, explicit_iv=False)
        return (sealing,)
    if version == TLS_1_3:
        return (AEAD_1_3,)
    return _UP_TO_1_2 if version is not None else (GCM_1_2, AEAD_1_3, *_UP_TO_1_2[1:])


def finished_lengths(cipher_suite: int | None) -> frozenset[int]:
    """Plaintext lengths of a TLS 1.3 Finished message: a header of 4 and the suite's hash (RFC 8446 section 4.4.4)."""
    if cipher_suite is None:
        return frozenset((FINISHED_HEADER + SHA256, FINISHED_HEADER + SHA384))
    return frozenset((FINISHED_HEADER + (SHA384 if cipher_suite in _SHA384_SUITES_1_3 else SHA256),))
