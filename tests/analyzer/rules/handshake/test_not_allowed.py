"""When a user is told of an allow list: by the status, or inside TLS by a close right after the name."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import HoleCause
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.analyzer.sessions.test_interpret import CLIENT_HELLO, SERVER_HELLO, handshaken, sealed

NAME = "not-allowed"
SECRET = write_record(RecordType.CHANGE_CIPHER_SPEC, b"\1") + write_record(RecordType.HANDSHAKE, bytes(40))
ALERT = write_record(RecordType.ALERT, bytes(26))


@pytest.mark.parametrize("status", ["not_allowed", "nok"])
def test_the_status_says_so(status: str) -> None:
    """Of an initiator that lacks no flag."""
    found = said(NAME, Talk(Clock()).dial().name().status(status).fin(BACK).clock)
    assert (found is not None) is (status == "not_allowed")
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"rejected_by": "acceptor"})
        assert shown(found) == ["send_name", "status not_allowed"]


def test_flags_that_lack_something() -> None:
    """Explain the same status."""
    assert said(NAME, Talk(Clock()).dial().name(flags=0x4).status("not_allowed").fin(BACK).clock) is None


def test_flags_that_cannot_be_read() -> None:
    """The name is not in the capture."""
    talk = Talk(Clock()).dial().hole(OUT, 29, cause=HoleCause.NOT_CAPTURED).status("not_allowed").fin(BACK)
    found = said(NAME, talk.clock)
    assert found is not None
    assert (found.certainty, found.alternatives) == (
        Certainty.POSSIBLE,
        ("the initiator lacks flags that the acceptor demands",),
    )


@pytest.mark.parametrize("how", ["close", "goodbye", "timer", "initiator", "status", "no name", "open"])
def test_inside_tls(how: str) -> None:
    """The acceptor compares its list with the certificate, and closes at once when the name comes."""
    talk = Talk(Clock()).dial().send(OUT, handshaken(CLIENT_HELLO)).send(BACK, handshaken(SERVER_HELLO))
    talk.send(OUT, SECRET).send(BACK, SECRET)
    if how != "no name":
        talk.send(OUT, sealed(60))
    if how == "status":
        talk.send(BACK, sealed(31))
    elif how == "goodbye":
        talk.send(BACK, ALERT)
    if how == "initiator":
        talk.fin(OUT)
    elif how != "open":
        talk.fin(BACK, after=7000 if how == "timer" else 1)
    found = said(NAME, talk.clock)
    assert (found is not None) is (how in ("close", "goodbye"))
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"rejected_by": "acceptor"})
        assert shown(found) == [
            "the name, inside TLS",
            *(["the acceptor says goodbye (close_notify)"] if how == "goodbye" else []),
            "the acceptor closes, and no status was sent",
        ]
