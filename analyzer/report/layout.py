"""Lines of a text report: wrapped with hanging indents to a width, coloured where that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dissectors.dataclass import dataclass

LABEL = 7
"""Characters of the column of labels."""

CELL = 44
"""Characters of a cell that is not the last one of its row: two names and an arrow fit."""

NARROWEST = 20
"""Characters that a column gets at the least, however narrow the terminal is."""

MARGIN = "  "

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
"""ECMA-48 select graphic rendition."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the output shall look."""

    width: int = 80
    color: bool = False
    flavour: str = "github"
    """Whose Markdown, where it is Markdown: a key of :data:`analyzer.report.ticket.FLAVOURS`."""


class Sheet:
    """A text that grows line by line."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._lines: list[str] = []
        self._above = ""
        """The last line that was torn off."""

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def tear_off(self) -> str:
        """What is there so far; the rest grows below it."""
        text = str(self)
        self._above, self._lines = (self._lines or [self._above])[-1], []
        return text

    def style(self, text: str, *styles: str) -> str:
        """``text`` in colour, where colour is wanted; ``styles`` are names of ``_SGR``."""
        if not (self._look.color and text and styles):
            return text
        return f"\x1b[{';'.join(_SGR[style] for style in styles)}m{text}\x1b[0m"

    def blank(self) -> None:
        """One empty line; never two, never at the top."""
        if (self._lines or [self._above])[-1]:
            self._lines.append("")

    def heading(self, mark: str, text: str, *styles: str) -> None:
        """A section begins."""
        self.blank()
        first, *rest = wrapped(f"{mark}  {text}" if text else mark, self._look.width, hang=" " * (len(mark) + 2))
        self._lines += [self.style(mark, "bold", *styles) + self.style(first[len(mark) :], "bold"), *rest]

    def paragraph(self, text: str, *, prefix: str = "", hang: str | None = None) -> None:
        """``text`` behind ``prefix``; further lines behind ``hang``, which is as wide as ``prefix`` unless told."""
        self._lines += wrapped(text, self._look.width, prefix, " " * len(prefix) if hang is None else hang)

    def verbatim(self, text: str) -> None:
        """A line that keeps its shape: a command."""
        self._lines.append(text.rstrip())

    def field(self, label: str, items: str | Iterable[str | tuple[str, str]]) -> None:
        """Items behind a label; of a pair the first is a prefix of the second, which hangs behind it."""
        indent = MARGIN + " " * LABEL
        lines = []
        for item in [items] if isinstance(items, str) else items:
            prefix, text = ("", item) if isinstance(item, str) else item
            lines += wrapped(text, self._look.width, indent + prefix, indent + " " * len(prefix))
        if lines:
            label = f"{label:<{LABEL}}"
            lines[0] = MARGIN + self.style(label, "dim") + lines[0][len(indent) :]
            self._lines += lines

    def table(self, rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
        """Rows of equally many cells, in columns; the last cell hangs.  ``right``: columns aligned to the right."""
        if not rows:
            return
        rows = [[*map(shortened, row[:-1]), row[-1]] for row in rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
        for row in rows:
            cells = [
                f"{cell:>{width}}" if column in right else f"{cell:<{width}}"
                for column, (cell, width) in enumerate(zip(row, widths, strict=False))
            ]
            self.paragraph(row[-1], prefix=MARGIN + "".join(f"{cell}  " for cell in cells))


def shortened(text: str) -> str:
    """The beginning and the end of what is too long for a column."""
    half = CELL // 2
    return text if len(text) <= CELL else f"{text[: CELL - half - 1]}…{text[-half:]}"


def wrapped(text: str, width: int, prefix: str = "", hang: str = "") -> list[str]:
    """Lines no longer than ``width``; only a link or a path is never broken."""
    if text and len(prefix) + len(text) <= width and text.isprintable() and " " not in (text[0], text[-1]):
        return [prefix + text]
    import textwrap  # JSON does without

    lines = textwrap.wrap(
        text,
        max(width, len(prefix) + NARROWEST),
        initial_indent=prefix,
        subsequent_indent=hang,
        break_long_words="/" not in text,
        break_on_hyphens=False,
    )
    return [line.rstrip() for line in lines or [prefix]]
