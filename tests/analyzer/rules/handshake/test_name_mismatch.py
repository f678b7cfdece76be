"""When a user is told that another node answers than was called: by its name, the kind of names, or its address."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import HoleCause
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk, lookup

NAME = "name-mismatch"


def challenged(answers: str, caller: str = "ann@10.0.0.1", called: str | None = "bob") -> Talk:
    """Somebody answers who was called by EPMD's name."""
    clock = Clock()
    if called is not None:
        lookup(clock, name=called)
    return Talk(clock).dial().name(caller).status().challenge(answers)


@pytest.mark.parametrize(
    ("answers", "caller", "called", "clue"),
    [
        ("abe@10.0.0.2", "ann@10.0.0.1", "bob", "; EPMD was asked for bob, and abe answers"),
        ("zoe@10.0.0.2", "ann@10.0.0.1", "bob", "; EPMD was asked for bob, and zoe answers"),
        ("bob@far", "ann@10.0.0.1", "bob", "; the acceptor uses short names and the initiator long ones"),
        ("bob@far.lab", "ann@near", "bob", "; the acceptor uses long names and the initiator short ones"),
        ("bob@10.9.9.9", "ann@10.0.0.1", None, "; the name holds the address 10.9.9.9, but the connection goes to"),
    ],
)
def test_a_clue(answers: str, caller: str, called: str | None, clue: str) -> None:
    """That makes it certain."""
    found = said(NAME, challenged(answers, caller, called).fin(OUT, after=2).clock)
    assert found is not None
    assert (found.certainty, found.alternatives) == (Certainty.CERTAIN, ())
    assert clue in found.why
    assert (found.detail["answered"], found.detail["rejected_by"]) == (answers, "initiator")
    assert shown(found) == [
        *(["EPMD is asked for 'bob'"] if called else []),
        f"the challenge comes from {answers}",
        "the initiator closes without a reply",
    ]


@pytest.mark.parametrize("called", ["bob", None])
def test_no_clue(called: str | None) -> None:
    """All fits, and the initiator closes all the same: the name that it called is not in the packets."""
    found = said(NAME, challenged("bob@10.0.0.2", called=called).fin(OUT, after=2).clock)
    assert found is not None
    assert (found.certainty, found.alternatives) == (
        Certainty.LIKELY,
        ("the initiator's node ended in that very moment",),
    )


@pytest.mark.parametrize("how", ["acceptor", "timer", "replied", "open", "flags", "middlebox", "no challenge"])
def test_other_ends(how: str) -> None:
    """Only an initiator that closes at once, and could take the challenge, refuses the name."""
    talk = challenged("abe@10.0.0.2")
    if how == "acceptor":
        talk.fin(BACK)
    elif how == "timer":
        talk.fin(OUT, after=7000)
    elif how == "replied":
        talk.reply().fin(OUT)
    elif how == "middlebox":
        talk.rst(OUT, ttl=33)
    elif how == "flags":
        talk = Talk(Clock()).dial().name().status().challenge("abe@10.0.0.2", flags=0x4).fin(OUT)
    elif how == "no challenge":
        talk = Talk(Clock()).dial().name().status().fin(OUT)
    assert said(NAME, talk.clock) is None


def test_a_challenge_that_cannot_be_read() -> None:
    """Of which the capture has a part: nothing is sure."""
    talk = Talk(Clock()).dial().name().hole(BACK, 5, cause=HoleCause.NOT_CAPTURED).challenge("abe@10.0.0.2")
    found = said(NAME, talk.fin(OUT).clock)
    assert found is not None
    assert found.certainty is Certainty.POSSIBLE
