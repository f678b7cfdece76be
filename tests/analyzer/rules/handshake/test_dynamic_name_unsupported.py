"""When a user is told that a node gives no dynamic names: by its answer to the question for one, or by its close."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors.flags import Flag
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OTP_26, OUT, Clock, Talk

NAME = "dynamic-name-unsupported"


def wanting() -> Talk:
    """The initiator gives its host only, and asks for a name."""
    return Talk(Clock()).dial().name("host", flags=OTP_26 | Flag.NAME_ME)


@pytest.mark.parametrize(("milliseconds", "told"), [(5, True), (7000, False)])
def test_no_answer(milliseconds: int, told: bool) -> None:
    """A close at once is one; after a timer it is silence, and another story."""
    found = said(NAME, wanting().fin(BACK, after=milliseconds).clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"rejected_by": "acceptor"})
        assert "the acceptor answered nothing, and the acceptor closed" in found.why
        assert found.alternatives == ("something in front of the acceptor closed the connection",)
        assert shown(found) == ["send_name that asks for a dynamic name", "the acceptor closes"]


@pytest.mark.parametrize(
    ("status", "told"), [("ok", True), ("nok", True), ("named", False), ("not_allowed", False), ("alive", True)]
)
@pytest.mark.parametrize("milliseconds", [5, 7000])
def test_another_answer(status: str, told: bool, milliseconds: int) -> None:
    """Whenever the initiator then closes; that it isn't allowed is said of any name."""
    found = said(NAME, wanting().status(status).fin(OUT, after=milliseconds).clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.alternatives) == (Certainty.CERTAIN, ())
        assert f"the acceptor answered {status}, and the initiator closed" in found.why
        assert shown(found)[1:] == [f"status {status}, where named: is needed", "the initiator closes"]


def test_others() -> None:
    """A node that has a name does not ask for one, and while the connection is open nothing is decided."""
    assert said(NAME, Talk(Clock()).dial().name("ann@host", flags=OTP_26 | Flag.NAME_ME).fin(BACK).clock) is None
    assert said(NAME, Talk(Clock()).dial().name("host").fin(BACK).clock) is None
    assert said(NAME, wanting().clock) is None
    assert said(NAME, wanting().status("ok").clock) is None
