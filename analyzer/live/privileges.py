"""Root, or a process with capabilities → one that may do no more than any user: once the interfaces are open.

What is open stays open; nothing else of what root may do is needed afterwards (capabilities(7), prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import struct
import sys

from analyzer.errors import DistscopeError, printable
from dissectors.dataclass import dataclass

NOBODY = "nobody"
_SET_NO_NEW_PRIVILEGES = 38
_CAPABILITY_VERSION = 0x20080522
_NO_CAPABILITIES = struct.pack("6I", *(0,) * 6)


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


def drop(who: Account | None) -> str | None:
    """Become ``who`` and give up every capability, for good.  Says so if the user can't be changed."""
    failed = None
    if who is not None and who.user != os.geteuid():
        try:
            os.setgroups([])
            os.setresgid(who.group, who.group, who.group)
            os.setresuid(who.user, who.user, who.user)
        except PermissionError:
            # Root in a container that may not change users: it gives up its capabilities all the same.
            failed = f"could not become {who.name}: going on as user {os.geteuid()}, without any capability"
    if sys.platform.startswith("linux"):
        library = ctypes.CDLL(None, use_errno=True)
        header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
        if library.capset(header, _NO_CAPABILITIES) or library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "capabilities could not be given up")
    return failed
