"""Which dialogue a connection speaks, from its ports and first bytes, and why we think so.

Numbered steps; each may say "not yet".  A port that EPMD told of, that a node registered, or that the user named makes
a connection ours whatever it speaks; on any other port only bytes that are unmistakable do.
"""

from __future__ import annotations

from enum import Enum

from dissectors import handshake
from dissectors.dataclass import dataclass
from dissectors.dialogue import DECIDED_BY, Side
from dissectors.epmd import looks_like_request
from dissectors.traffic import looks_like_frames

TLS_HANDSHAKE = b"\x16\x03"
"""Type and major version of a TLS handshake record (RFC 8446 section 5.1)."""


class Speech(Enum):
    EPMD = "EPMD"
    HANDSHAKE = "distribution handshake"
    LINK = "distribution traffic, joined in mid-stream"
    TLS = "TLS"
    NOT_OURS = "something else"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the ports promise."""

    speech: Speech
    """``EPMD`` or ``HANDSHAKE``."""
    why: str


@dataclass(frozen=True, slots=True)
class Identity:
    speech: Speech
    why: str
    swapped: bool = False
    """The sides are the other way round than the stream guessed."""
    length_size: int = 2
    """Bytes of a handshake message's length field (docs/protocol.md 2.1)."""


@dataclass(slots=True)
class FirstBytes:
    """What a connection has said so far, until it is identified."""

    said: dict[Side, bytearray]
    beginning_seen: bool
    """The SYN is in the capture, so these really are the first bytes."""
    finished: bool = False
    """No more will come."""
    broken: frozenset[Side] = frozenset()
    """Sides of which a hole follows: their first bytes are all there is to go by."""


def identify(first: FirstBytes, expected: Expectation | None) -> Identity | None:
    """What the connection speaks; None while more bytes are needed."""
    # 1. EPMD's own port: whatever is said there is judged as EPMD.
    if expected is not None and expected.speech is Speech.EPMD:
        return Identity(Speech.EPMD, expected.why)
    opener = bytes(first.said[Side.INITIATOR][:DECIDED_BY])
    listener = bytes(first.said[Side.ACCEPTOR][:DECIDED_BY])
    # 2. A capture that starts in mid-stream: either side may speak in any phase, and a status looks like an EPMD
    # request.
    if not first.beginning_seen and (found := _midstream(opener, listener)):
        return found
    undecided = False
    # 3. The opener's first bytes.
    if opener and (first.beginning_seen or expected is not None):
        for looks, speech in _OPENERS:
            verdict = looks(opener)
            if verdict and (speech is not Speech.TLS or expected is not None):
                return Identity(
                    speech, f"the opener's first bytes are {_TITLES[speech]}", length_size=_length_size(opener)
                )
            undecided |= verdict is None
        if Side.INITIATOR in first.broken:
            undecided = False
            if expected is not None and opener.startswith(TLS_HANDSHAKE):
                return Identity(Speech.TLS, "the opener's first bytes are the head of a TLS record")
    # 4. A distribution port: the handshake dialogue says what is wrong with other bytes.
    if expected is not None:
        if undecided and not first.finished and len(opener) < DECIDED_BY:
            return None
        if not opener and Side.INITIATOR in first.broken and _tls(listener):
            return Identity(
                Speech.TLS, "the listener's first bytes are a TLS record, and the opener's are not captured"
            )
        if opener or (listener and not undecided) or first.finished:
            return Identity(Speech.HANDSHAKE, expected.why)
        return None
    # 5. A server that speaks first, or bytes that fit nothing of ours.
    if undecided and not first.finished and len(opener) < DECIDED_BY:
        return None
    if opener or len(listener) >= DECIDED_BY or first.finished:
        # Without the opener's half, the listener's status is the only thing that tells an acceptor.
        if not opener and handshake.looks_like_handshake(Side.ACCEPTOR, listener):
            return Identity(Speech.HANDSHAKE, "the listener's first bytes are a handshake status")
        return Identity(Speech.NOT_OURS, "its first bytes are none of ours")
    return None


def _name(data: bytes) -> bool | None:
    return handshake.looks_like_handshake(Side.INITIATOR, data, length_size=_length_size(data))


def _tls(data: bytes) -> bool | None:
    from dissectors.tls_records import looks_like_tls  # which few captures need

    return looks_like_tls(data)


_OPENERS = ((_name, Speech.HANDSHAKE), (looks_like_request, Speech.EPMD), (_tls, Speech.TLS))
_TITLES = {Speech.HANDSHAKE: "a send_name", Speech.EPMD: "an EPMD request", Speech.TLS: "a TLS ClientHello"}


def _length_size(opener: bytes) -> int:
    # A legal 2-byte length is never 0, so two zero bytes begin a 4-byte one.
    return 4 if opener[:2] == b"\0\0" and len(opener) > 4 and opener[4:5] in b"nN" else 2


def _midstream(opener: bytes, listener: bytes) -> Identity | None:
    for swapped, (one, two) in ((False, (opener, listener)), (True, (listener, opener))):
        if handshake.looks_like_handshake(Side.INITIATOR, one) or handshake.looks_like_handshake(Side.ACCEPTOR, two):
            return Identity(Speech.LINK, "handshake messages in mid-stream", swapped=swapped)
    if looks_like_frames(opener) or looks_like_frames(listener):
        return Identity(Speech.LINK, "distribution frames in mid-stream")
    return None
