"""What a document says of itself."""

from __future__ import annotations

from analyzer.report import view
from analyzer.report.document import Late
from tests.analyzer.report.building import START, analysis, packet


def test_capture_of_a_packet() -> None:
    """A packet's capture is an index into those of the document."""
    assert view.build(analysis()).capture(packet(1)) == "incident.pcap"


def test_the_first_attempt_stands_for_a_case() -> None:
    """First in time, not in the order of the diagnoses."""
    case = view.build(analysis()).cases[0]
    assert (case.first.id, case.first_at) == ("A1", START)
    assert case.last_at == START + 5_000_000_000


def test_what_is_made_late_is_made_once() -> None:
    """When one of its parts is looked at, and no earlier."""
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return [3, 5, 7]

    late = Late(make)
    assert made == []
    assert (late[0], list(late), late[1:], len(late)) == (3, [3, 5, 7], (5, 7), 3)
    assert made == [1]
