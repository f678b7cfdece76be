"""``python -m analyzer`` and the command ``distscope`` → :mod:`analyzer.cli`, and what no command may end with."""

from __future__ import annotations

import sys
import traceback

INTERRUPTED, INTERNAL = 130, 70
"""Exit statuses for what is neither a verdict nor the user's mistake (128 + SIGINT, and EX_SOFTWARE of sysexits.h)."""


def main() -> None:
    """Run the command line; ends the process with the exit status that ``distscope --help`` lists."""
    try:
        from analyzer.cli import cli

        cli.main(prog_name="distscope")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:
        # Python would exit with 1, which stands for problems found in a capture.
        traceback.print_exc()
        print("distscope: this is a defect of distscope; please report the lines above", file=sys.stderr)
        sys.exit(INTERNAL)


if __name__ == "__main__":
    main()
