"""What TLS shows, in the clear and by sizes, means for an attempt."""

from __future__ import annotations

import re

from analyzer.sessions import events
from analyzer.sessions.identify import Speech
from dissectors import tls
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.sessions.test_interpret import (
    CLIENT_HELLO,
    SERVER_HELLO,
    A,
    I,
    handshaken,
    made,
    of,
    run,
    sealed,
    words,
)
from tests.generate import Event as Happening


def test_tls_in_the_clear() -> None:
    """Hellos, certificate and alert have events of their own; the rest is a record."""
    story: list[Happening] = [
        (I, handshaken(CLIENT_HELLO)),
        (A, handshaken(SERVER_HELLO)),
        (A, handshaken(tls.Certificate(()))),
        (I, write_record(RecordType.ALERT, b"\2\x30")),
    ]
    meanings = run(of(Speech.TLS), story)
    assert words(meanings) == [
        "initiator tls-client-hello",
        "acceptor tls-server-hello",
        "acceptor tls-certificate",
        "initiator tls-alert",
    ]
    alert = made(meanings[-1])
    assert alert.fields() == {"alert": "unknown_ca", "fatal": True}


def test_the_handshake_inside_tls() -> None:
    """By the sizes of its records, as in a capture of OTP with TLS 1.2."""
    secret = write_record(RecordType.CHANGE_CIPHER_SPEC, b"\1") + write_record(RecordType.HANDSHAKE, bytes(40))
    story: list[Happening] = [(I, handshaken(CLIENT_HELLO)), (A, handshaken(SERVER_HELLO)), (I, secret), (A, secret)]
    sizes = [(I, 60), (A, 31), (A, 63), (I, 49), (A, 45), (A, 322), (I, 322), (I, 28), (I, 28)]
    story += [(side, sealed(size)) for side, size in sizes]
    found = [word for word in words(run(of(Speech.TLS), story)) if not re.search("tls-", word)]
    assert found == [
        "initiator send-name",
        "acceptor status",
        "acceptor challenge",
        "initiator challenge-reply",
        "acceptor challenge-ack",
        "acceptor first-data",
        "initiator first-data",
        "(initiator)",
        "(initiator)",
    ]


def test_an_encrypted_alert_before_the_name_is_a_rejection() -> None:
    """TLS 1.2: after both sides are done an alert is a close_notify, unless no name was sent."""
    secret = write_record(RecordType.CHANGE_CIPHER_SPEC, b"\1") + write_record(RecordType.HANDSHAKE, bytes(40))
    opening: list[Happening] = [(I, handshaken(CLIENT_HELLO)), (A, handshaken(SERVER_HELLO)), (I, secret), (A, secret)]
    alert: list[Happening] = [(I, write_record(RecordType.ALERT, bytes(26)))]
    name: list[Happening] = [(I, sealed(60)), (A, sealed(31))]
    for story, rejection in ((opening + alert, True), (opening + name + alert, False)):
        last = made(run(of(Speech.TLS), story)[-1])
        assert isinstance(last, events.TlsEncryptedAlert) and last.rejection is rejection
