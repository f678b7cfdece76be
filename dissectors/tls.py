"""Bytes of both sides of a TLS connection to messages and record lengths: what can be told without a key.

A :class:`TlsDialogue` follows records, joins handshake messages that span them, and knows for each side from which
record on nothing is readable.  Encrypted payload is counted, never kept (docs/protocol.md 2.7 and 4.3).
"""

from __future__ import annotations

from enum import Enum

from dissectors.certificate import CertificateFacts
from dissectors.cursor import WireError
from dissectors.dialogue import Decoded, Item, Missing, Problem, Side, Undecoded
from dissectors.lane import SHOWN
from dissectors.tls_alerts import ALERT_NAMES, FATAL, WARNING
from dissectors.tls_hello import ClientHello, Extension, ServerHello
from dissectors.tls_messages import (
    HANDSHAKE_NAMES,
    TLS_1_2,
    TLS_1_3,
    Alert,
    ApplicationData,
    Certificate,
    CertificateRequest,
    ChangeCipherSpec,
    EncryptedAlert,
    EncryptedHandshake,
    OtherHandshake,
    TlsMessage,
    read_handshake,
    write_handshake,
)
from dissectors.tls_records import Record, RecordStream, RecordType, looks_like_tls, write_record

__all__ = [
    "ALERT_NAMES",
    "FATAL",
    "TLS_1_2",
    "TLS_1_3",
    "WARNING",
    "Alert",
    "ApplicationData",
    "Certificate",
    "CertificateFacts",
    "CertificateRequest",
    "ChangeCipherSpec",
    "ClientHello",
    "EncryptedAlert",
    "EncryptedHandshake",
    "Extension",
    "OtherHandshake",
    "RecordType",
    "ServerHello",
    "TlsDialogue",
    "TlsMessage",
    "looks_like_tls",
    "write_handshake",
    "write_record",
]

HANDSHAKE_HEADER_SIZE = 4
MAX_HANDSHAKE = 256 * 1024
"""What OTP itself accepts (its ssl option max_handshake_size); a longer message is called malformed."""


class _Readable(Enum):
    """Whether a side's handshake records are in the clear."""

    YES = "yes"
    PERHAPS = "after a hole or an unexplained ChangeCipherSpec: if the record is an exact chain of messages"
    NO = "no"


class _Speaker:
    """What is held for one side."""

    def __init__(self, side: Side, *, midstream: bool) -> None:
        self.side = side
        self.records = RecordStream(side, midstream=midstream)
        self.readable = _Readable.PERHAPS if midstream else _Readable.YES
        self.pending = bytearray()
        """The front of a handshake message that goes on in the next record."""
        self.pending_start = 0
        self.pending_end = 0

    def undecoded(self, start: int, end: int, problem: Problem, reason: str, data: bytes) -> Undecoded:
        return Undecoded(self.side, start, end, problem, reason, data[:SHOWN])

    def give_up_pending(self, problem: Problem, reason: str) -> list[Item]:
        if not self.pending:
            return []
        item = self.undecoded(self.pending_start, self.pending_end, problem, reason, bytes(self.pending))
        self.pending.clear()
        return [item]


