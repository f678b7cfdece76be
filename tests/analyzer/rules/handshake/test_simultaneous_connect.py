"""What a user is told of two nodes that dial each other at once: which connection survives, and how sure that is."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.findings import Certainty
from tests.analyzer.rules.asking import all_said, said, shown
from tests.analyzer.sessions.talking import ANN, BACK, BOB, OUT, PORT, Clock, Talk

NAME = "simultaneous-connect"
OPPOSITE = "send_name on the connection in the other direction"


@pytest.mark.parametrize(
    ("status", "expected"), [("nok", Certainty.LIKELY), ("ok_simultaneous", Certainty.CERTAIN), ("ok", None)]
)
def test_one_of_them_is_seen(status: str, expected: Certainty | None) -> None:
    """nok may have another reason; ok_simultaneous has not."""
    found = said(NAME, Talk(Clock()).dial().name().status(status).fin(BACK).clock)
    assert (found and found.certainty) is expected
    if found is not None:
        assert found.detail == {"status": status, "survived": False}
        assert len(found.alternatives) == (status == "nok")
        assert shown(found) == ["send_name", f"status {status}"]


@pytest.mark.parametrize("when", ["before", "meanwhile", "after", "to another host"])
def test_both_are_seen(when: str) -> None:
    """At one time: then nok is certain, too, and the other one is shown."""
    clock = Clock()
    host = "10.0.0.3" if when == "to another host" else ANN
    back = Talk(clock, BOB, Endpoint(host, PORT))
    if when == "before":
        back.dial().name(f"bob@{BOB}").status().challenge(f"ann@{ANN}").fin(OUT).fin(BACK)
    elif when != "after":
        back.dial().name(f"bob@{BOB}").status()
    Talk(clock).dial().name().status("nok").fin(BACK).fin(OUT)
    if when == "after":
        back.dial().name(f"bob@{BOB}").status()
    if when != "before":
        back.challenge(f"ann@{ANN}").fin(OUT).fin(BACK)
    (found,) = all_said(NAME, clock)
    both = when == "meanwhile"
    assert found.certainty is (Certainty.CERTAIN if both else Certainty.LIKELY)
    assert (OPPOSITE in shown(found)) is both
    assert bool(found.alternatives) is not both


@pytest.mark.parametrize(("end", "told"), [("open", True), ("closed", True), ("reset", False)])
def test_the_one_that_survives(end: str, told: bool) -> None:
    """Is the story until the link breaks: then the way in which it broke is."""
    talk = Talk(Clock()).dial().name().status("ok_simultaneous").challenge().reply().ack().chat()
    if end == "closed":
        talk.fin(OUT)
    elif end == "reset":
        talk.rst(OUT)
    found = said(NAME, talk.clock)
    assert (found is not None) is told
    if found is not None:
        assert found.detail == {"status": "ok_simultaneous", "survived": True}
        assert found.why.endswith("this connection survives")


def test_the_one_that_breaks_off_before_the_ack() -> None:
    """However it ends, the other one is what survives."""
    found = said(NAME, Talk(Clock()).dial().name().status("nok").rst(BACK).clock)
    assert found is not None
    assert found.why.endswith("the other connection is the one that survives")
