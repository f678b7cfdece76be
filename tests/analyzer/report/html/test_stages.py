"""How far an attempt got."""

from __future__ import annotations

from analyzer.report import view
from analyzer.report.document import Case
from analyzer.report.html.stages import Mark, way
from analyzer.sessions import events
from analyzer.sessions.events import Leg
from dissectors.dialogue import Side
from tests.analyzer.report.building import (
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    healthy_finding,
    mismatch,
    packet,
    refused_handshake,
    registration,
)


def _case(*args: object) -> Case:
    return view.build(analysis_of(diagnosis(*args))).cases[0]  # type: ignore[arg-type]


def test_a_problem_is_broken_at_its_stage() -> None:
    """What lies before it was passed, what lies behind was never reached."""
    marks = dict(way(view.build(analysis_of(mismatch())).cases[0]))
    assert list(marks) == ["lookup", "TCP", "name", "status", "challenge", "reply", "ack", "link up"]
    assert [marks[name] for name in ("lookup", "challenge", "reply", "ack")] == [
        Mark.PASSED,
        Mark.PASSED,
        Mark.BROKEN,
        Mark.UNREACHED,
    ]


def test_a_lookup_that_is_not_in_the_capture_was_not_passed() -> None:
    """Nobody knows how it went; and what did not fail is not broken."""
    case = _case(attempt(refused_handshake()), healthy_finding("connected"))
    marks = dict(way(case))
    assert (marks["lookup"], marks["reply"]) == (Mark.UNSEEN, Mark.REACHED)


def test_tls_is_a_stage_where_it_was_spoken() -> None:
    """Else it is left out: most nodes do without."""
    record = events.TlsSaid(packet=packet(11, 2), side=Side.INITIATOR, leg=Leg.LINK, message=object())
    assert "TLS" in dict(way(_case(attempt([*refused_handshake()[:3], record]), cookie_finding())))


def test_a_link_that_ended() -> None:
    """Has one stage more."""
    ack = events.AckSent(packet=packet(15, 4), side=Side.ACCEPTOR, leg=Leg.LINK)
    data = [
        events.DataStarted(packet=packet(16, 5), side=side, leg=Leg.LINK) for side in (Side.INITIATOR, Side.ACCEPTOR)
    ]
    closed = events.Closed(packet=packet(17, 9), side=Side.INITIATOR, leg=Leg.LINK)
    case = _case(attempt([*refused_handshake()[:-1], ack, *data, closed]), healthy_finding("closed-normally"))
    assert way(case)[-1] == ("ended", Mark.REACHED)


def test_a_registration_has_no_way() -> None:
    """The stages are those of a connection."""
    assert way(view.build(analysis_of(registration())).cases[0]) == ()
