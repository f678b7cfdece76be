"""How much of the input was read → a progress bar on standard error, where a terminal shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from analyzer.capture import Source

Listener = Callable[[Source], None]
"""Called now and then while a source is read; the first time before its second packet."""


@contextmanager
def progress(wanted: bool) -> Iterator[Listener | None]:
    """A listener that draws the bar, or None where nobody would see it.

    The bar begins with the second call: what is read at once needs none, and nobody waits for rich to be loaded.
    """
    if not (wanted and sys.stderr.isatty()):
        yield None
        return
    with ExitStack() as stack:
        calls = 0
        draw: Listener | None = None

        def listen(source: Source) -> None:
            nonlocal calls, draw
            calls += 1
            if calls == 2:
                draw = stack.enter_context(_bar())
            if draw is not None:
                draw(source)

        yield listen


@contextmanager
def _bar() -> Iterator[Listener]:
    """Drawn at each call, without a thread; leaves nothing behind.  A stream without a size gets a counter."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("reading", total=None)

        def draw(source: Source) -> None:
            bar.update(task, completed=source.bytes_read, total=source.total_bytes, refresh=True)

        yield draw
