"""What surrounds an attempt."""

from __future__ import annotations

from analyzer.decode.segment import Endpoint
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.surroundings import Extent, Surroundings, digest_of
from dissectors import epmd, flags
from dissectors.cookie import CookieJar, digest
from dissectors.dialogue import Side
from tests.analyzer.sessions.talking import (
    ANN,
    BACK,
    BOB,
    COOKIE,
    OTP_26,
    OUT,
    PORT,
    START,
    Clock,
    Talk,
    ask_epmd,
    attempts,
    lookup,
    port2_resp,
)

CID = "10.0.0.3"
OTP_28 = 0x2D_07DF_7FBD


def around(clock: Clock, extents: dict[int, Extent] | None = None, cookies: CookieJar | None = None) -> Surroundings:
    return Surroundings(attempts(clock), extents or {}, cookies)


def others(found: object) -> list[Attempt]:
    return list(found)  # type: ignore[call-overload,no-any-return]


def test_how_far_the_capture_reaches() -> None:
    """At the attempt's own point of observation; without one, as far as the attempt itself."""
    clock = Clock()
    Talk(clock).dial().greet()
    extent = Extent(START, START + 99)
    known = around(clock, {0: extent, 1: Extent(START, START + 500)})
    [attempt] = known.attempts
    assert known.capture_ends(attempt) == START + 99
    assert known.extent(attempt) is extent
    unknown = around(clock)
    assert unknown.capture_ends(unknown.attempts[0]) == unknown.attempts[0].ended_at
    assert unknown.extent(unknown.attempts[0]) is None


def neighbours() -> Surroundings:
    """ann → bob, bob → ann, ann → cid, and a question to bob's EPMD."""
    clock = Clock()
    lookup(clock)
    Talk(clock).dial().greet()
    Talk(clock, BOB, Endpoint(ANN, PORT + 1)).dial().greet(f"bob@{BOB}", f"ann@{ANN}")
    Talk(clock, ANN, Endpoint(CID, PORT)).dial().greet(f"ann@{ANN}", f"cid@{CID}")
    ask_epmd(clock, ANN, BOB).ask(epmd.NamesReq())
    Talk(clock, CID).dial().greet(f"cid@{CID}")
    return around(clock)


def test_of_a_node() -> None:
    """Attempts with that node on either side, under way at the time."""
    known = neighbours()
    to_bob, back, to_cid, _, from_cid = known.attempts
    always = START, from_cid.ended_at
    assert known.of_node(f"ann@{ANN}", *always) == [to_bob, back, to_cid]
    assert known.of_node(f"cid@{CID}", *always) == [to_cid, from_cid]
    assert known.of_node(f"cid@{CID}", from_cid.ended_at, from_cid.ended_at) == [to_cid, from_cid][1:]
    assert known.of_node("nobody@nowhere", *always) == known.of_node(None, *always) == []


def test_who_is_never_answered() -> None:
    """Connections that a port takes and says nothing on."""
    clock = Clock()
    Talk(clock).dial().name()
    Talk(clock, CID).dial().greet(f"cid@{CID}")
    known = around(clock)
    silent, greeted = known.attempts
    assert known.listener(greeted).silent == (silent,)


def test_what_an_epmd_told_of_its_names() -> None:
    """As it said last; nothing where it was not asked."""
    clock = Clock()
    lookup(clock)
    listed = epmd.NamesResp(epmd_port=4369, text="name bob at port 9100\n")
    ask_epmd(clock).ask(epmd.NamesReq()).answer(listed).fin(BACK).fin(OUT)
    known = around(clock)
    assert known.attempts[0].epmd is not None
    assert known.registered_at(known.attempts[0].epmd.listener) == ["bob"]
    assert known.registered_at(Endpoint(CID, 4369)) == []


def test_flags_of_the_acceptor() -> None:
    """From its challenge; else as another attempt shows them."""
    clock = Clock()
    Talk(clock).dial().name().status().challenge(flags=OTP_28)
    Talk(clock).dial().name()
    Talk(clock, CID, Endpoint(CID, PORT)).dial().name()
    known = around(clock)
    shown, silent, elsewhere = known.attempts
    assert known.acceptor_flags(shown) == OTP_28
    assert known.acceptor_flags(silent) == OTP_28, "another challenge of the same listener"
    assert known.acceptor_flags(elsewhere) is None


def test_flags_of_the_acceptor_as_an_initiator() -> None:
    """The node dialled elsewhere, and said what it can."""
    clock = Clock()
    Talk(clock, BOB, Endpoint(CID, PORT)).dial().name(f"bob@{BOB}", flags=OTP_28)
    Talk(clock).dial().name()
    known = around(clock)
    _, attempt = known.attempts
    attempt.acceptor.node = f"bob@{BOB}"
    assert known.acceptor_flags(attempt) == OTP_28


def test_release_of_the_acceptor() -> None:
    """By its flags, else by the versions that EPMD tells, else unknown."""
    clock = Clock()
    Talk(clock).dial().name().status().challenge(flags=OTP_28)
    known = around(clock)
    assert known.acceptor_release(known.attempts[0]) == flags.estimate(OTP_28)
    for highest, expected in ((5, (0, 22)), (6, (23, None))):
        clock = Clock()
        ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(port2_resp(highest=highest)).fin(BACK).fin(OUT)
        known = around(clock)
        release = known.acceptor_release(known.attempts[0])
        assert release is not None and (release.lowest, release.highest) == expected
    clock = Clock()
    Talk(clock).dial().name()
    known = around(clock)
    assert known.acceptor_release(known.attempts[0]) is None


def test_known_cookies() -> None:
    """Whose digest was made with which of the user's cookies."""
    clock = Clock()
    Talk(clock).dial().name().status().challenge().reply(b"other").ack(COOKIE)
    known = around(clock, cookies=CookieJar([b"x", COOKIE, b"other"]))
    [attempt] = known.attempts
    assert known.cookie_of_reply(attempt) == 2
    assert known.cookie_of_ack(attempt) == 1
    assert around(clock).cookie_of_reply(attempt) is None


def test_a_digest_without_its_challenge() -> None:
    """A capture that begins between the two can prove nothing."""
    clock = Clock()
    talk = Talk(clock).midstream().reply()
    known = around(clock, cookies=CookieJar([COOKIE]))
    [attempt] = known.attempts
    assert known.cookie_of_reply(attempt) is None
    assert digest_of(attempt, Side.INITIATOR) == (None, digest(COOKIE, talk.challenges[BACK]))
    assert digest_of(attempt, Side.ACCEPTOR) == (talk.challenges[OUT], None)


def test_challenge_and_digest_of_each_side() -> None:
    """A digest answers the challenge of the other side."""
    clock = Clock()
    talk = Talk(clock).dial().greet()
    [attempt] = attempts(clock)
    for side, asker in ((Side.INITIATOR, BACK), (Side.ACCEPTOR, OUT)):
        challenge = talk.challenges[asker]
        assert digest_of(attempt, side) == (challenge, digest(COOKIE, challenge))
    assert attempt.initiator_flags == OTP_26
