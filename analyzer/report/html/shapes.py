"""Lines, arrows and text → what a diagram is drawn with, at whole pixels; text is broken into lines that fit.

A browser breaks no lines in SVG, and nobody knows which font it has: widths are those of DejaVu Sans, which is wide.
"""

from __future__ import annotations

import textwrap
import unicodedata

from dissectors.dataclass import dataclass

_NARROW = frozenset("ijlI.,:;'|!()[]{}/\\ ft-\"`r")
_BROAD = frozenset("mwMW@%—…→←")
_WIDE = frozenset({"W", "F"})
"""East Asian widths of two columns."""


@dataclass(frozen=True, slots=True)
class Text:
    x: int
    y: int
    css: str
    text: str


@dataclass(frozen=True, slots=True)
class Path:
    css: str
    d: str
    """As SVG has it."""


Shape = Text | Path


def width(text: str, size: float) -> float:
    """Pixels that ``text`` takes up in a letter size, or a little more."""
    return size * sum(map(_width, text))


def _width(letter: str) -> float:
    if letter in _NARROW:
        return 0.43
    if letter in _BROAD or unicodedata.east_asian_width(letter) in _WIDE:
        return 1.05
    if letter.isdigit() or letter.islower():
        return 0.645
    return 0.80 if letter.isascii() else 0.86


def lines_of(text: str, size: float, room: float, most: int) -> list[str]:
    """``text`` in at most ``most`` lines of ``room`` pixels; what is cut off ends in an ellipsis."""
    # Broken by the letters that fit if all were narrow; the real widths decide about each line.
    letters = max(int(room / size / 0.5), 8)
    text = text[: letters * (most + 1)]
    while True:
        lines = textwrap.wrap(text, letters, break_on_hyphens=False) or [""]
        if len(lines) > most:
            lines = [*lines[: most - 1], f"{lines[most - 1][: letters - 1]}…"]
        if letters <= 8 or all(width(line, size) <= room for line in lines):
            return lines
        letters -= max(letters // 12, 1)


def line(css: str, x1: int, y1: int, x2: int, y2: int) -> Path:
    return Path(css, f"M{x1} {y1}L{x2} {y2}")


def arrow(css: str, x1: int, x2: int, y: int) -> tuple[Path, Path]:
    """A level line and its head, which ends at ``x2``."""
    back = -7 if x2 > x1 else 7
    return line(css, x1, y, x2 + back // 2, y), Path(f"{css} head", f"M{x2} {y}l{back} -4v8z")


def cross(css: str, x: int, y: int, size: int = 5) -> Path:
    return Path(css, f"M{x - size} {y - size}l{2 * size} {2 * size}m0 {-2 * size}l{-2 * size} {2 * size}")


def disc(css: str, x: int, y: int, radius: int) -> Path:
    return Path(
        css, f"M{x - radius} {y}a{radius} {radius} 0 1 0 {2 * radius} 0a{radius} {radius} 0 1 0 {-2 * radius} 0z"
    )


def box(css: str, x: int, y: int, across: int, down: int, corner: int = 0) -> Path:
    r = corner
    return Path(
        css,
        f"M{x + r} {y}h{across - 2 * r}a{r} {r} 0 0 1 {r} {r}v{down - 2 * r}a{r} {r} 0 0 1 {-r} {r}"
        f"h{2 * r - across}a{r} {r} 0 0 1 {-r} {-r}v{2 * r - down}a{r} {r} 0 0 1 {r} {-r}z",
    )
