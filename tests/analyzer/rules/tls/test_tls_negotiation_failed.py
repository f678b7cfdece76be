"""What a user is told of two sides that agree on no version, suite or parameter of TLS."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import Direction
from dissectors import tls
from dissectors.tls_alerts import ALERT_NUMBERS
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.analyzer.sessions.test_interpret import SERVER_HELLO, handshaken

NAME = "tls-negotiation-failed"


def alert(name: str) -> bytes:
    """In the clear."""
    return write_record(RecordType.ALERT, bytes((2, ALERT_NUMBERS[name])))


def greeted(version: int = 0x0303, suites: tuple[int, ...] = (0xC030,)) -> Talk:
    """By an initiator that offers this."""
    return Talk(Clock()).dial().send(OUT, handshaken(tls.ClientHello(version, bytes(32), b"", suites)))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("protocol_version", True),
        ("insufficient_security", True),
        ("unrecognized_name", True),
        ("handshake_failure", False),
        ("unknown_ca", False),
        ("close_notify", False),
    ],
)
@pytest.mark.parametrize(("side", "sender"), [(OUT, "initiator"), (BACK, "acceptor")])
def test_an_alert_about_parameters(name: str, told: bool, side: Direction, sender: str) -> None:
    """Of either side."""
    found = said(NAME, greeted().send(side, alert(name)).fin(side).clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"alert": name, "rejected_by": sender})
        assert shown(found) == ["ClientHello: TLS 1.2", f"alert {name} from the {sender}"]


@pytest.mark.parametrize(
    ("version", "words"),
    [(0x0301, "TLS 1.0"), (0x0302, "TLS 1.1"), (0x0303, "TLS 1.2"), (0x0304, "TLS 1.3"), (0x0300, "0x0300")],
)
@pytest.mark.parametrize("suites", [(0xC030,), (0xC030, 0x009D, 0x1301)])
def test_what_was_offered(version: int, words: str, suites: tuple[int, ...]) -> None:
    """In words."""
    found = said(NAME, greeted(version, suites).send(BACK, alert("protocol_version")).clock)
    assert found is not None
    assert found.why.endswith(f"the initiator offers {words} and {len(suites)} cipher suites")


def test_without_a_hello() -> None:
    """Nobody wanted to agree, or what was offered is not in the capture."""
    assert said(NAME, Talk(Clock()).dial().name().send(BACK, alert("protocol_version")).clock) is None
    talk = Talk(Clock()).dial().hole(OUT, 100).send(BACK, handshaken(SERVER_HELLO))
    assert said(NAME, talk.send(OUT, alert("protocol_version")).clock) is None
