"""The text report."""

from __future__ import annotations

import pytest

from analyzer.findings import Analysis, Evidence
from analyzer.report import terminal, view
from analyzer.report.layout import Look
from analyzer.sessions import events
from analyzer.sessions.events import Event, Leg
from dissectors.dataclass import replace
from dissectors.dialogue import Side
from tests.analyzer.report.building import (
    analysis,
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    hostile,
    lookup,
    mismatch,
    packet,
    refused_handshake,
    registration,
    unclear,
)


def text(made: Analysis, width: int = 80, *, color: bool = False) -> str:
    return terminal.render(view.build(made), Look(width, color))


def section(report: str, label: str) -> str:
    """The lines of a field, joined."""
    lines = report.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(f"  {label} "))
    found = [lines[start][9:].strip()]
    for line in lines[start + 1 :]:
        if not line.startswith(" " * 9):
            break
        found.append(line.strip())
    return " ".join(found)


def test_the_answer_comes_first_and_in_order() -> None:
    """Verdict, who, why, proof, fix; then the timeline; then what is well; then nodes and captures."""
    report = text(analysis())
    marks = ["1 problem found", "PROBLEM  cookie-mismatch (likely), 2 times in 5.0 s", "bob@10.77.0.2 rejects"]
    marks += [
        "  Who ",
        "  When ",
        "  Stage ",
        "  Why ",
        "  Proof ",
        "  Fix ",
        "  Maybe ",
        "  More ",
        "  Timeline of A1",
    ]
    marks += ["UNCLEAR  inconclusive", "\nOK\n", "ADVICE", "NODES", "CAPTURE", "NOTES"]
    places = [report.index(mark) for mark in marks]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    """But for what must not be broken: a link, an address, a timeline on a narrow terminal."""
    for line in text(analysis(), width).splitlines():
        assert len(line) <= width or "https://" in line or width < 80, line


def test_colour_only_where_it_is_wanted() -> None:
    """And it changes no letter."""
    assert "\x1b" not in text(analysis())
    assert "\x1b[1;31mPROBLEM\x1b[0m" in text(analysis(), color=True)


def test_proof_names_packet_time_and_what_it_shows() -> None:
    """Aligned under each other."""
    assert section(text(analysis()), "Proof").startswith("packet 13  15:10:37.338358  bob's challenge packet 14")


def test_fixes_are_numbered_and_alternatives_named() -> None:
    """What else it may be stands beside what to do."""
    report = text(analysis())
    assert section(report, "Fix").startswith("1. Give both nodes the same cookie")
    assert "2. RabbitMQ:" in section(report, "Fix")
    assert section(report, "Maybe") == "bob's VM stopped at this very moment"


def test_timeline_tells_seconds_packets_and_direction() -> None:
    """The opening is one line, and the arrow shows who speaks."""
    report = text(analysis())
    assert "  +0.000000   1-3  ann → EPMD  opens TCP to 10.77.0.2:4369\n" in report
    assert '  +0.002600    12  ann ← bob   status "ok"\n' in report


def test_a_second_pair_with_the_same_trouble_is_short() -> None:
    """What to do is said once."""
    other = diagnosis(attempt(refused_handshake(9_000)), cookie_finding(says="dan@h rejects the cookie of eve@h."))
    report = text(analysis_of(mismatch(), other))
    assert "PROBLEM 1 of 2" in report
    assert "as for problem 1, above" in report[report.index("PROBLEM 2 of 2") :]
    assert report.count("Timeline of") == 1


def test_unclear_attempts_of_one_kind_fold() -> None:
    """One in full, the others in a line each."""
    second = unclear()
    second.attempt.initiator.node = "dan@h"
    report = text(analysis_of(unclear(), second))
    assert report.count("UNCLEAR") == 1
    assert "dan@h → bob at 10.77.0.2" in report


def test_healthy_attempts_take_one_line() -> None:
    """However many there are."""
    report = text(analysis_of(*[registration() for _ in range(42)]))
    assert "  42 ×  registered  ann@10.77.0.1 registers with EPMD at 10.77.0.1, 15:10:37 to" in report


def test_healthy_attempts_of_two_days_tell_the_date() -> None:
    """A time of day would not do."""
    later = replace(registration(), attempt=attempt(refused_handshake(86_400_000)))
    report = text(analysis_of(registration(), later))
    assert "at 10.77.0.1, 2026-10-31 15:10:37\n" in report.replace("\n" + " " * 19, " ")


