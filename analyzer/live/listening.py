"""Names of interfaces → taps that listen to them; or an error that says what to run instead."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.capture.tap import Refusal, Refused, Tap, open_tap


def listen(names: Sequence[str], *, buffer: int | None = None) -> list[Tap]:
    """A tap for each, once.  Raises :class:`Refused` with the next step."""
    taps: list[Tap] = []
    try:
        for name in dict.fromkeys(names):
            tap = open_tap(name) if buffer is None else open_tap(name, buffer=buffer)
            taps.append(tap)
    except Refused as refused:
        for tap in taps:
            tap.close()
        name = refused.path or ""
        if refused.next_step is not None:
            raise
        raise Refused(name, refused.refusal, refused.detail, _next_step(name, refused.refusal)) from None
    return taps


def _next_step(name: str, refusal: Refusal) -> str:
    if refusal is Refusal.NO_SUCH:
        from analyzer.capture.devices import devices

        return f"name one of these with -i: {', '.join(device.name for device in devices())}"
    if refusal is Refusal.FORBIDDEN:
        return _get_the_right()
    if refusal is Refusal.DOWN:
        return f"sudo ip link set {shlex.quote(name)} up"
    return "see 'distscope interfaces', or try -i any"


def _get_the_right() -> str:
    """The very command, with sudo: the folder of this program is often not on root's PATH."""
    if os.geteuid() == 0:
        return (
            "give the container the right: docker run --cap-add NET_RAW …, or capabilities.add: [NET_RAW] in Kubernetes"
        )
    program = shutil.which(sys.argv[0]) or sys.argv[0]
    command = shlex.join(["sudo", str(Path(program).resolve()), *_without_secrets(sys.argv[1:])])
    interpreter = Path(sys.executable).resolve()
    return (
        f"{command}\n"
        f"  or:   sudo setcap cap_net_raw+ep {shlex.quote(str(interpreter))}\n"
        "        (then every program of that interpreter may listen, for any user; docs/live.md gives it to a copy)"
    )


def _without_secrets(arguments: Sequence[str]) -> Iterator[str]:
    """Targets of notifications hold passwords and tokens."""
    before = ""
    for argument in arguments:
        if before == "--notify":
            yield "URL"
        else:
            yield "--notify=URL" if argument.startswith("--notify=") else argument
        before = argument
