"""The packets that mattered, in files that hold nothing else and do not grow without end."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from analyzer.capture import open_source
from analyzer.live.ring import Interface, Ring, ring_paths
from analyzer.live.session import Session
from analyzer.pipeline import Options, analyze
from analyzer.report.output import NotWritable
from samples.conversation import ACK, PUSH, Network
from tests.analyzer.live.namespaces import namespace, needs_namespaces
from tests.analyzer.live.scripted import ScriptedTap
from tests.analyzer.live.test_session import verdicts
from tests.analyzer.test_pipeline import refused, rejected

ETHERNET = [Interface("eth7", 1)]


def heard(net: Network, made: Ring) -> Session:
    """A session over these packets, until its end."""
    tap = ScriptedTap(net.packets, at_a_time=7)
    session = Session([tap], Options(), [], ring=made, wall=lambda: net.packets[0][0], pace=0)
    session.run()
    return session


def packets(*paths: Path) -> list[bytes]:
    """Of these files, in the order of time."""
    with open_source([str(path) for path in paths], stdin=io.BytesIO()) as source:
        return [packet.data for packet in source]


def test_it_holds_the_connections_of_attempts_from_their_first_packet_on(tmp_path: Path) -> None:
    """And nothing of others; the file tells the same as was told live."""
    net = Network()
    web = net.connect("10.0.0.8", "10.0.0.9", 80)
    web.initiator.sends(b"GET / HTTP/1.1\r\n\r\n")
    rejected(net)
    refused(net, "10.0.0.5")
    web.acceptor.sends(b"HTTP/1.1 200 OK\r\n\r\n")
    web.initiator.closes()
    refused(net)
    path = tmp_path / "evidence.pcapng"
    heard(net, Ring(str(path), ETHERNET))
    foreign = {data for _, data in net.packets if b"\x0a\0\0\x08" in data[26:34]}
    assert sorted(packets(path)) == sorted(data for _, data in net.packets if data not in foreign)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with open_source([str(path)], stdin=io.BytesIO()) as source:
        assert verdicts(analyze(source)) == {"cookie-mismatch": 1, "epmd-refused": 2}


def test_a_ring_keeps_the_latest(tmp_path: Path) -> None:
    """By size and number; each file is a capture of its own, also one that nothing was written to."""
    net = Network()
    for number in range(40):
        refused(net, f"10.0.0.{number + 10}")
        net.wait(1)
    heard(net, Ring(str(tmp_path / "e.pcapng"), ETHERNET, size=2000, files=3))
    files = ring_paths(str(tmp_path / "e.pcapng"), 3)
    assert [path.name for path in files] == ["e.1.pcapng", "e.2.pcapng", "e.3.pcapng"]
    assert all(0 < path.stat().st_size <= 2100 for path in files)
    kept = packets(*files)
    assert kept == [data for _, data in net.packets][-len(kept) :]
    assert len(kept) > 20
    Ring(str(tmp_path / "new.pcapng"), ETHERNET, size=2000, files=2)
    assert packets(*ring_paths(str(tmp_path / "new.pcapng"), 2)) == []


def test_a_connection_that_follows_with_the_same_ports_is_judged_anew(tmp_path: Path) -> None:
    """Its SYN is not lost with the one before."""
    net = Network()
    first = net.connect("10.0.0.8", "10.0.0.9", 9100)
    first.initiator.sends(b"GET / HTTP/1.1\r\n\r\n")
    first.initiator.closes()
    first.acceptor.closes()
    net.wait(90)
    begin = len(net.packets)
    net._port -= 1
    rejected(net, "10.0.0.8", "10.0.0.9", lookup=False)
    path = tmp_path / "e.pcapng"
    heard(net, Ring(str(path), ETHERNET))
    assert packets(path) == [data for _, data in net.packets[begin:]]


def test_what_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    """A link is not followed: it may be root who writes."""
    tmp_path.chmod(0o1777)
    (tmp_path / "link.pcapng").symlink_to(tmp_path / "other")
    for path in (tmp_path / "missing" / "e.pcapng", tmp_path / "link.pcapng"):
        with pytest.raises(NotWritable):
            Ring(str(path), ETHERNET)
    assert not (tmp_path / "other").exists()


@needs_namespaces
def test_a_full_disk_leaves_whole_packets_and_is_said() -> None:
    """On a disk of 64 KiB: what is in the file can be read, the rest is counted, verdicts go on."""
    program = """
import subprocess, sys, tempfile, pathlib
from samples.conversation import Network
from analyzer.live.ring import Ring
from tests.analyzer.live.test_ring import ETHERNET, heard, packets
from tests.analyzer.test_pipeline import rejected
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    try:
        net = Network()
        for number in range(60):
            rejected(net)
            net.wait(1)
        path = pathlib.Path(folder, "e.pcapng")
        troubles = []
        evidence = Ring(str(path), ETHERNET, on_trouble=troubles.append)
        session = heard(net, evidence)
        kept = packets(path)
        sent = [data for _, data in net.packets]
        print(len(kept), evidence.written, evidence.unwritten, len(sent), session.problems, len(troubles))
        print(set(kept) <= set(sent), troubles, evidence.notes)
    finally:
        subprocess.run(["umount", folder], check=True)
"""
    with namespace() as net:
        counts, said = net.python(program).splitlines()
    kept, written, unwritten, sent, problems, troubles = map(int, counts.split())
    assert kept == written > 100
    assert written + unwritten == sent
    assert (problems, troubles) == (60, 1)
    assert said.startswith("True")
    assert "No space left on device" in said
    assert f"{unwritten:,} packets of attempts could not be written" in said


def test_held_packets_are_bounded(tmp_path: Path) -> None:
    """A connection that never says whose it is keeps its first packets only."""
    net = Network()
    silent = net.connect("10.0.0.1", "10.0.0.2", 9100)
    for _ in range(300):
        silent.initiator.raw(PUSH | ACK)
    evidence = Ring(str(tmp_path / "e.pcapng"), ETHERNET)
    heard(net, evidence)
    assert evidence.written == 0
