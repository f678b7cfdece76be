"""Text with `code` in it → its pieces, with commands, which are worth copying, told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analyzer.report.wording import by_product

_CODE = re.compile(r"`([^`]+)`")


class Piece(NamedTuple):
    """A run of text."""

    text: str
    kind: str
    """``plain``, ``code``, or ``command``: code of several words."""


def pieces(text: str) -> Iterator[Piece]:
    """``Try `ss -ltn`.`` → ``Try ``, a command, and ``.``"""
    for number, part in enumerate(_CODE.split(text)):
        if part:
            code = "command" if " " in part else "code"
            yield Piece(part, code if number % 2 else "plain")


class Fixes(NamedTuple):
    """What to do, for every node and for those of one product."""

    general: tuple[str, ...]
    products: tuple[tuple[str, tuple[str, ...]], ...]
    """Product, and its own fixes without its name."""


def fixes(every: Sequence[str]) -> Fixes:
    """Fixes of a finding, by product where there are several."""
    general, products = by_product(every)
    return Fixes(
        general,
        tuple(
            (product, tuple(fix.removeprefix(f"{product}: ") for fix in every if fix.startswith(f"{product}: ")))
            for product in products
        ),
    )
