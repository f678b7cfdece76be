"""Whom to become, and that nothing of root is left."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from analyzer.live import privileges
from analyzer.live.privileges import Account, UnknownUser, account
from tests.analyzer.live.namespaces import Sniffer, namespace, needs_namespaces, sniffing


def test_root_becomes_who_called_sudo_else_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or whom --user names, by name or number."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv("SUDO_UID", raising=False)
    nobody = pwd.getpwnam("nobody")
    assert account(None) == Account("nobody", nobody.pw_uid, nobody.pw_gid)
    for name, value in (("SUDO_UID", "1234"), ("SUDO_GID", "5678"), ("SUDO_USER", "ann")):
        monkeypatch.setenv(name, value)
    assert account(None) == Account("ann", 1234, 5678)
    assert account("root") == account("0") == Account("root", 0, 0)
    with pytest.raises(UnknownUser, match="no such user"):
        account("no-one-of-that-name")


def test_others_stay_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root can become somebody else."""
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("nobody").pw_uid)
    assert account(None) is None
    assert account("nobody") is None
    with pytest.raises(UnknownUser, match="only root"):
        account("root")


def status_of(sniffer: Sniffer) -> dict[str, str]:
    """What the kernel says of the process."""
    with Path(f"/proc/{sniffer.process.pid}/status").open(encoding="utf-8") as lines:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@needs_namespaces
@pytest.mark.parametrize("user", ["nobody", "root"])
def test_a_running_sniff_has_no_capability(user: str) -> None:
    """Whoever it becomes: none that is effective, permitted, inheritable or ambient, and no way to get one."""
    with namespace() as net, sniffing(net, "-i", "lo", "--user", user) as sniffer:
        status = status_of(sniffer)
        assert {status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
        assert status["NoNewPrivs"] == "1"
        assert set(status["Uid"].split()) == {str(pwd.getpwnam(user).pw_uid)}
        assert status["Groups"] == "" or user == "root"
        assert sniffer.end() == 0


def test_the_header_is_the_kernels() -> None:
    """Version 3 of the interface: 64 capabilities in two words of three sets."""
    assert len(privileges._NO_CAPABILITIES) == 24
