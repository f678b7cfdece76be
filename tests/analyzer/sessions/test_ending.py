"""Answers and timers: who gave up, and why then."""

from __future__ import annotations

import pytest

from analyzer.sessions.attempt import Attempt
from analyzer.sessions.ending import Ending, ending_of, hangs, is_slow_path, name_never_came, seconds
from analyzer.sessions.endpoints import Ports
from dissectors import handshake
from dissectors.dialogue import Side
from tests.analyzer.sessions.talking import (
    BACK,
    MILLISECOND,
    OUT,
    PORT,
    SECOND,
    Clock,
    Talk,
    ask_epmd,
    attempts,
    framed,
    lookup,
)


def ended(clock: Clock) -> tuple[Attempt, Ending]:
    """The only attempt, and how its link ended."""
    [attempt] = attempts(clock)
    ending = ending_of(attempt, attempt.link)
    assert ending is not None
    return attempt, ending


def about(milliseconds: float) -> object:
    """To a tenth of a second: the other packets of the story take a little too."""
    return pytest.approx(milliseconds * MILLISECOND, abs=100 * MILLISECOND)


def test_open_is_no_ending() -> None:
    """While neither side closes there is nothing to judge."""
    clock = Clock()
    Talk(clock).dial().greet()
    [attempt] = attempts(clock)
    assert ending_of(attempt, attempt.link) is None
    assert ending_of(attempt, None) is None
    assert not is_slow_path(attempt)


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_wrong_cookie_is_a_prompt_answer(how: str) -> None:
    """The acceptor closes a millisecond after the reply."""
    clock = Clock()
    talk = Talk(clock).dial().name().status().challenge().reply(b"other")
    _, ending = ended((talk.fin(BACK) if how == "fin" else talk.rst(BACK)).clock)
    assert ending.prompt and not ending.by_timer
    assert ending.side is Side.ACCEPTOR
    assert ending.waited == pytest.approx(MILLISECOND, abs=20_000)
    assert ending.is_reset is (how == "rst")


def test_seven_seconds_without_an_answer() -> None:
    """net_setuptime: the initiator waits for a status that never comes; its timer began with its SYN."""
    clock = Clock()
    lookup(clock)
    Talk(clock).dial().name().fin(OUT, after=6997)
    _, ending = ended(clock)
    assert ending.by_timer
    assert ending.side is Side.INITIATOR
    assert ending.timer == about(7000)


def test_seven_seconds_after_the_challenge() -> None:
    """The acceptor starts its timer anew with its status and its challenge: it is since the challenge that counts."""
    clock = Clock()
    talk = Talk(clock).dial().name(after=3000).status(after=2000).challenge(after=1000)
    talk.fin(BACK, after=7000)
    _, ending = ended(clock)
    assert ending.by_timer and ending.side is Side.ACCEPTOR
    assert ending.timer == about(7000)


def test_seven_seconds_after_the_reply() -> None:
    """The initiator starts its timer anew with its reply."""
    clock = Clock()
    Talk(clock).dial().name().status(after=3000).challenge().reply().fin(OUT, after=7000)
    _, ending = ended(clock)
    assert ending.by_timer and ending.timer == about(7000)


def test_a_silent_initiator() -> None:
    """The acceptor's timer runs from when TCP was open."""
    clock = Clock()
    lookup(clock)
    Talk(clock).dial().fin(BACK, after=7000)
    _, ending = ended(clock)
    assert ending.by_timer and ending.timer == about(7000)


@pytest.mark.parametrize("round_trip", [700, 900])
def test_a_short_setup_time_on_a_slow_path(round_trip: int) -> None:
    """net_setuptime 2 and a long round trip: the timer fires just after the challenge arrived, and is still a timer."""
    clock = Clock()
    lookup(clock)
    talk = Talk(clock).dial(round_trip=round_trip).name(after=1).status(after=round_trip)
    since_syn = clock.now - next(event.packet.at for event in clock.told if event.stream is talk.stream)
    talk.fin(OUT, after=2000 - since_syn / MILLISECOND)
    attempt, ending = ended(clock)
    assert ending.waited < 700 * MILLISECOND, "within the time in which a node on such a path may answer"
    assert ending.by_timer
    assert ending.timer == about(2000)
    assert is_slow_path(attempt)


@pytest.mark.parametrize(
    ("late", "by_timer", "on_the_second"),
    [(0, True, True), (60, True, True), (61, True, False), (90, True, False), (-1200, False, False)],
)
def test_nothing_to_answer_yet(late: int, by_timer: bool, on_the_second: bool) -> None:
    """The initiator closes while its name is on its way, at its timer of 2 s or somewhat later: what arrives behind
    that tells nothing of why."""
    clock = Clock()
    lookup(clock)
    talk = Talk(clock).dial(round_trip=750).name(after=1)
    since_syn = clock.now - next(event.packet.at for event in clock.told if event.stream is talk.stream)
    talk.fin(OUT, after=2000 + late - since_syn / MILLISECOND).status(after=100).challenge(after=1)
    _, ending = ended(clock)
    assert (ending.by_timer, ending.on_the_second) == (by_timer, on_the_second)
    assert ending.waited < 2300 * MILLISECOND, "within the time in which a node on such a path may answer"


