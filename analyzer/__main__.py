"""``python -m analyzer`` and the command ``distscope`` → :mod:`analyzer.cli`, and what no command may end with."""

from __future__ import annotations

import gc
import sys

INTERRUPTED, INTERNAL = 130, 70
"""Exit statuses for what is neither a verdict nor the user's mistake (128 + SIGINT, and EX_SOFTWARE of sysexits.h)."""


COLLECT_AFTER = (20_000, 50, 100)
"""Thresholds of the collector of cyclic garbage.  Attempts stay until the report is made, and hardly anything here is
part of a cycle: at Python's own thresholds a third of the time goes into looking at them again and again."""


def main() -> None:
    """Run the command line; ends the process with the exit status that ``distscope --help`` lists."""
    gc.set_threshold(*COLLECT_AFTER)
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


if __name__ == "__main__":
    main()
