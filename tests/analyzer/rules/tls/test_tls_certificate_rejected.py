"""When a user is told that a certificate was refused: by which alert, of whom, and how sure that is."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import Direction
from dissectors import tls
from dissectors.tls_alerts import ALERT_NUMBERS
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.analyzer.sessions.test_interpret import CLIENT_HELLO, SERVER_HELLO, handshaken, sealed

NAME = "tls-certificate-rejected"
SECRET = write_record(RecordType.CHANGE_CIPHER_SPEC, b"\1") + write_record(RecordType.HANDSHAKE, bytes(40))


def alert(name: str) -> bytes:
    """In the clear."""
    return write_record(RecordType.ALERT, bytes((2, ALERT_NUMBERS[name])))


def greeted() -> Talk:
    """Both hellos."""
    return Talk(Clock()).dial().send(OUT, handshaken(CLIENT_HELLO)).send(BACK, handshaken(SERVER_HELLO))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unknown_ca", Certainty.CERTAIN),
        ("certificate_expired", Certainty.CERTAIN),
        ("decrypt_error", Certainty.CERTAIN),
        ("handshake_failure", Certainty.LIKELY),
        ("insufficient_security", None),
    ],
)
@pytest.mark.parametrize(("side", "sender", "other"), [(OUT, "initiator", "acceptor"), (BACK, "acceptor", "initiator")])
def test_an_alert_in_the_clear(name: str, expected: Certainty | None, side: Direction, sender: str, other: str) -> None:
    """After the hellos: whose certificate it is about is who did not send it."""
    talk = greeted().send(side.other, handshaken(tls.Certificate(()))).send(side, alert(name)).fin(side)
    found = said(NAME, talk.clock)
    assert (found and found.certainty) is expected
    if found is not None:
        assert found.detail == {"alert": name, "rejected_by": sender}
        assert f"about the certificate of the {other}" in found.why
        assert len(found.alternatives) == (expected is Certainty.LIKELY)
        assert shown(found)[0] == "ServerHello"
        assert shown(found)[-1] == f"alert {name} from the {sender}"


@pytest.mark.parametrize(("name", "told"), [("handshake_failure", False), ("unknown_ca", True)])
def test_before_any_certificate(name: str, told: bool) -> None:
    """Without a ServerHello a failure of the handshake is about something else."""
    talk = Talk(Clock()).dial().send(OUT, handshaken(CLIENT_HELLO)).send(BACK, alert(name))
    assert (said(NAME, talk.clock) is not None) is told
    assert (said(NAME, talk.send(BACK, handshaken(SERVER_HELLO)).fin(BACK).clock) is not None) is told


def test_an_encrypted_alert() -> None:
    """Of TLS 1.2, before any name: which one it is can't be read."""
    talk = greeted().send(OUT, SECRET).send(BACK, SECRET).send(BACK, write_record(RecordType.ALERT, bytes(26)))
    found = said(NAME, talk.fin(BACK).clock)
    assert found is not None
    assert (found.certainty, found.detail) == (Certainty.LIKELY, {"alert": None, "rejected_by": "acceptor"})
    assert found.why.endswith("which alert cannot be read without the keys")
    assert shown(found) == [
        "ServerHello: from here on everything is encrypted",
        "a record of the size of an alert, from the acceptor",
        "the connection is closed",
    ]


@pytest.mark.parametrize("how", ["closed", "went on"])
def test_no_alert(how: str) -> None:
    """Or one that only says goodbye to a node that has spoken."""
    talk = greeted()
    if how == "went on":
        talk.send(OUT, SECRET).send(BACK, SECRET).send(OUT, sealed(60)).send(BACK, sealed(31))
        talk.send(OUT, write_record(RecordType.ALERT, bytes(26)))
    assert said(NAME, talk.fin(BACK).clock) is None
