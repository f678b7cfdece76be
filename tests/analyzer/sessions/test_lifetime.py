"""How a link that was up came down."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.lifetime import partition, setup_failed, silent_side, superseding, tick_timeout_of
from analyzer.sessions.surroundings import Surroundings
from dissectors.dialogue import Side
from tests.analyzer.sessions.talking import (
    ANN,
    BACK,
    BOB,
    DATA,
    OTP_26,
    OUT,
    PORT,
    SECOND,
    TICK,
    Clock,
    Talk,
    attempts,
)

CID = "10.0.0.3"
HIDDEN = OTP_26 & ~1
OTP_24 = 0xD_03DF_7FBD


def told(talk: Talk) -> Attempt:
    return attempts(talk.clock)[0]


def around(found: list[Attempt]) -> Surroundings:
    return Surroundings(found, {})


def ticking(interval: float, count: int = 4) -> Talk:
    """A link with ticks of both sides, milliseconds apart."""
    talk = Talk(Clock()).dial().greet().chat()
    for _ in range(count):
        talk.send(OUT, TICK, after=interval).send(BACK, TICK, after=1)
    return talk


# --- Ticks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("interval", "ticktime"), [(15_000, 60), (2_000, 8), (1_000, 4)])
def test_ticks_that_stop(interval: int, ticktime: int) -> None:
    """One side goes on for a net_ticktime, hears nothing and closes."""
    talk = ticking(interval)
    for _ in range(4):
        talk.send(OUT, TICK, after=interval, acked=False)
    talk.fin(OUT)
    silence = tick_timeout_of(told(talk))
    assert silence is not None
    assert (silence.side, silence.ticktime) == (Side.ACCEPTOR, ticktime)
    assert silence.length == pytest.approx(4 * interval * 10**6, rel=0.01)
    assert silence.sent == 4


@pytest.mark.parametrize(("silence", "expected"), [(41_900, None), (42_100, Side.ACCEPTOR)])
def test_less_than_a_ticktime(silence: int, expected: Side | None) -> None:
    """Detection takes three quarters of it at least."""
    talk = ticking(15_000).send(OUT, TICK, after=15_000, acked=False).send(OUT, TICK, after=15_000, acked=False)
    found = tick_timeout_of(told(talk.fin(OUT, after=silence - 30_000)))
    assert (found and found.side) is expected


def test_ticks_in_pairs() -> None:
    """Two of them at once are no shorter interval."""
    talk = Talk(Clock()).dial().greet().chat()
    for _ in range(6):
        talk.send(OUT, TICK, after=15_000).send(OUT, TICK).send(BACK, TICK).send(BACK, TICK)
    found = tick_timeout_of(told(talk.send(OUT, TICK, after=15_000, acked=False).fin(OUT, after=30_000)))
    assert found is not None and found.ticktime == 60


def test_a_close_while_ticks_flow() -> None:
    """The last tick was just now: this is no timeout."""
    assert tick_timeout_of(told(ticking(15_000).fin(OUT))) is None


def test_both_silent() -> None:
    """The closing side has been silent too: nothing says that it waited for ticks."""
    assert tick_timeout_of(told(ticking(15_000).fin(OUT, after=3_600_000))) is None


def test_silence_without_ticks() -> None:
    """Where no tick tells the interval, only a long silence counts, in which the other side spoke."""
    for wait, expected in ((8_000, None), (45_000, Side.ACCEPTOR)):
        talk = Talk(Clock()).dial().greet().chat()
        talk.send(OUT, DATA, after=wait, acked=False).fin(OUT, after=1)
        silence = tick_timeout_of(told(talk))
        assert (silence and silence.side) is expected


def test_a_link_that_stands() -> None:
    """Open, or never up: no timeout of ticks."""
    assert tick_timeout_of(told(ticking(15_000))) is None
    assert tick_timeout_of(told(Talk(Clock()).dial().name().fin(OUT, after=60_000))) is None


# --- Silence ----------------------------------------------------------------------------------------------------------


def dying(copies: int) -> Talk:
    """Data that is repeated again and again, and nothing at all in return."""
    talk = Talk(Clock()).dial().greet().chat().send(OUT, DATA, acked=False)
    for number in range(copies):
        talk.resend(OUT, after=200 * 2**number, length=len(DATA))
    return talk


def test_a_dead_link() -> None:
    """Four copies over three seconds without a sign of life, and no close in the capture."""
    assert silent_side(told(dying(5))) is Side.ACCEPTOR


@pytest.mark.parametrize(("apart", "expected"), [(999, None), (1000, Side.ACCEPTOR)])
def test_three_copies_in_three_seconds(apart: int, expected: Side | None) -> None:
    """So many are needed, and so long."""
    talk = Talk(Clock()).dial().greet().chat().send(OUT, DATA, acked=False)
    for _ in range(3):
        talk.resend(OUT, after=apart, length=len(DATA))
    assert silent_side(told(talk)) is expected


@pytest.mark.parametrize("copies", [0, 1, 2])
def test_a_lossy_link_is_not_dead(copies: int) -> None:
    """A few repetitions are daily life."""
    assert silent_side(told(dying(copies))) is None


def test_a_sign_of_life() -> None:
    """Whatever comes from the other side ends the silence."""
    talk = dying(4).acknowledge(BACK).resend(OUT, after=100, length=len(DATA))
    assert silent_side(told(talk)) is None


def test_a_dead_link_that_was_closed_is_judged_by_its_close() -> None:
    """Then the close says more."""
    assert silent_side(told(dying(5).fin(OUT))) is None


# --- Setup ------------------------------------------------------------------------------------------------------------


def test_closed_right_after_the_ack() -> None:
    """The acceptor closes before it sent any data."""
    closing = setup_failed(told(Talk(Clock()).dial().greet().fin(BACK, after=5)))
    assert closing is not None and closing.side is Side.ACCEPTOR


def test_the_initiator_that_closes_after_the_ack_doubts_the_cookie() -> None:
    """Without data of the acceptor it can't be told from a wrong ack; with data it can."""
    assert setup_failed(told(Talk(Clock()).dial().greet().fin(OUT, after=5))) is None
    closing = setup_failed(told(Talk(Clock()).dial().greet().send(BACK, DATA).fin(OUT, after=5)))
    assert closing is not None and closing.side is Side.INITIATOR


