"""Handshake messages, old and new, as they are on the wire (docs/protocol.md 2.2), and what is known of one cut off.

Bodies only: the length before them has 2 bytes on plain TCP and 4 bytes inside TLS.  A name and a challenge of one form
have the same tag; who sends it tells which it is.
"""

from __future__ import annotations

from dissectors.dataclass import dataclass
from dissectors.dialogue import Side
from dissectors.flags import Flag
from dissectors.wire import LATIN1, UTF8, Message, counted_text, fixed, message, rest_bytes, rest_text, u16, u32, u64

_FLAGS = "distribution flags of the sender"
_LOW_FLAGS = "the low half of the sender's distribution flags"
_NAME = "full name of the sender"
_CREATION = "incarnation of the sender's name"
_CHALLENGE = "number to be mixed with the cookie by the receiver"
_DIGEST = "MD5 of the cookie and the peer's challenge in decimal"


def is_node_name(name: str) -> bool:
    """Exactly one ``@``, something on both sides of it, and no more characters before it than an atom can have."""
    alive, _, host = name.partition("@")
    return 0 < len(alive) <= 255 and host != "" and "@" not in host


@message(tag=b"N")
class SendName(Message):
    """The initiator's name, new form: since OTP 23."""

    flags: int = u64(doc=_FLAGS)
    creation: int = u32(doc=_CREATION)
    name: str = counted_text(LATIN1, doc=f"{_NAME}; the host alone when it asks for a name")
    trailing: bytes = rest_bytes(doc="ignored by the acceptor", default=b"")

    def valid_name(self) -> bool:
        """An acceptor goes on with this name (or takes it as the host for a name that it is to give)."""
        return is_node_name(self.name) or bool(self.flags & Flag.NAME_ME and self.name and "@" not in self.name)


@message(tag=b"n")
class SendNameOld(Message):
    """The initiator's name, old form: up to OTP 22, and 23 and 24 where EPMD did not promise the new one."""

    version: int = u16(doc="5")
    flags: int = u32(doc=_LOW_FLAGS)
    name: str = rest_text(LATIN1, doc=_NAME)

    def valid_name(self) -> bool:
        """An acceptor goes on with this name."""
        return is_node_name(self.name)


@message(tag=b"s")
class Status(Message):
    """The acceptor's decision; or, after ``alive``, the initiator's answer ``true`` or ``false``."""

    text: str = rest_text(LATIN1, doc="ok, ok_simultaneous, nok, not_allowed, alive; true, false")


@message(tag=b"snamed:")
class StatusNamed(Message):
    """The acceptor gives the name that the initiator asked for."""

    name: str = counted_text(UTF8, doc="full name that the initiator has from now on")
    creation: int = u32(doc="its incarnation")


@message(tag=b"N")
class Challenge(Message):
    """The acceptor's name and challenge, new form."""

    flags: int = u64(doc=_FLAGS)
    challenge: int = u32(doc=_CHALLENGE)
    creation: int = u32(doc=_CREATION)
    name: str = counted_text(LATIN1, doc=_NAME)
    trailing: bytes = rest_bytes(doc="ignored by the initiator", default=b"")

    def valid_name(self) -> bool:
        """Well formed; whether it is the name that was called is another question."""
        return is_node_name(self.name)


@message(tag=b"n")
class ChallengeOld(Message):
    """The acceptor's name and challenge, old form: the answer to a name without HANDSHAKE_23."""

    version: int = u16(doc="5")
    flags: int = u32(doc=_LOW_FLAGS)
    challenge: int = u32(doc=_CHALLENGE)
    name: str = rest_text(LATIN1, doc=_NAME)

    def valid_name(self) -> bool:
        """Well formed; whether it is the name that was called is another question."""
        return is_node_name(self.name)


@message(tag=b"c")
class Complement(Message):
    """What an old name could not carry; sent by the initiator when a new challenge shows that the acceptor reads it."""

    flags_high: int = u32(doc="the high half of the initiator's distribution flags")
    creation: int = u32(doc=_CREATION)


@message(tag=b"r")
class ChallengeReply(Message):
    """The initiator proves its cookie and asks for the acceptor's proof."""

    challenge: int = u32(doc=_CHALLENGE)
    digest: bytes = fixed(16, doc=_DIGEST)


@message(tag=b"a")
class ChallengeAck(Message):
    """The acceptor proves its cookie: the connection is up."""

    digest: bytes = fixed(16, doc=_DIGEST)


MESSAGES: dict[Side, dict[bytes, type[Message]]] = {
    Side.INITIATOR: {cls.TAG[:1]: cls for cls in (SendName, SendNameOld, Status, Complement, ChallengeReply)},
    Side.ACCEPTOR: {cls.TAG[:1]: cls for cls in (Challenge, ChallengeOld, Status, ChallengeAck)},
}
"""What each side may say, by the first byte."""

STATUS_TEXTS: dict[Side, frozenset[str]] = {
    Side.INITIATOR: frozenset({"true", "false"}),
    Side.ACCEPTOR: frozenset({"ok", "ok_simultaneous", "nok", "not_allowed", "alive"}),
}

_EXPECTED: dict[type[Message], str] = {
    SendName: "send_name",
    SendNameOld: "send_name",
    Status: "status",
    StatusNamed: "status",
    Challenge: "challenge",
    ChallengeOld: "challenge",
    Complement: "complement",
    ChallengeReply: "challenge_reply",
    ChallengeAck: "challenge_ack",
}
_BY_LENGTH: dict[Side, dict[int, type[Message]]] = {
    Side.INITIATOR: {5: Status, 6: Status, 9: Complement, 21: ChallengeReply},
    Side.ACCEPTOR: {17: ChallengeAck},
}
_SHORTEST_CHALLENGE = 14
"""An old challenge with a name of three characters; every status but ``named:``, ``ok_simultaneous`` is shorter."""


def message_type(side: Side, body: bytes) -> type[Message] | None:
    """Which message of ``side`` begins so, None if none does."""
    if side is Side.ACCEPTOR and body.startswith(StatusNamed.TAG):
        return StatusNamed
    return MESSAGES[side].get(body[:1])


@dataclass(frozen=True, slots=True)
class Partial:
    """A message of which a hole, or the snap length, left a part: its length is known, its place in the stream too."""

    side: Side
    tag: str
    """First byte of the message; empty if not even that is there."""
    expected: str
    """``send_name``, ``status``, ``challenge``, ``complement``, ``challenge_reply`` or ``challenge_ack``: by its tag;
    without one by its length, and whether it is the side's first message."""
    length: int
    """Of the whole body, as announced."""
    have: bytes
    """The body up to the first missing byte."""

    def read_partial(self) -> dict[str, object]:
        """The fields that are there, by their names in the whole message; ``name`` and ``text`` may be cut short."""
        declared = message_type(self.side, self.have)
        return declared.read_prefix(self.have) if declared else {}


def partial(side: Side, length: int, have: bytes, *, first: bool) -> Partial:
    """What is known of a message of ``length`` bytes that begins with ``have``; ``first``: it is its side's first."""
    declared = message_type(side, have)
    if declared is None and side is Side.INITIATOR:
        declared = SendName if first else _BY_LENGTH[side].get(length, SendName)
    elif declared is None:
        later = Challenge if length >= _SHORTEST_CHALLENGE else Status
        declared = Status if first else _BY_LENGTH[side].get(length, later)
    return Partial(side, have[:1].decode("latin-1"), _EXPECTED[declared], length, have)