class TlsDialogue:
    """One TLS connection, seen without its keys.

    In step, the items do not depend on how the bytes were cut.  After a hole a record is sought at the start of each
    ``feed``, so there the cuts, which should be those of the segments, are part of the evidence.  A hole inside
    application data gives its :class:`~dissectors.dialogue.Missing` and still the record, whose header told its length.
    """

    def __init__(self, *, midstream: bool = False) -> None:
        """``midstream``: the first bytes are not the beginning of the connection."""
        self._speakers = {side: _Speaker(side, midstream=midstream) for side in Side}
        self.version: int | None = None
        """Negotiated: 0x0304 for TLS 1.3; None as long as no ServerHello was seen."""
        self.cipher_suite: int | None = None
        """Negotiated; IANA number."""

    def feed(self, side: Side, data: bytes) -> list[Item]:
        speaker = self._speakers[side]
        return self._interpret(speaker, speaker.records.feed(data))

    def gap(self, side: Side, length: int) -> list[Item]:
        speaker = self._speakers[side]
        return self._interpret(speaker, speaker.records.gap(length))

    def close(self, side: Side) -> list[Item]:
        speaker = self._speakers[side]
        items = self._interpret(speaker, speaker.records.close())
        return speaker.give_up_pending(Problem.TRUNCATED, "the stream ends inside a handshake message") + items

    def _interpret(self, speaker: _Speaker, found: list[Record | Item]) -> list[Item]:
        items: list[Item] = []
        for each in found:
            if isinstance(each, Record):
                items += self._record(speaker, each)
                continue
            if isinstance(each, Missing):
                items += speaker.give_up_pending(Problem.TRUNCATED, "a hole begins inside a handshake message")
                if speaker.readable is _Readable.YES:
                    speaker.readable = _Readable.PERHAPS
            items.append(each)
        return items

    def _record(self, speaker: _Speaker, record: Record) -> list[Item]:
        if record.type is RecordType.HANDSHAKE and speaker.readable is not _Readable.NO:
            return self._handshake_record(speaker, record)
        items = speaker.give_up_pending(
            Problem.MALFORMED, f"a record of type {record.type.name} inside a handshake message"
        )
        try:
            message = self._single(speaker, record)
        except WireError as error:
            items.append(
                speaker.undecoded(
                    record.start, record.end, Problem.MALFORMED, f"{record.type.name}: {error}", record.payload
                )
            )
        else:
            items.append(Decoded(speaker.side, record.start, record.end, message))
        return items

    def _single(self, speaker: _Speaker, record: Record) -> TlsMessage:
        """The message of a record that holds exactly one, or can't be read.  Raises: WireError."""
        if record.type is RecordType.APPLICATION_DATA:
            return ApplicationData(record.length)
        if record.type is RecordType.HANDSHAKE:
            return EncryptedHandshake(record.length)
        if record.type is RecordType.ALERT:
            # No cipher makes a record of two bytes, so two bytes are an alert in the clear whatever came before.
            if record.length != 2 and speaker.readable is not _Readable.YES:
                return EncryptedAlert(record.length)
            return Alert.read(record.payload)
        message = ChangeCipherSpec.read(record.payload)
        if self.version is None:
            speaker.readable = _Readable.PERHAPS
        elif self.version < TLS_1_3:
            speaker.readable = _Readable.NO
        return message

    def _handshake_record(self, speaker: _Speaker, record: Record) -> list[Item]:
        if speaker.readable is _Readable.PERHAPS:
            if not _is_chain(record.payload):
                return [Decoded(speaker.side, record.start, record.end, EncryptedHandshake(record.length))]
            speaker.readable = _Readable.YES
        if not record.payload:
            reason = "a handshake record must not be empty (RFC 8446 section 5.1)"
            return [speaker.undecoded(record.start, record.end, Problem.MALFORMED, reason, b"")]
        if not speaker.pending:
            speaker.pending_start = record.start
        speaker.pending += record.payload
        speaker.pending_end = record.end
        return self._messages(speaker)

    def _messages(self, speaker: _Speaker) -> list[Item]:
        """The whole messages at the front of what is pending."""
        items: list[Item] = []
        pending = speaker.pending
        while len(pending) >= HANDSHAKE_HEADER_SIZE:
            size = HANDSHAKE_HEADER_SIZE + int.from_bytes(pending[1:4], "big")
            if size > MAX_HANDSHAKE:
                speaker.readable = _Readable.PERHAPS
                reason = f"handshake message wants at most {MAX_HANDSHAKE} bytes, announces {size}"
                return items + speaker.give_up_pending(Problem.MALFORMED, reason)
            if len(pending) < size:
                break
            end = speaker.pending_end - (len(pending) - size)
            items.append(self._message(speaker, bytes(pending[:size]), end))
            speaker.pending_start = end
            del pending[:size]
        return items

    def _message(self, speaker: _Speaker, data: bytes, end: int) -> Item:
        start = speaker.pending_start
        try:
            message = read_handshake(data[0], data[HANDSHAKE_HEADER_SIZE:])
        except WireError as error:
            reason = f"{HANDSHAKE_NAMES[data[0]]}: {error}"
            return speaker.undecoded(start, end, Problem.MALFORMED, reason, data)
        if isinstance(message, ServerHello):
            self._negotiated(message)
        return Decoded(speaker.side, start, end, message)

    def _negotiated(self, hello: ServerHello) -> None:
        self.version = hello.version
        self.cipher_suite = hello.cipher_suite
        if hello.version >= TLS_1_3 and not hello.is_hello_retry:
            for speaker in self._speakers.values():
                speaker.readable = _Readable.NO


def _is_chain(payload: bytes) -> bool:
    """Whether a record's payload is exactly one or more handshake messages of known types."""
    at = 0
    while len(payload) - at >= HANDSHAKE_HEADER_SIZE:
        if payload[at] not in HANDSHAKE_NAMES:
            return False
        at += HANDSHAKE_HEADER_SIZE + int.from_bytes(payload[at + 1 : at + 4], "big")
    return bool(payload) and at == len(payload)
