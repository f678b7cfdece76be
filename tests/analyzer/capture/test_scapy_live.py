"""Real interfaces, through scapy: what libpcap gives, more slowly."""

from __future__ import annotations

import json

import pytest

from tests.analyzer.live.namespaces import needs_namespaces, pair

pytest.importorskip("scapy")

PROGRAM = """
import json, select, socket, time
from analyzer.capture.scapy_live import scapy_tap
from analyzer.capture.tap import Refused
tap = scapy_tap("left")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.sendto(b"hello", ("10.77.0.1", 9))
    sender.connect(("10.77.0.2", 9))
    sender.send(b"to the other")
found = []
deadline = time.monotonic() + 20
while not any(data.endswith(b"to the other".hex()) for _, data, _ in found) and time.monotonic() < deadline:
    select.select([tap], [], [], 0.2)
    batch = tap.read()
    if batch is not None:
        for n in range(len(batch)):
            found.append((int(batch.numbers[n]), batch.data(n).hex(), int(batch.at[n])))
try:
    scapy_tap("nowhere")
    refused = ""
except Refused as error:
    refused = error.refusal.name
print(json.dumps([tap.link_type, found, time.time_ns(), tap.counts(), refused]))
"""


@needs_namespaces
def test_packets_of_a_cable() -> None:
    """Numbered, with their times, as Ethernet frames."""
    with pair() as (one, _):
        link_type, packets, after, counts, refused = json.loads(one.python(PROGRAM))
    assert link_type == 1
    assert [number for number, *_ in packets] == list(range(1, len(packets) + 1))
    assert any(bytes.fromhex(data).endswith(b"to the other") for _, data, _ in packets)
    assert all(after - 60 * 10**9 < at <= after for _, _, at in packets)
    assert counts == [len(packets), 0]
    assert refused == "NO_SUCH"
