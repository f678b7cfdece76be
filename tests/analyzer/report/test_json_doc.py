"""The JSON report and its schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from analyzer.findings import Analysis
from analyzer.report import json_doc, view
from dissectors.dataclass import replace
from tests.analyzer.report.building import analysis, analysis_of, hostile

SCHEMA = json.loads(files("analyzer.report").joinpath("schema-1.json").read_text(encoding="utf-8"))


def report(made: Analysis, *, keep_digests: bool = False) -> dict[str, Any]:
    """Rendered, read again, and valid."""
    text = json_doc.render(view.build(made, keep_digests=keep_digests))
    assert text.endswith("}\n")
    read: dict[str, Any] = json.loads(text.encode())
    jsonschema.Draft202012Validator(SCHEMA).validate(read)
    return read


def test_the_schema_is_one() -> None:
    """Of the draft that it names."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_attempts_are_in_the_order_of_time() -> None:
    """Whatever the order of the diagnoses; incidents go by the ids that result."""
    read = report(analysis())
    assert [attempt["id"] for attempt in read["attempts"]] == ["A1", "A2", "A3", "A4"]
    assert [attempt["verdict"] for attempt in read["attempts"]] == [
        "cookie-mismatch",
        "registered",
        "inconclusive",
        "cookie-mismatch",
    ]
    (incident,) = read["incidents"]
    assert (incident["attempts"], incident["count"]) == (["A1", "A4"], 2)


def test_summary_counts_attempts() -> None:
    """By outcome and by verdict."""
    assert report(analysis())["summary"] == {
        "attempts": 4,
        "ok": 1,
        "problem": 2,
        "inconclusive": 1,
        "verdicts": {"cookie-mismatch": 2, "inconclusive": 1, "registered": 1},
    }


def test_an_attempt_in_full() -> None:
    """Sides, times, the finding with its evidence, the timeline."""
    attempt = report(analysis())["attempts"][0]
    assert attempt["initiator"] == {"node": "ann@10.77.0.1", "address": "10.77.0.1", "port": 50878}
    assert attempt["started_at"] == "2026-10-31T15:10:37.335658000Z"
    assert attempt["detail"] == {"rejected_by": "acceptor"}
    assert attempt["flags"] == ["capture-gap"]
    finding = attempt["findings"][0]
    assert (finding["rule"], finding["name"], finding["certainty"]) == ("HSK013", "cookie-mismatch", "likely")
    assert finding["evidence"][0] == {
        "capture": "incident.pcap",
        "packet": 13,
        "at": "2026-10-31T15:10:37.338358000Z",
        "says": "bob's challenge",
    }
    assert attempt["timeline"][3] == {
        "capture": "incident.pcap",
        "packet": 4,
        "at": "2026-10-31T15:10:37.336058000Z",
        "from": "initiator",
        "event": "epmd-request",
        "fields": {"message": "Port2Req", "name": "bob"},
    }


def test_digests_are_scrubbed() -> None:
    """Unless the user wants them."""
    digest = bytes(range(16)).hex()
    assert digest not in json.dumps(report(analysis()))
    assert digest in json.dumps(report(analysis(), keep_digests=True))


def test_nodes() -> None:
    """A range of releases, an open one, and a node of which nothing is known but its name."""
    ann, bob, carl = report(analysis())["nodes"]
    assert (ann["otp_release"], ann["flags_value"]) == ({"min": 25, "max": 27}, "0xd07df7fbd")
    assert "HANDSHAKE_23" in ann["flags"]
    assert bob["otp_release"] == {"min": 28, "max": None}
    assert (carl["otp_release"], carl["flags"], carl["flags_value"], carl["hidden"]) == (None, [], None, None)


def test_nothing_found_is_a_report_too() -> None:
    """Also of a capture without a packet."""
    empty = analysis_of()
    capture = replace(empty.captures[0], packets=0, first_packet_at=None, last_packet_at=None, link_types=())
    read = report(replace(empty, captures=(capture,), nodes=(), notes=()))
    assert (read["attempts"], read["incidents"], read["captures"][0]["first_packet_at"]) == ([], [], None)


@pytest.mark.parametrize("evil", ["\x1b[2J\x07", "a\u202eb", "\udcff", "</script>", "x\r\ny", '"\\'])
def test_hostile_names_stay_harmless(evil: str) -> None:
    """A report that is shown as it is moves no cursor and turns no text."""
    text = json_doc.render(view.build(hostile(evil)))
    assert all(line.isprintable() for line in text.split("\n"))
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


def test_same_analysis_same_bytes() -> None:
    """Reports can be compared."""
    assert json_doc.render(view.build(analysis())) == json_doc.render(view.build(analysis()))


@pytest.mark.parametrize(
    ("path", "key"),
    [((), "extra"), (("attempts", 0), "extra"), (("attempts", 0, "findings", 0), "extra"), (("captures", 0), "extra")],
)
def test_the_schema_is_strict(path: tuple[Any, ...], key: str) -> None:
    """A key that is not documented is a mistake."""
    read = report(analysis())
    place: Any = read
    for step in path:
        place = place[step]
    place[key] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(read)


@pytest.mark.parametrize("told", [analysis(), analysis_of()], ids=["attempts", "none"])
def test_the_pieces_are_what_the_library_writes(told: Analysis) -> None:
    """Whoever reads it cannot tell that it was never in memory as a whole."""
    pieces = list(json_doc.pieces(view.build(told)))
    text = "".join(pieces)
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    assert len(pieces) > len(told.diagnoses)
