"""When a user is told that global disconnected a node: by its own words, or by links that come down together."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.findings import Certainty
from tests.analyzer.rules.asking import all_said, said, shown
from tests.analyzer.sessions.talking import ANN, BACK, BOB, OUT, PORT, Clock, Talk
from tests.generate import telling

NAME = "partition-disconnect"
CID = "10.0.0.3"


@pytest.mark.parametrize(("milliseconds", "told"), [(300, True), (301, False)])
def test_global_says_so(milliseconds: int, told: bool) -> None:
    """That it removes the connection, just before it does."""
    talk = Talk(Clock()).dial().greet().chat().send(OUT, telling("remove_connection"), acked=False)
    found = said(NAME, talk.fin(OUT, after=milliseconds).clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.alternatives) == (Certainty.CERTAIN, ())
        assert found.why.startswith(f"global of ann@{ANN} said on this link that it removes the connection")
        assert shown(found) == ["global: remove_connection", "this link is closed"]
        assert found.detail == {"node": f"ann@{ANN}", "peers": [f"bob@{BOB}"]}


def apart(word: str | None, lived: float = 10_000) -> Clock:
    """Ann's links to bob and cid come down together, one of them by the peer; one of them may hear of a lost one."""
    clock = Clock()
    talks = [Talk(clock, ANN, Endpoint(host, PORT)).dial() for host in (BOB, CID)]
    for talk, host in zip(talks, (BOB, CID), strict=True):
        talk.name().status().challenge(f"node@{host}").reply().ack().chat()
    clock.wait(lived)
    if word is not None:
        talks[0].send(OUT, telling(word))
    talks[0].fin(OUT, after=5).fin(BACK)
    talks[1].fin(BACK, after=5).fin(OUT)
    return clock


@pytest.mark.parametrize(("word", "expected"), [("lost_connection", Certainty.LIKELY), (None, Certainty.POSSIBLE)])
def test_links_that_come_down_together(word: str | None, expected: Certainty) -> None:
    """Likely where global told of another that was lost."""
    first, second = all_said(NAME, apart(word))
    assert (first.certainty, second.certainty) == (expected, Certainty.POSSIBLE)
    for found in (first, second):
        assert found.detail == {"node": f"ann@{ANN}", "peers": [f"node@{BOB}", f"node@{CID}"]}
        assert found.why.startswith(f"the links of ann@{ANN} with node@{BOB} and node@{CID} closed within 6.0 ms")
        assert len(found.alternatives) == 1
    assert shown(first)[-2:] == ["this link is closed", f"so is the link of ann@{ANN} and node@{CID}"]
    assert ("global: lost_connection" in shown(first)) is (word is not None)


def test_links_that_had_just_come_up() -> None:
    """Count, too."""
    assert len(all_said(NAME, apart(None, lived=100))) == 2


def test_a_link_that_just_ends() -> None:
    """Nobody says anything of it."""
    assert said(NAME, Talk(Clock()).dial().greet().chat().fin(OUT).clock) is None
