"""Everything that can appear on the timeline of an attempt.

An event is what one packet shows of one attempt.  ``name`` and :meth:`Event.fields` are what the JSON report prints
(docs/report.md); the class is what the state table and the rules go by.
"""

from __future__ import annotations

from analyzer.sessions.events.epmd import EpmdAnswered, EpmdAsked, EpmdRequestMessage, EpmdResponseMessage
from analyzer.sessions.events.event import Event, Fields, FieldValue, Leg
from analyzer.sessions.events.handshake import (
    AckSent,
    ChallengeSent,
    ComplementSent,
    HandshakeEvent,
    NameSent,
    ReplySent,
    StatusAnswered,
    StatusSent,
)
from analyzer.sessions.events.link import DataStarted, GlobalSaid, Ticked
from analyzer.sessions.events.tcp import (
    BytesMissing,
    Closed,
    DialAnswered,
    Dialled,
    DialProhibited,
    DialRefused,
    Opened,
    Resent,
    WasReset,
)
from analyzer.sessions.events.tls import (
    TlsAlert,
    TlsCertificate,
    TlsClientHello,
    TlsEncryptedAlert,
    TlsNoCertificate,
    TlsSaid,
    TlsServerHello,
)
from analyzer.sessions.events.unknown import ForeignSpoken, NotUnderstood

__all__ = [
    "AckSent",
    "BytesMissing",
    "ChallengeSent",
    "Closed",
    "ComplementSent",
    "DataStarted",
    "DialAnswered",
    "DialProhibited",
    "DialRefused",
    "Dialled",
    "EpmdAnswered",
    "EpmdAsked",
    "EpmdRequestMessage",
    "EpmdResponseMessage",
    "Event",
    "FieldValue",
    "Fields",
    "ForeignSpoken",
    "GlobalSaid",
    "HandshakeEvent",
    "Leg",
    "NameSent",
    "NotUnderstood",
    "Opened",
    "ReplySent",
    "Resent",
    "StatusAnswered",
    "StatusSent",
    "Ticked",
    "TlsAlert",
    "TlsCertificate",
    "TlsClientHello",
    "TlsEncryptedAlert",
    "TlsNoCertificate",
    "TlsSaid",
    "TlsServerHello",
    "WasReset",
]
