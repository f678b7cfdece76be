"""The ladder diagram: what stands where."""

from __future__ import annotations

from analyzer.findings import Evidence, Finding
from analyzer.report import view
from analyzer.report.html import ladder
from analyzer.report.html.ladder import Ladder
from analyzer.report.html.shapes import Text
from analyzer.sessions import events
from analyzer.sessions.events import Event, Leg
from dissectors.dataclass import replace
from dissectors.dialogue import Side
from tests.analyzer.report.building import (
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    lookup,
    mismatch,
    packet,
    refused_handshake,
)

OUT, BACK, LINK = Side.INITIATOR, Side.ACCEPTOR, Leg.LINK


def _drawn(timeline: list[Event], finding: Finding | None = None) -> Ladder:
    document = view.build(analysis_of(diagnosis(attempt(timeline), finding or cookie_finding())))
    drawing = ladder.ladder_of(document.cases[0])
    assert drawing is not None
    return drawing


def _texts(drawing: Ladder, css: str) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text) and css in shape.css.split()]


def _count(drawing: Ladder, css: str) -> int:
    return sum(css in shape.css.split() for shape in drawing.shapes)


def test_every_message_has_time_and_packet() -> None:
    """On three lifelines."""
    drawing = ladder.ladder_of(view.build(analysis_of(mismatch())).cases[0])
    assert drawing is not None
    assert _texts(drawing, "name") == ["ann", "bob", "EPMD"]
    assert _count(drawing, "lifeline") == 3
    assert _texts(drawing, "time")[:2] == ["+0.000000", "+0.000400"]
    assert _texts(drawing, "packet")[:2] == ["packets 1-3", "packet 4"]
    assert _texts(drawing, "says")[0] == "opens TCP to 10.77.0.2:4369"


def test_the_break_is_marked_where_it_was() -> None:
    """With what the proof says of it; the proof's lines are numbered beside their packets."""
    drawing = _drawn(lookup() + refused_handshake())
    assert _texts(drawing, "broke") == ["It broke here: bob closes without an ack"]
    assert (_count(drawing, "broken"), _count(drawing, "break")) == (1, 1)
    assert _texts(drawing, "badge-text") == ["1", "2", "3"]


def test_a_packet_with_several_messages_breaks_once() -> None:
    """At the message that ends something, and each line of the proof has one mark."""
    said = events.StatusSent(packet=packet(4, 1), side=BACK, leg=LINK, text="ok")
    refused = events.StatusSent(packet=packet(4, 1), side=BACK, leg=LINK, text="not_allowed")
    drawing = _drawn(
        [*refused_handshake(0)[:3], said, refused], cookie_finding(evidence=(Evidence(packet(4, 1), "no"),))
    )
    assert _texts(drawing, "within") == ['status "not_allowed"']
    assert _texts(drawing, "badge-text") == ["1"]
    assert _count(drawing, "broken") == 1


def test_a_dial_without_answer_does_not_arrive() -> None:
    """Each repetition is drawn with its time; the last ones are counted."""
    dials: list[Event] = [
        events.Dialled(packet=packet(n, 1000 * n), side=OUT, leg=LINK, retry=n - 1) for n in range(1, 10)
    ]
    finding = cookie_finding(evidence=(Evidence(packet(1, 1000), "first"), Evidence(packet(9, 9000), "last")))
    drawing = _drawn(dials, finding)
    assert _texts(drawing, "time") == [f"+{second}.000000" for second in range(ladder.REPEATS + 1)]
    assert _texts(drawing, "aside") == ["and 3 times more"]
    assert _count(drawing, "lost") == ladder.REPEATS + 1
    assert _texts(drawing, "badge-text") == ["1", "2"]


def test_a_dial_that_opened_the_connection_arrived() -> None:
    """Though its answer is not in the capture."""
    drawing = _drawn([refused_handshake(0)[0], *refused_handshake(0)[2:]])
    assert _texts(drawing, "tells")[0] == "SYN to 10.77.0.2:41123"
    assert (_count(drawing, "dials"), _count(drawing, "lost")) == (0, 0)


