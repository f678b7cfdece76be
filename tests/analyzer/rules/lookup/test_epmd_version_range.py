"""When a user is told that EPMD's range of versions keeps a node from connecting."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors import epmd
from dissectors.handshake_messages import SendNameOld
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, PORT, Clock, Talk, ask_epmd, framed

NAME = "epmd-version-range"


def offered(lowest: int, highest: int) -> Talk:
    """EPMD has answered."""
    answer = epmd.Port2Resp(result=0, port=PORT, type=77, protocol=0, highest=highest, lowest=lowest, name="bob")
    return ask_epmd(Clock()).ask(epmd.Port2Req(name="bob")).answer(answer)


@pytest.mark.parametrize(
    ("lowest", "highest", "told"),
    [(1, 4, "FIN or RST"), (5, 5, "RST"), (5, 6, ""), (6, 6, ""), (5, 9, ""), (7, 6, "RST"), (7, 9, "FIN or RST")],
)
@pytest.mark.parametrize("end", ["FIN", "RST"])
def test_nobody_dials(lowest: int, highest: int, told: str, end: str) -> None:
    """Of a range that holds a version some go on with, a C node that can't shows that by a reset."""
    talk = offered(lowest, highest)
    _ = talk.fin(BACK).fin(OUT) if end == "FIN" else talk.rst(OUT)
    found = said(NAME, talk.clock)
    assert (found is not None) is (end in told)
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"lowest": lowest, "highest": highest})
        assert shown(found) == [
            f"EPMD offers versions {lowest} to {highest}",
            "the EPMD connection is closed, and no SYN follows",
        ]


def test_the_lookup_is_not_over() -> None:
    """A dial may follow, whoever closed first."""
    assert said(NAME, offered(1, 4).clock) is None
    assert said(NAME, offered(1, 4).fin(OUT).clock) is None


@pytest.mark.parametrize(
    ("lowest", "highest", "told"), [(1, 4, True), (5, 5, False), (6, 6, False), (6, 5, True), (7, 9, True)]
)
def test_a_dial_without_a_name(lowest: int, highest: int, told: bool) -> None:
    """As of a node that crashes over a range with neither version."""
    talk = offered(lowest, highest).fin(BACK).fin(OUT)
    found = said(NAME, Talk(talk.clock).dial().fin(OUT, after=3).clock)
    assert (found is not None) is told
    if found is not None:
        assert "dialled and closed 3.0 ms later" in found.why
        assert shown(found)[1:] == ["the TCP connection is open", "the initiator closes without a byte"]


@pytest.mark.parametrize("how", ["acceptor", "timer", "name", "open", "no dial"])
def test_a_dial_that_ends_otherwise(how: str) -> None:
    """The acceptor closes, the initiator only after its timer, or something was said."""
    talk = Talk(offered(1, 4).fin(BACK).fin(OUT).clock).dial()
    if how == "acceptor":
        talk.fin(BACK)
    elif how == "timer":
        talk.fin(OUT, after=7000)
    elif how == "name":
        talk.name().fin(OUT)
    assert said(NAME, talk.clock) is None


def test_a_name_of_version_0() -> None:
    """It says itself that it found none."""
    talk = Talk(offered(6, 6).fin(BACK).fin(OUT).clock).dial()
    talk.send(OUT, framed(SendNameOld(version=0, flags=0xDF7FBD, name="ann@10.0.0.1"))).fin(BACK)
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert "range (6 to 6)" in found.why
    assert shown(found) == ["EPMD offers versions 6 to 6", "send_name with version 0", "the acceptor closes"]
