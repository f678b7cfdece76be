"""Root, or a process with capabilities → one that may do no more than any user: once the interfaces are open.

What is open stays open; nothing else of what root may do is needed afterwards (capabilities(7), prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import struct
import sys
from pathlib import Path

from analyzer.errors import DistscopeError, printable
from dissectors.dataclass import dataclass

NOBODY = "nobody"
_SET_NO_NEW_PRIVILEGES = 38
_CAPABILITY_VERSION = 0x20080522
_DROP_FROM_BOUNDING_SET = 24
_CAPABILITIES = range(64)
_NO_CAPABILITIES = struct.pack("6I", *(0,) * 6)


_SETS = ("CapEff", "CapPrm", "CapInh", "CapAmb")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class StillPrivileged(DistscopeError):
    """Something of this process could not be made to give up what it may do."""


class UnknownUser(DistscopeError):
    """``--user`` names nobody, or somebody that this process can't become."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to become."""

    name: str
    user: int
    group: int


def account(wanted: str | None) -> Account | None:
    """The user to become, None to stay: whoever called sudo, else nobody.  Raises :class:`UnknownUser`."""
    if os.geteuid() != 0:
        if wanted is None or _named(wanted).user == os.geteuid():
            return None
        raise UnknownUser(
            f"--user {printable(wanted)}: only root can become another user", next_step="leave it out, or use sudo"
        )
    if wanted is not None:
        return _named(wanted)
    if os.environ.get("SUDO_UID", "").isdigit() and os.environ.get("SUDO_GID", "").isdigit():
        return Account(os.environ.get("SUDO_USER", ""), int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))
    return _named(NOBODY)


def _named(name: str) -> Account:
    try:
        entry = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
    except KeyError:
        raise UnknownUser(
            f"--user {printable(name)}: there is no such user", next_step="name one of /etc/passwd, or leave it out"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def stay_one_thread() -> None:
    """Call it before anything imports numpy, whose library of linear algebra begins threads as it is loaded: nothing
    needs them here, and capabilities are a matter of each thread (capabilities(7)), so theirs would stay."""
    os.environ.update(dict.fromkeys(_THREADS, "1"))


def drop(who: Account | None) -> str | None:
    """Become ``who`` and give up every capability, for good.  Says so if the user can't be changed.

    Raises :class:`StillPrivileged` rather than go on with a thread that kept any."""
    failed = None
    linux = sys.platform.startswith("linux")
    library = ctypes.CDLL(None, use_errno=True) if linux else None
    if library is not None:
        for capability in _CAPABILITIES:  # takes CAP_SETPCAP, which root has; no_new_privs does it for the others
            library.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    if who is not None and who.user != os.geteuid():
        try:
            os.setgroups([])
            os.setresgid(who.group, who.group, who.group)
            os.setresuid(who.user, who.user, who.user)
        except PermissionError:
            # Root in a container that may not change users: it gives up its capabilities all the same.
            failed = f"could not become {who.name}: going on as user {os.geteuid()}, without any capability"
    if library is not None:
        header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
        if library.capset(header, _NO_CAPABILITIES) or library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "capabilities could not be given up")
        _verify(Path("/proc/self/task"))
    return failed


def _verify(threads: Path) -> None:
    """Holds against the kernel's own word what was done."""
    for status in threads.glob("*/status"):
        try:
            lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:  # a thread that has ended
            continue
        said = dict(line.split(":", 1) for line in lines if ":" in line)
        if any(int(said[name], 16) for name in _SETS):
            raise StillPrivileged(
                f"the thread {status.parent.name} of this process still has capabilities",
                next_step="unset what preloads libraries (LD_PRELOAD), and report it if that is no help",
            )