def test_advice_is_given_once() -> None:
    """With the attempts that gave rise to it."""
    report = text(analysis())
    assert report.count("The distribution runs without TLS.") == 1
    assert "(plaintext-distribution; packet 11, A1 and 1 more)" in " ".join(report.split())


def test_a_long_timeline_is_cut_in_the_middle() -> None:
    """Its beginning and its end tell the story, and what is left out is counted."""
    sides = [Side.INITIATOR, Side.ACCEPTOR]
    many: list[Event] = [
        events.Resent(packet=packet(n, n), side=sides[n % 2], leg=Leg.LINK, offset=0, length=1, retry=n)
        for n in range(1, 101)
    ]
    made = attempt(many)
    made.omitted = 7
    report = text(analysis_of(diagnosis(made, cookie_finding())))
    assert "62 steps more: distscope decode shows all" in report
    assert "7 later events not kept" in report
    assert "(retry 100)" in report


def test_several_captures_are_told_apart() -> None:
    """In the proof and in the timeline."""
    first = mismatch()
    second = replace(first.findings[0], evidence=(Evidence(packet(13, 2.7, 1), "seen by bob"),))
    both = replace(first.findings[0], evidence=(Evidence(packet(13), "x"), Evidence(packet(4, 3, 1), "y")))
    made = analysis_of(replace(first, findings=(second,)), replace(first, findings=(both,)))
    report = text(replace(made, captures=(made.captures[0], replace(made.captures[0], path="/x/bob.pcap"))))
    assert "  Proof  in bob.pcap\n         packet 13  " in report
    assert "packet 1:13  " in report
    assert "packet 2:4  " in report.replace("packet  2:4", "packet 2:4")
    assert "Timeline of A1: seconds since 15:10:37.335658, in incident.pcap" in report
    assert "  1: incident.pcap: pcap" in report


def test_nothing_found_says_what_to_look_at() -> None:
    """An empty answer at night is no answer."""
    report = text(analysis_of())
    assert report.startswith("No attempt of an Erlang node to reach another in 124 packets.\n\n- ")
    assert "--dist-port" in report
    assert "tcpdump -i any -s 0" in report


def test_nodes_and_captures() -> None:
    """What is known of them, and what the capture cannot show."""
    report = text(analysis())
    assert "  carl@10.77.0.3  release unknown\n" in report
    assert "like OTP 28 or later" in report
    assert "    - the file is cut off after packet 124\n" in report
    assert "  - 2 connections were forgotten to stay within bounds\n" in report


@pytest.mark.parametrize("evil", ["\x1b[2J", "\r\nOK  all well", "\u202e", "[red]x[/red]"])
def test_hostile_names_stay_harmless(evil: str) -> None:
    """No escape, no line of their own, and markup is only letters."""
    report = text(hostile(evil))
    assert all(line.isprintable() for line in report.split("\n"))
    assert "OK  all well" not in report.splitlines()
    assert text(hostile("[red]x[/red]")).count("[red]x[/red]") > 5


def test_problem_lines() -> None:
    """One for each problem, and none for what is well."""
    (line,) = terminal.problem_lines(view.build(analysis()))
    assert line == (
        "2026-10-31 15:10:37 UTC  cookie-mismatch  bob@10.77.0.2 rejects the cookie of ann@10.77.0.1."
        " (2 times in 5.0 s)"
    )


def test_verdict_line() -> None:
    """What is printed while the capture goes on."""
    problem = view.attempt_view(mismatch(), "")
    well = view.attempt_view(registration(), "")
    assert terminal.verdict_line(problem, Look()) == (
        "15:10:37.335658  PROBLEM  cookie-mismatch  bob@10.77.0.2 rejects the cookie of ann@10.77.0.1."
    )
    assert terminal.verdict_line(well, Look()).endswith(
        "OK       registered  ann@10.77.0.1 registers with EPMD at 10.77.0.1"
    )
    assert "\x1b[1;32mOK" in terminal.verdict_line(well, Look(color=True))


def test_evidence_of_another_day_shows_its_date() -> None:
    """A link may live for weeks."""
    finding = cookie_finding(evidence=(Evidence(packet(1), "up"), Evidence(packet(9, 86_400_000), "down")))
    report = text(analysis_of(diagnosis(attempt(lookup()), finding)))
    assert "packet 9  2026-11-01 15:10:37.335658  down" in report
