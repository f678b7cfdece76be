"""Real interfaces, through libpcap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analyzer.capture.linktypes import LinkType
from tests.analyzer.live.namespaces import Namespace, namespace, needs_namespaces, pair

pytest.importorskip("pcapy")

PROGRAM = """
import json, select, socket, sys, time
from analyzer.capture.bpf import kernel_filter
from analyzer.capture.libpcap import LibpcapTap
from analyzer.capture.tap import Gone, Refused

def collect(tap, wanted):
    found = []
    deadline = time.monotonic() + 20
    while len(found) < wanted and time.monotonic() < deadline:
        select.select([tap], [], [], 0.2)
        batch = tap.read()
        if batch is not None:
            for n in range(len(batch)):
                found.append((int(batch.numbers[n]), batch.data(n).hex(), int(batch.at[n]), int(batch.wire[n])))
    return found

# Without somebody who listens there would be ICMP errors, too.
listeners = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for listener, port in zip(listeners, (9, 4789)):
    listener.bind(("127.0.0.1", port))

def send(*texts, address="127.0.0.1", port=9):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for text in texts:
            sender.sendto(text, (address, port))
"""


def answer(where: Namespace, program: str) -> Any:
    """What a program that knows the above prints as JSON."""
    return json.loads(where.python(PROGRAM + program))


@needs_namespaces
@pytest.mark.parametrize("interface", ["lo", "any"])
def test_each_packet_once_with_number_time_and_length(interface: str) -> None:
    """Also on ``lo``, where the kernel shows each twice: going out, and coming in."""
    with namespace() as net:
        told = answer(
            net,
            f"tap = LibpcapTap({interface!r}, 1 << 20); before = time.time_ns(); send(b'one', b'two!')\n"
            "print(json.dumps([tap.link_type, before, collect(tap, 2), time.time_ns(), tap.counts()[1]]))",
        )
    link_type, before, packets, after, dropped = told
    assert link_type == (LinkType.ETHERNET if interface == "lo" else LinkType.LINUX_SLL)
    assert [number for number, *_ in packets] == [1, 2]
    assert [bytes.fromhex(data)[-len(text) :] for (_, data, *_), text in zip(packets, (b"one", b"two!"), strict=True)]
    assert all(before - 1000 <= at <= after and wire == len(data) // 2 for _, data, at, wire in packets)
    assert dropped == 0


@needs_namespaces
@pytest.mark.parametrize("interface", ["lo", "any"])
def test_the_filter_is_the_kernels(interface: str) -> None:
    """UDP stays out, a tunnel's passes, and it can be changed while packets come."""
    with namespace() as net:
        packets = answer(
            net,
            f"tap = LibpcapTap({interface!r}, 1 << 20); tap.set_filter(kernel_filter(tap.link_type))\n"
            "send(b'bulk'); send(b'tunnel', port=4789); seen = collect(tap, 1)\n"
            "tap.set_filter('udp port 9'); send(b'again')\n"
            "print(json.dumps([*seen, *collect(tap, 1)]))",
        )
    tunnel, again = (bytes.fromhex(data) for _, data, *_ in packets)
    assert (tunnel[-6:], again[-5:]) == (b"tunnel", b"again")


@needs_namespaces
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("interface", ["lo", "any"])
def test_the_kernel_keeps_out_the_connection_that_it_is_told(interface: str, address: str) -> None:
    """By the number that its packets have here; another one between the same hosts passes."""
    with namespace() as net:
        said = answer(
            net,
            "from analyzer.capture.bulk import _numbers\n"
            "from analyzer.sieve.columns import columns_of\n"
            "def numbers(tap, wanted):\n"
            "    found, deadline = [], time.monotonic() + 20\n"
            "    while len(found) < wanted and time.monotonic() < deadline:\n"
            "        select.select([tap], [], [], 0.2)\n"
            "        batch = tap.read()\n"
            "        if batch is not None:\n"
            "            columns = columns_of(batch, 0)\n"
            "            found += map(int, _numbers(batch, columns, columns.keys.nonzero()[0]))\n"
            "    return found\n"
            f"tap = LibpcapTap({interface!r}, 1 << 20); tap.set_filter(kernel_filter(tap.link_type))\n"
            f"server = socket.create_server(({address!r}, 0), family=socket.AF_INET6 if ':' in {address!r} else 2)\n"
            "def connect():\n"
            f"    return socket.create_connection(({address!r}, server.getsockname()[1])), server.accept()[0]\n"
            "def talk(pair):\n    pair[0].send(b'question'); pair[1].send(b'answer')\n"
            "one = connect(); known = numbers(tap, 3)\n"
            "tap.set_filter(kernel_filter(tap.link_type), [known[0]])\n"
            "talk(one); other = connect(); talk(other); seen = numbers(tap, 5)\n"
            "print(json.dumps([len(set(known)), len(set(seen)), known[0] in seen]))",
        )
    assert said == [1, 1, False]


@needs_namespaces
def test_an_interface_that_goes_down_or_never_was() -> None:
    """Each is told as what it is."""
    with pair() as (one, _):
        told = answer(
            one,
            "import subprocess\n"
            "tap = LibpcapTap('left', 1 << 20)\n"
            "subprocess.run(['ip', 'link', 'set', 'left', 'down'], check=True)\n"
            "try:\n    collect(tap, 1)\n    said = 'nothing'\nexcept Gone as gone:\n    said = str(gone)\n"
            "try:\n    LibpcapTap('nowhere', 1 << 20)\n    refused = ''\nexcept Refused as error:\n"
            "    refused = error.refusal.name\n"
            "print(json.dumps([said, refused]))",
        )
    assert told == ["The interface went down", "NO_SUCH"]
