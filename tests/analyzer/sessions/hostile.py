"""Steps that a hostile network may take with a connection, in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from analyzer.sessions.attempt import Attempt
from analyzer.sessions.events import Leg
from analyzer.streams.stream import Direction, HoleCause, ResetFit
from dissectors import epmd
from dissectors.dialogue import Side
from tests.analyzer.sessions.talking import BACK, BOB, DATA, OUT, PORT, TICK, Talk, framed, port2_resp

Draw = Callable[[st.SearchStrategy[Any]], Any]
REGISTRATION = epmd.Alive2Req(port=PORT, type=77, protocol=0, highest=6, lowest=5, name="bob")
SAID = [
    DATA,
    TICK,
    b"GET / HTTP/1.1\r\n",
    framed(epmd.Port2Req(name="bob")),
    framed(REGISTRATION),
    port2_resp().write(),
    f"\0\5xann@{BOB}".encode(),
]
STEPS: dict[str, Callable[[Talk, Direction, Draw], object]] = {
    "syn": lambda talk, side, draw: talk.syn(retry=draw(st.integers(0, 2))),
    "syn_ack": lambda talk, side, draw: talk.syn_ack(),
    "open": lambda talk, side, draw: talk.open(),
    "name": lambda talk, side, draw: talk.name(),
    "status": lambda talk, side, draw: talk.status(),
    "challenge": lambda talk, side, draw: talk.challenge(),
    "reply": lambda talk, side, draw: talk.reply(),
    "ack": lambda talk, side, draw: talk.ack(),
    "asked": lambda talk, side, draw: talk.ask(epmd.Port2Req(name="bob")),
    "answered": lambda talk, side, draw: talk.answer(port2_resp()),
    "said": lambda talk, side, draw: talk.send(side, draw(st.sampled_from(SAID))),
    "bytes": lambda talk, side, draw: talk.send(side, draw(st.binary(min_size=1, max_size=40))),
    "hole": lambda talk, side, draw: talk.hole(side, draw(st.integers(1, 70)), cause=draw(st.sampled_from(HoleCause))),
    "resend": lambda talk, side, draw: talk.resend(side),
    "acknowledge": lambda talk, side, draw: talk.acknowledge(side),
    "fin": lambda talk, side, draw: talk.fin(side, retry=draw(st.integers(0, 1))),
    "implied": lambda talk, side, draw: talk.imply(side),
    "rst": lambda talk, side, draw: talk.rst(side, fit=draw(st.sampled_from(ResetFit))),
    "icmp": lambda talk, side, draw: talk.icmp(),
}


def misbehave(talks: list[Talk], draw: Draw, *, most: int = 20) -> None:
    """Some steps of some of these connections."""
    step = st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(talks), st.sampled_from([OUT, BACK]))
    for name, talk, side in draw(st.lists(step, min_size=1, max_size=most)):
        STEPS[name](talk, side, draw)


def assert_sound(attempt: Attempt) -> None:
    """What holds of every attempt."""
    assert attempt.timeline
    assert attempt.epmd is not None or attempt.link is not None
    assert attempt.identified_by
    assert attempt.started_at <= attempt.ended_at
    packets = [event.packet for event in attempt.timeline]
    assert packets == sorted(packets, key=lambda packet: (packet.at, packet.number))
    for side in Side:
        assert attempt.label(side)
    for event in attempt.timeline:
        connection = attempt.epmd if event.leg is Leg.EPMD else attempt.link
        assert connection is not None
