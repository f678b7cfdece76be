"""Which words of a sentence stand as code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.ticket.prose import Span, spans


def marked(sentence: str) -> str:
    """With what is code in braces."""
    return "".join(f"{{{span.text}}}" if span.code else span.text for span in spans(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "The acceptor closed the connection 0.3 ms after the challenge reply, without an ack: that is it.",
        '"bob" is on port 41123 (versions 5 to 6)',
        "10.77.0.1:50878 → 10.77.0.2, 15:10:37.335658 to 15:11, +0.003",
        "OTP 25.0–25.2 or R16; Elixir/Phoenix doesn't… 4% · 2 × cookie-mismatch!",
    ],
)
def test_our_own_words_are_plain(sentence: str) -> None:
    """Sentences, numbers, times and addresses read as they are."""
    assert marked(sentence) == sentence


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("ann@h1 and bob@h2: bob@h2 said no.", "{ann@h1} and {bob@h2}: {bob@h2} said no."),
        ('name "ann@h1", (bob@h2)', 'name "{ann@h1}", ({bob@h2})'),
        ("called bob@…, but", "called {bob@…}, but"),
        ("see net_ticktime", "see {net_ticktime}"),
        ("use `epmd -names` there", "use {epmd -names} there"),
        ("a`b`c", "a{b}c"),
        ("`a`@b", "{a@b}"),
        ("`a` `b`", "{a} {b}"),
        ("one ` alone", "one {`} alone"),
        ("#123 PROJ-1 GH-7 0123abc", "{#123} {PROJ-1} {GH-7} {0123abc}"),
        ("www.evil.example https://evil.example", "{www.evil.example} {https://evil.example}"),
        ("/close", "{/close}"),
        ("<script>alert(1)</script>", "{<script>alert(1)</script>}"),
        ("](javascript:alert(1))", "{](javascript:alert(1}))"),
        (":smile: ::: *** ---", "{:smile}: {:::} {***} {---}"),
        ("1. point", "{1}. point"),
        ("fd00::1", "{fd00::1}"),
        ("a \t b", "a b"),
    ],
)
def test_the_rest_is_code(sentence: str, expected: str) -> None:
    """Names, options, addresses of the web, and whatever a markup could take for a mark."""
    assert marked(sentence) == expected


def test_a_number_is_the_mark_of_a_list_only_at_the_start() -> None:
    """Sentences end with numbers."""
    assert marked("It was OTP 25.") == "It was OTP 25."
    assert list(spans("25.")) == [Span("25", True), Span(".", False)]


@given(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" ")))
def test_nothing_is_lost_and_nothing_plain_is_a_mark(sentence: str) -> None:
    """All but the backquotes around code, and white space, comes out again; what is plain holds no mark."""
    found = list(spans(sentence))
    kept = "".join(span.text for span in found)
    assert kept.replace("`", "").split() == sentence.replace("`", "").split() or "`" in sentence
    assert not any(set(span.text) & set("`@#<>&*_~|$\\[]{}^") for span in found if not span.code)
