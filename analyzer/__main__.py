"""``python -m analyzer`` and the command ``distscope`` → :mod:`analyzer.cli`, and what no command may end with.

Of the time that a small capture takes a quarter would go into taking the program apart at its end, and nearly all of
what ``--help`` takes into building it up: neither is done.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress

INTERRUPTED, INTERNAL = 130, 70
"""Exit statuses for what is neither a verdict nor the user's mistake (128 + SIGINT, and EX_SOFTWARE of sysexits.h)."""


COLLECT_AFTER = (60_000, 20, 100)
"""Thresholds of the collector of cyclic garbage.  Attempts stay until the report is made, and hardly anything here is
part of a cycle: at Python's own thresholds a third of the time goes into looking at them again and again.  The first
one is beyond what a small capture takes, modules and all (36,000)."""

FIRST_PAGE = os.path.join(os.path.dirname(__file__), "cli", "help.txt")  # noqa: PTH118, PTH120 (pathlib costs 4 ms)
"""What ``distscope --help`` prints on a terminal of at least ``COLUMNS`` columns; ``docs.generate`` writes it."""
COLUMNS = 80
STDOUT = 1
"""Its descriptor."""


def main() -> None:
    """Run the command line; ends the process with the exit status that ``distscope --help`` lists."""
    if sys.argv[1:] in (["--help"], ["-h"]) and _first_page_told():
        return
    gc.set_threshold(*COLLECT_AFTER)
    ended_with: list[int] = []
    # Registered first it is called last: threads have ended by then, and all that is imported later has tidied up.
    atexit.register(_leave, ended_with)
    try:
        _run()
    except SystemExit as end:
        if isinstance(end.code, int):
            ended_with.append(end.code)
        raise


def _run() -> None:
    try:
        from analyzer.cli import cli

        cli.main(prog_name="distscope")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:
        # Python would exit with 1, which stands for problems found in a capture.
        import traceback

        traceback.print_exc()
        print("distscope: this is a defect of distscope; please report the lines above", file=sys.stderr)
        sys.exit(INTERNAL)


def _first_page_told() -> bool:
    """Whether the page lay ready for this terminal and could be written; click does better where it could not."""
    if "COLUMNS" in os.environ or "_DISTSCOPE_COMPLETE" in os.environ:
        return False
    columns = COLUMNS
    with suppress(OSError):  # no terminal: click fills 80 columns
        columns = os.get_terminal_size(STDOUT).columns or COLUMNS
    if columns < COLUMNS:
        return False
    try:
        with open(FIRST_PAGE, "rb") as page:  # noqa: PTH123 (as above)
            os.write(STDOUT, page.read())
    except OSError:
        return False
    return True


def _leave(ended_with: list[int]) -> None:
    """End the process as it is: Python would first take apart every class and module, which nobody is waiting for."""
    if not ended_with:
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # where a shell has closed it
                stream.flush()
    except (OSError, ValueError):
        return  # Python says what became of the output
    os._exit(ended_with[0])


if __name__ == "__main__":
    main()