def test_a_hidden_node_has_nothing_to_say() -> None:
    """Its silence tells nothing."""
    talk = Talk(Clock()).dial().name(flags=HIDDEN).status().challenge().reply().ack().send(BACK, DATA)
    assert setup_failed(told(talk.fin(OUT, after=5))) is None


def test_closed_later_or_after_data() -> None:
    """That is a link that was up."""
    assert setup_failed(told(Talk(Clock()).dial().greet().fin(BACK, after=5000))) is None
    assert setup_failed(told(Talk(Clock()).dial().greet().chat().fin(BACK))) is None
    assert setup_failed(told(Talk(Clock()).dial().greet())) is None


# --- A newer link -----------------------------------------------------------------------------------------------------


def superseded(*, alive: bool = True, wait: float = 1) -> list[Attempt]:
    """A node that restarted and dials again; the acceptor drops the old link as the new reply comes."""
    clock = Clock()
    old = Talk(clock).dial().greet().chat()
    clock.wait(10_000)
    new = Talk(clock).dial().name().status("alive" if alive else "ok").challenge().reply()
    old.fin(BACK, after=wait)
    new.ack().chat()
    return attempts(clock)


def test_superseded() -> None:
    """The newer attempt is the reason."""
    old, new = superseded()
    assert superseding(old, around([old, new])) is new
    assert superseding(new, around([old, new])) is None


def test_not_superseded() -> None:
    """Without ``alive``, or at another time, the close has another reason."""
    for found in (superseded(alive=False), superseded(wait=5000)):
        assert superseding(found[0], around(found)) is None


# --- Partitions -------------------------------------------------------------------------------------------------------


def disconnected(apart: float, closers: tuple[bool, bool] = (True, False), flags: int = OTP_26) -> list[Attempt]:
    """Ann's links to bob and cid come down: by ann, or by the peer."""
    clock = Clock()
    talks = []
    for host in (BOB, CID):
        talk = Talk(clock, ANN, Endpoint(host, PORT)).dial().name(flags=flags).status().challenge(f"node@{host}")
        talks.append(talk.reply().ack().chat())
    clock.wait(10_000)
    for talk, by_peer in zip(talks, closers, strict=True):
        talk.fin(BACK if by_peer else OUT, after=apart).fin(OUT if by_peer else BACK)
    return attempts(clock)


def test_links_that_come_down_together() -> None:
    """Some closed by the node and some by its peers: that is ``global``, not the end of a node."""
    found = disconnected(5)
    split = partition(found[0], around(found))
    assert split is not None
    assert split.node == f"ann@{ANN}"
    assert split.peers == {f"node@{BOB}", f"node@{CID}"}
    assert split.others == (found[1],)


@pytest.mark.parametrize(
    "found",
    [
        disconnected(5, (False, False)),
        disconnected(4000),
        disconnected(5, flags=OTP_24),
        disconnected(5)[:1],
    ],
    ids=["the node ends", "at other times", "an old release", "one link only"],
)
def test_no_partition(found: list[Attempt]) -> None:
    """What a node's end, chance, an old release or a single link explain as well."""
    assert partition(found[0], around(found)) is None


def test_the_stories_are_what_they_seem() -> None:
    """All of these links were up and came down."""
    for attempt in disconnected(5):
        assert attempt.stage is Stage.ENDED
        assert isinstance(attempt.timeline[-1], events.Closed)
        assert attempt.link is not None and attempt.link.end is not None
        assert attempt.link.end.packet.at - attempt.started_at > 10 * SECOND
