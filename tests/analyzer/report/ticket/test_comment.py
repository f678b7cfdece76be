"""The comment as a whole, and its length."""

from __future__ import annotations

import re

import pytest

from analyzer.report import view
from analyzer.report.document import Document
from analyzer.report.ticket import FLAVOURS
from analyzer.report.ticket.comment import FULL, compose
from dissectors.dataclass import replace
from tests.analyzer.report.building import (
    analysis,
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    refused_handshake,
    registration,
    unclear,
)

FLAVOUR_NAMES = pytest.mark.parametrize("name", FLAVOURS)


def incident(problems: int, well: int = 0) -> Document:
    """So many pairs of nodes fail, each in its own way."""
    made = []
    for number in range(problems):
        one = attempt(refused_handshake(number * 10_000))
        one.initiator.node = f"ann{number}@10.77.0.1"
        made.append(diagnosis(one, cookie_finding(says=f"bob rejects the cookie of ann{number}.")))
    for number in range(well):
        fine = registration()
        fine.attempt.initiator.node = f"node{number}@10.77.0.1"
        made.append(fine)
    return view.build(analysis_of(*made))


def test_the_answer_comes_first() -> None:
    """Then each problem, then what is unclear, then the rest."""
    text = compose(view.build(analysis()), FLAVOURS["github"])
    marks = ["**1 problem found", "### PROBLEM: cookie-mismatch", "```mermaid", "<summary>Timeline of A1"]
    marks += [
        "### UNCLEAR: inconclusive",
        "<summary>Words",
        "<summary>Advice",
        "<summary>Captures",
        "<summary>Nodes",
        "<summary>OK",
    ]
    marks += ["- 2 connections were forgotten", "\ndistscope "]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)


def test_the_first_problems_are_told_in_full() -> None:
    """The others in a row each; what to change is said once, and so is how it went."""
    text = compose(incident(12), FLAVOURS["github"])
    assert len(re.findall(r"^### PROBLEM \d+ of 12", text, re.MULTILINE)) == FULL
    assert text.count("as for problem 1, above") == FULL - 1
    assert text.count("<summary>Timeline of") == 1
    assert "<summary>More problems</summary>" in text
    assert len(re.findall(r"^\| 1 × \|", text, re.MULTILINE)) == 12 - FULL


@FLAVOUR_NAMES
def test_what_finds_no_room_is_counted(name: str) -> None:
    """A reader is never left to think that this is all."""
    text = compose(incident(185, 185), FLAVOURS[name])
    assert "and 130 more: see the full report" in text
    assert "and 135 more: see the full report" in text
    assert len(text) <= FLAVOURS[name].limit


@FLAVOUR_NAMES
@pytest.mark.parametrize("limit", [200, 1_000, 3_000, 10_000, 30_000])
def test_a_limit_is_kept(name: str, limit: int) -> None:
    """However small it is; the answer in a sentence is always there."""
    text = compose(incident(60, 60), FLAVOURS[name], limit)
    assert len(text) <= limit
    assert "60 problems found: 60 of 120 attempts failed, 60 ok." in text


def test_a_small_limit_costs_details_first() -> None:
    """The first problem keeps its proof and its fix when there is no room for a timeline."""
    document = view.build(analysis())
    whole = compose(document, FLAVOURS["github"])
    short = compose(document, FLAVOURS["github"], 3_000)
    assert "**Proof**" in short
    assert "**What to change**" in short
    assert len(short) < len(whole)


def test_nothing_found_says_what_to_look_at() -> None:
    """An empty answer helps nobody."""
    text = compose(view.build(analysis_of()), FLAVOURS["github"])
    assert text.startswith("**No attempt of an Erlang node to reach another in 124 packets.**\n\n- ")
    assert "`--dist-port`" in text


def test_more_that_is_unclear_takes_a_row() -> None:
    """One in full shows what to do."""
    second = unclear()
    second.attempt.initiator.node = "dan@h"
    text = compose(view.build(analysis_of(unclear(), second)), FLAVOURS["github"])
    assert text.count("### UNCLEAR") == 1
    assert "<summary>Unclear, too</summary>" in text


def test_the_version_stands_at_the_end() -> None:
    """Who wrote this."""
    document = replace(view.build(analysis()), version="9.9")
    assert compose(document, FLAVOURS["github"]).endswith("distscope 9.9\n")
