"""Who reached whom."""

from __future__ import annotations

from analyzer.findings import Outcome
from analyzer.report import view
from analyzer.report.document import Document
from analyzer.report.html import mesh
from analyzer.report.html.mesh import Entry, Mesh, Names, Sides
from analyzer.sessions.attempt import Party
from dissectors.dataclass import replace
from tests.analyzer.report.building import (
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    healthy_finding,
    refused_handshake,
    registration,
)


def _document(*pairs: tuple[Party, Party, bool]) -> Document:
    diagnoses = [
        diagnosis(
            attempt(refused_handshake(100.0 * number), initiator=one, acceptor=other),
            cookie_finding() if bad else healthy_finding("connected"),
        )
        for number, (one, other, bad) in enumerate(pairs)
    ]
    return view.build(analysis_of(*diagnoses, registration()))


def _mesh_of(document: Document) -> Mesh | None:
    names = Names(document)
    return mesh.mesh_of(document.cases, [[names.brief(each) for each in case.attempts] for case in document.cases])


ANN, BOB, CARL = (Party(f"{name}@h", f"10.77.0.{number}") for number, name in enumerate(("ann", "bob", "carl"), 1))


def test_cells_hold_the_worst_first() -> None:
    """With the number of attempts, and the case that tells more; an empty one was never tried."""
    document = _document((ANN, BOB, False), (ANN, BOB, True), (ANN, BOB, True), (BOB, CARL, False))
    made = _mesh_of(document)
    assert made is not None
    assert made.names == ("ann@h", "bob@h", "carl@h")
    (_, to_bob, to_carl), *_ = (row.cells for row in made.rows)
    problem, healthy = to_bob or ()
    assert (problem.verdict, problem.outcome, problem.attempts) == ("cookie-mismatch", Outcome.PROBLEM, 2)
    assert document.cases[problem.case].verdict == "cookie-mismatch"
    assert (healthy.verdict, healthy.attempts) == ("connected", 1)
    assert to_carl == ()
    assert [row.cells[number] for number, row in enumerate(made.rows)] == [None] * 3
    assert made.left_out == 0


def test_two_nodes_make_no_matrix() -> None:
    """A sentence says as much; registrations are no connections."""
    document = _document((ANN, BOB, True))
    assert _mesh_of(document) is None


def test_a_node_that_calls_itself_is_seen() -> None:
    """The cell on the diagonal is no empty one."""
    document = _document((ANN, ANN, True), (ANN, BOB, True), (ANN, CARL, True))
    made = _mesh_of(document)
    assert made is not None
    assert [type(entry) for entry in made.rows[0].cells[0] or ()] == [Entry]


def test_of_many_nodes_those_with_trouble_are_shown() -> None:
    """And it says how many are not."""
    others = [Party(f"n{number:03}@h", f"10.1.0.{number}") for number in range(40)]
    document = _document(*((ANN, other, number >= 30) for number, other in enumerate(others)))
    made = _mesh_of(document)
    assert made is not None
    assert len(made.names) == mesh.MOST
    assert made.left_out == 41 - mesh.MOST
    assert {"ann@h", "n030@h", "n039@h"} <= set(made.names)


def test_who_did_not_tell_its_name_is_known_by_its_address() -> None:
    """If there is one node at that address; of two nobody knows which."""
    document = _document((ANN, BOB, True))
    attempt_of = document.cases[0].first
    nameless = replace(attempt_of, initiator=replace(attempt_of.initiator, node=None), called=None)
    known = replace(document.nodes[0], name="ann@h", addresses=("10.77.0.1",))
    one = Names(replace(document, nodes=(known,)))
    assert one.of(nameless) == Sides("ann@h", "bob@h")
    two = Names(replace(document, nodes=(known, replace(known, name="eve@h"))))
    assert two.of(nameless).initiator == "10.77.0.1"
