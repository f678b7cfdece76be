"""The messages of the distribution handshake, as events."""

from __future__ import annotations

from typing import ClassVar

from analyzer.sessions.events.event import Event, Fields, describe
from dissectors import handshake
from dissectors.dataclass import dataclass


def inferred(event: HandshakeEvent, message: object | None) -> Fields:
    return {"inferred": True} if message is None else describe(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeEvent(Event):
    """A message of the distribution handshake.

    ``inferred`` where its bytes cannot be read and its place and size tell what it is: inside TLS
    (docs/protocol.md 2.7), in a hole of the capture, or beyond the snap length."""

    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSent(HandshakeEvent):
    name: ClassVar[str] = "send-name"
    message: handshake.SendName | handshake.SendNameOld | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSent(HandshakeEvent):
    """From the acceptor; ``text`` is None where it cannot be read, ``named`` for a dynamic name."""

    name: ClassVar[str] = "status"
    text: str | None
    message: handshake.Status | handshake.StatusNamed | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message) | {"status": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswered(HandshakeEvent):
    """The initiator's ``true`` or ``false`` to ``alive``."""

    name: ClassVar[str] = "status-answer"
    text: str | None

    def fields(self) -> Fields:
        return {"status": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeSent(HandshakeEvent):
    name: ClassVar[str] = "challenge"
    message: handshake.Challenge | handshake.ChallengeOld | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplementSent(HandshakeEvent):
    name: ClassVar[str] = "complement"
    message: handshake.Complement | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySent(HandshakeEvent):
    name: ClassVar[str] = "challenge-reply"
    message: handshake.ChallengeReply | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class AckSent(HandshakeEvent):
    name: ClassVar[str] = "challenge-ack"
    message: handshake.ChallengeAck | None = None

    def fields(self) -> Fields:
        return inferred(self, self.message)
