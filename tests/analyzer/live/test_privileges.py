"""Whom to become, and that nothing of root is left."""

from __future__ import annotations

import os
import pwd
import shutil
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from analyzer.live import privileges
from analyzer.live.privileges import Account, StillPrivileged, UnknownUser, account
from tests.analyzer.live.namespaces import SNIFF, Sniffer, namespace, needs_namespaces, sniffing

CAP_DAC_READ_SEARCH, CAP_NET_RAW = 2, 13


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


def threads_of(sniffer: Sniffer) -> list[dict[str, str]]:
    """What the kernel says of each thread of the process."""
    texts = [path.read_text() for path in Path(f"/proc/{sniffer.process.pid}/task").glob("*/status")]
    return [
        {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
        for text in texts
    ]


@needs_namespaces
@pytest.mark.parametrize("user", ["nobody", "root"])
@pytest.mark.parametrize("service", [False, True], ids=["alone", "metrics-notify-write"])
def test_a_running_sniff_has_no_capability(user: str, service: bool, tmp_path: Path) -> None:
    """Whoever it becomes, in no thread: none that is effective, permitted, inheritable, ambient or in the bounding set,
    and no way to get one."""
    options: list[str | Path] = []
    if service:
        targets = tmp_path / "targets"
        targets.write_text("json://127.0.0.1:9/\n")
        targets.chmod(0o600)
        options = ["--metrics", "9404", "--notify-file", targets, "--write", tmp_path / "ring.pcapng"]
    with namespace() as net, sniffing(net, "-i", "lo", "--user", user, *options) as sniffer:
        threads = threads_of(sniffer)
        assert len(threads) == (3 if service else 1)
        for said in threads:
            assert {said[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")} == {"0" * 16}
            assert said["NoNewPrivs"] == "1"
            numbers = pwd.getpwnam(user)
            assert set(said["Uid"].split()) == {str(numbers.pw_uid)}
            assert set(said["Gid"].split()) == {str(numbers.pw_gid)}
            assert said["Groups"] == "" or user == "root"
        assert sniffer.end() == 0


Command = tuple[str | Path, ...]
SOMEBODY = 61_234
"""A user without a name, as systemd makes them."""


@contextmanager
def with_file_capabilities() -> Iterator[Command]:
    """The command of a user who is not root and whose interpreter may listen, as docs/live.md says.

    It may also read every file, for this interpreter and this project may be in a folder of root's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        python = Path(folder, "python3")
        shutil.copy(Path(sys.executable).resolve(), python)
        # setcap cap_net_raw,cap_dac_read_search+ep (struct vfs_cap_data of linux/capability.h, version 2)
        may = 1 << CAP_NET_RAW | 1 << CAP_DAC_READ_SEARCH
        os.setxattr(python, "security.capability", struct.pack("<5I", 0x02000001, may, 0, 0, 0))
        paths = ":".join(filter(None, sys.path))
        who = ("setpriv", "--reuid", str(SOMEBODY), "--regid", str(SOMEBODY), "--clear-groups")
        yield (*who, "env", f"PYTHONHOME={sys.base_prefix}", f"PYTHONPATH={paths}", python, *SNIFF[1:])


@contextmanager
def with_what_a_service_manager_gives() -> Iterator[Command]:
    """As docs/systemd/distscope.service says: ambient capabilities, no others to be had, no new privileges."""
    may = "-all,+net_raw,+dac_read_search"
    who = ("setpriv", "--reuid", str(SOMEBODY), "--regid", str(SOMEBODY), "--clear-groups", "--no-new-privs")
    yield (*who, "--bounding-set", may, "--inh-caps", may, "--ambient-caps", may, *SNIFF)


@needs_namespaces
@pytest.mark.parametrize("somebody", [with_file_capabilities, with_what_a_service_manager_gives])
def test_somebody_else_than_root_listens_and_gives_up_every_capability(
    somebody: Callable[[], AbstractContextManager[Command]],
) -> None:
    """Without root, from the first moment on."""
    with namespace() as net, somebody() as command:
        with sniffing(net, "-i", "lo", command=command) as sniffer:
            for said in threads_of(sniffer):
                assert {said[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
                assert said["NoNewPrivs"] == "1"
                assert set(said["Uid"].split()) == {str(SOMEBODY)}
            net.python("import socket; socket.socket().connect_ex(('127.0.0.1', 4369))")
            sniffer.wait_for("epmd-refused")
            assert sniffer.end() == 1
        done = net.run(*command, "-i", "lo", "--user", "root")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--user root: only root can become another user" in done.stderr


def test_a_thread_that_keeps_a_capability_ends_it(tmp_path: Path) -> None:
    """Rather than go on with it; a thread without any, or one that has ended, is fine."""
    nothing = "".join(f"{name}:\t{0:016x}\n" for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    for number, text in (("1", nothing), ("2", nothing)):
        (tmp_path / number).mkdir()
        (tmp_path / number / "status").write_text(f"Name:\tpython\n{text}")
    privileges._verify(tmp_path)
    (tmp_path / "2" / "status").write_text(nothing.replace(f"CapPrm:\t{0:016x}", "CapPrm:\t0000000000002000"))
    with pytest.raises(StillPrivileged, match="the thread 2 "):
        privileges._verify(tmp_path)


def test_the_header_is_the_kernels() -> None:
    """Version 3 of the interface: 64 capabilities in two words of three sets."""
    assert len(privileges._NO_CAPABILITIES) == 24