def test_silence_is_drawn_as_such() -> None:
    """A longer one is taller, but not by much."""

    def height(seconds: float) -> int:
        closed = events.Closed(packet=packet(16, seconds * 1000), side=OUT, leg=LINK)
        return _drawn([*refused_handshake(0)[:4], closed]).height

    drawing = _drawn([*refused_handshake(0)[:4], events.Closed(packet=packet(16, 7_001), side=OUT, leg=LINK)])
    assert _texts(drawing, "silence-text") == ["7.0 s without a message (net_setuptime is 7 s by default)"]
    assert _texts(drawing, "waited") == ["7.0 s"]
    assert height(0.1) < height(7) < height(60) < height(0.1) + 100


def test_proof_that_is_no_step_stands_between() -> None:
    """In the order of time, and a silence ends where it begins."""
    finding = cookie_finding(evidence=(Evidence(packet(16, 5_000), "a keep-alive"), Evidence(packet(17, 9_000), "FIN")))
    closed = events.Closed(packet=packet(17, 9_000), side=OUT, leg=LINK)
    drawing = _drawn([*refused_handshake(0)[:4], closed], finding)
    assert _texts(drawing, "aside") == ["a keep-alive"]
    assert _texts(drawing, "waited") == ["5.0 s", "4.0 s"]
    late = _drawn(refused_handshake(0)[:4], finding)
    assert _texts(late, "aside") == ["a keep-alive", "FIN"]
    assert _texts(late, "broke") == ["It broke here"]


def test_endings_look_different() -> None:
    """FIN, RST, refusal, ICMP, bytes again, and bytes that are missing."""
    reset = events.WasReset(
        packet=packet(9, 9), side=BACK, leg=LINK, fit="IN_WINDOW", ttl=64, usual_ttl=64, ip_id=1, usual_ip_id=1,
        acknowledges=True,
    )  # fmt: skip
    icmp = events.DialProhibited(
        packet=packet(8, 8), side=BACK, leg=LINK, reporter="10.0.0.254", version=4, type=3, code=13
    )
    again = events.Resent(packet=packet(6, 6), side=OUT, leg=LINK, offset=0, length=5, retry=1)
    lacks = events.BytesMissing(packet=packet(7, 7), side=OUT, leg=LINK, offset=0, length=5, delivered=True)
    refused = events.DialRefused(packet=packet(5, 5), side=BACK, leg=LINK)
    half: list[Event] = [*refused_handshake(0)[:2], refused, again, lacks, icmp, reset]
    drawing = _drawn(half)
    kinds = ("half-opens", "refuses", "repeats", "lacks", "prohibits", "resets")
    assert [css for css in kinds if not _count(drawing, css)] == []
    assert _count(drawing, "router") == 1


def test_a_long_story_is_cut_in_the_middle() -> None:
    """Its proof stays, and the rest is counted."""
    told = [
        events.StatusSent(packet=packet(n, n), side=BACK if n % 2 else OUT, leg=LINK, text="ok") for n in range(1, 101)
    ]
    finding = cookie_finding(evidence=(Evidence(packet(60, 60), "there"),))
    drawing = _drawn(list(told), finding)
    shown = ladder.FIRST + ladder.LAST + 1
    assert len(_texts(drawing, "says")) == shown
    hidden = [int(text.split()[1]) for text in _texts(drawing, "aside")]
    assert sum(hidden) == 100 - shown
    assert _texts(drawing, "broke") == ["It broke here: there"]


def test_what_was_not_kept_is_counted() -> None:
    """At the end of the diagram."""
    case = view.build(analysis_of(mismatch())).cases[0]
    drawing = ladder.ladder_of(replace(case, attempts=(replace(case.first, omitted=12),)))
    assert drawing is not None
    assert _texts(drawing, "aside") == ["… 12 steps not drawn"]


def test_packets_of_several_captures_say_which() -> None:
    """As everywhere else."""
    finding = cookie_finding(evidence=(Evidence(packet(5, 1, capture=1), "at the other end"),))
    assert "packet 1:11" in _texts(_drawn(refused_handshake(), finding), "packet")