@pytest.mark.parametrize("round_trip", [150, 300, 700])
def test_a_wrong_cookie_on_a_slow_path(round_trip: int) -> None:
    """Seen at the initiator the rejection comes a round trip after the reply: an answer, not a timer."""
    clock = Clock()
    lookup(clock)
    talk = Talk(clock).dial(round_trip=round_trip)
    talk.name().status(after=round_trip).challenge(after=0.1).reply(b"other").fin(BACK, after=round_trip)
    _, ending = ended(clock)
    assert ending.prompt
    assert ending.side is Side.ACCEPTOR


def test_a_fast_path_is_not_slow() -> None:
    """Seven seconds are many round trips here."""
    clock = Clock()
    Talk(clock).dial().name().fin(OUT, after=6997)
    [attempt] = attempts(clock)
    assert not is_slow_path(attempt)


def test_whole_seconds_on_a_fast_path_are_chance() -> None:
    """A prompt answer that happens to fall on a whole second after the dial is no timer."""
    clock = Clock()
    lookup(clock)
    Talk(clock).dial().name(after=2998).fin(BACK)
    _, ending = ended(clock)
    assert ending.prompt


def test_what_was_never_acknowledged_was_not_heard() -> None:
    """A name that is repeated and never acknowledged did not arrive: the acceptor's close is no answer to it."""
    clock = Clock()
    name = framed(handshake.SendName(flags=1, creation=1, name="ann@10.0.0.1"))
    talk = Talk(clock).dial().send(OUT, name, acked=False)
    for wait in (200, 400, 800, 1600, 3200):
        talk.resend(OUT, after=wait, length=len(name))
    talk.fin(BACK, after=798)
    _, ending = ended(clock)
    assert ending.side is Side.ACCEPTOR
    assert ending.by_timer
    assert ending.waited == about(7000)


def test_a_part_that_was_acknowledged_was_heard() -> None:
    """The acknowledgment of the first part is the last sign that it arrived."""
    clock = Clock()
    talk = Talk(clock).dial().name()
    heard = clock.now
    talk.status().challenge(after=3000).send(OUT, b"\0\x15r", acked=False, after=1).fin(BACK, after=4000)
    [attempt] = attempts(clock)
    ending = ending_of(attempt, attempt.link)
    assert ending is not None
    assert ending.waited == ending.closing.packet.at - heard


def test_a_repeated_segment_counts_as_heard() -> None:
    """A lost reply that arrives by its repetition is answered then."""
    clock = Clock()
    talk = Talk(clock).dial().name().status().challenge().reply(b"other")
    talk.resend(OUT, after=3000).fin(BACK)
    _, ending = ended(clock)
    assert ending.prompt


@pytest.mark.parametrize(
    ("asked", "watched", "answered", "never_came"),
    [(True, 800, False, True), (False, 800, False, False), (True, 700, False, False), (True, 800, True, False)],
    ids=["looked up and cut off", "a probe", "the capture ends too early to tell", "a client that only waited"],
)
def test_a_name_that_never_came(asked: bool, watched: int, answered: bool, never_came: bool) -> None:
    """Who asked EPMD for the node meant to say its name; who answers the acceptor's FIN is there, and did not."""
    clock = Clock()
    if asked:
        lookup(clock)
    talk = Talk(clock).dial().fin(BACK, after=7000)
    closed = clock.now
    if answered:
        talk.fin(OUT)
    [attempt] = attempts(clock, Ports(distribution=frozenset({PORT})))
    assert name_never_came(attempt, closed + watched * MILLISECOND) is never_came


@pytest.mark.parametrize(
    ("acknowledged", "watched", "hung"),
    [(None, 999, False), (None, 1000, True), (19, 999, False), (20, 999, True)],
    ids=["the capture ends too early to tell", "nothing comes", "an emulator answers", "a kernel acknowledges"],
)
def test_a_listener_that_hangs(acknowledged: float | None, watched: int, hung: bool) -> None:
    """It does not close when the initiator gives up on its ClientHello."""
    talk = Talk(Clock()).dial().send(OUT, b"\x16\x03\x01\x00\x50").fin(OUT, after=7000)
    given_up = talk.clock.now
    if acknowledged is not None:
        talk.acknowledge(BACK, after=acknowledged)
    [attempt] = attempts(talk.clock, Ports(distribution=frozenset({PORT})))
    assert hangs(attempt, given_up + watched * MILLISECOND) is hung


def test_what_comes_after_the_close_is_not_what_it_waited_for() -> None:
    """The other side's last words were on their way."""
    talk = Talk(Clock()).dial().name().status().fin(BACK, after=7000)
    talk.send(OUT, framed(handshake.ChallengeReply(challenge=1, digest=bytes(16))))
    _, ending = ended(talk.clock)
    assert ending.by_timer and ending.waited == about(7000)


def test_the_lookups_ending() -> None:
    """The same for EPMD's connection: seven seconds, by the initiator."""
    clock = Clock()
    ask_epmd(clock).fin(OUT, after=7000)
    [attempt] = attempts(clock)
    ending = ending_of(attempt, attempt.epmd)
    assert ending is not None and ending.by_timer and ending.timer == about(7000)


@pytest.mark.parametrize(
    ("nanoseconds", "said"),
    [
        (7 * SECOND, "7.0 s"),
        (SECOND, "1.0 s"),
        (999 * MILLISECOND, "999 ms"),
        (13 * MILLISECOND, "13 ms"),
        (10 * MILLISECOND, "10 ms"),
        (9_500_000, "9.5 ms"),
        (400_000, "0.4 ms"),
        (0, "0.0 ms"),
    ],
)
def test_durations_in_words(nanoseconds: int, said: str) -> None:
    """As people say them."""
    assert seconds(nanoseconds) == said
