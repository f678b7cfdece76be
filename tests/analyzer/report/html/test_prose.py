"""Text with code in it."""

from __future__ import annotations

from analyzer.report.html.prose import Piece, fixes, pieces


def test_code_and_commands_are_told_apart() -> None:
    """A word is code, several are worth copying."""
    assert list(pieces("See `ss -ltn`, or `ps`.")) == [
        Piece("See ", "plain"),
        Piece("ss -ltn", "command"),
        Piece(", or ", "plain"),
        Piece("ps", "code"),
        Piece(".", "plain"),
    ]
    assert list(pieces("`all of it`")) == [Piece("all of it", "command")]


def test_a_backtick_alone_is_text() -> None:
    """And nothing is lost."""
    assert [piece.text for piece in pieces("a ` b")] == ["a ` b"]
    assert list(pieces("")) == []


def test_fixes_by_product() -> None:
    """Where there are several products, each has its own list, without its name."""
    every = ("Do this.", "RabbitMQ: Do that.", "EMQX: Do the other.", "RabbitMQ: And more.")
    assert fixes(every).general == ("Do this.",)
    assert fixes(every).products == (("RabbitMQ", ("Do that.", "And more.")), ("EMQX", ("Do the other.",)))
    assert fixes(every[:2]) == (every[:2], ())
