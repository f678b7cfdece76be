"""Verdicts and counters as they come → lines of text or JSON on standard output, and a status line on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence

from analyzer.errors import printable
from analyzer.findings import Diagnosis, Outcome
from analyzer.live.session import Counters
from analyzer.report import json_doc, terminal, view
from analyzer.report.layout import Look
from analyzer.report.output import emit
from analyzer.report.wording import counted
from analyzer.sessions.attempt import Attempt

_ERASE = "\r\x1b[K"


class StatusLine:
    """One line on standard error that is always up to date, where a terminal shows it."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._text = ""

    def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
        """Counted with the rest."""

    def waiting(self, attempt: Attempt) -> None:
        """Told by others."""

    def trouble(self, text: str) -> None:
        """A line of its own, also where there is no terminal."""
        self.clear()
        print(f"distscope: {printable(text)}", file=sys.stderr, flush=True)

    def counters(self, counters: Counters) -> None:
        """Draws the line anew."""
        problems = counters.outcomes[Outcome.PROBLEM]
        parts = [
            ", ".join(map(printable, counters.interfaces)),
            counted(counters.packets, "packet"),
            counted(counters.attempts, "attempt") + (f" ({counted(problems, 'problem')})" if problems else ""),
            f"{counters.dropped:,} dropped",
        ]
        self._text = " · ".join(parts)
        self._draw(_ERASE + self._text)

    def clear(self) -> None:
        """Makes room for a line of something else."""
        if self._text:
            self._draw(_ERASE)

    def _draw(self, text: str) -> None:
        if self._shown:
            sys.stderr.write(text)
            sys.stderr.flush()


class _Printer:
    """What text and JSON share: the place of the status line, and a reader that may go away."""

    def __init__(self, status: StatusLine, on_nobody: Callable[[], None], *, quiet: bool) -> None:
        self._status = status
        self._on_nobody = on_nobody
        self._quiet = quiet

    def trouble(self, text: str) -> None:
        """The status line tells it."""

    def counters(self, counters: Counters) -> None:
        """The status line tells them."""

    def _print(self, line: str) -> None:
        self._status.clear()
        if not emit(f"{line}\n", flush=True):
            self._on_nobody()


class TextPrinter(_Printer):
    """A line for each verdict."""

    def __init__(self, status: StatusLine, on_nobody: Callable[[], None], *, quiet: bool, look: Look) -> None:
        super().__init__(status, on_nobody, quiet=quiet)
        self._look = look

    def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
        """Problems alone if it is to be quiet; what only the end has settled is in the report."""
        if diagnosis.outcome is Outcome.PROBLEM if self._quiet else not closing:
            self._print(terminal.verdict_line(view.attempt_view(diagnosis, name), self._look))

    def waiting(self, attempt: Attempt) -> None:
        """While it happens."""
        if not self._quiet:
            connection = attempt.link or attempt.epmd
            dials = connection.dials if connection is not None else 0
            self._print(terminal.waiting_line(attempt.started_at, view.who(attempt), dials, self._look))


class JsonPrinter(_Printer):
    """An ``attempt`` object of the report's schema for each verdict, one to a line."""

    def __init__(
        self,
        status: StatusLine,
        on_nobody: Callable[[], None],
        *,
        quiet: bool,
        captures: Sequence[str],
        keep_digests: bool,
    ) -> None:
        super().__init__(status, on_nobody, quiet=quiet)
        self._captures = captures
        self._keep_digests = keep_digests

    def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
        """Problems alone if it is to be quiet."""
        if diagnosis.outcome is Outcome.PROBLEM or not self._quiet:
            shown = view.attempt_view(diagnosis, name, keep_digests=self._keep_digests)
            self._print(json.dumps(json_doc.attempt(shown, self._captures), ensure_ascii=False, allow_nan=False))

    def waiting(self, attempt: Attempt) -> None:
        """No verdict yet."""
