"""A listener that speaks first is passed over only where it would be passed over by its first bytes anyway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import sieve
from analyzer.capture import batch
from analyzer.capture.packet import Run
from analyzer.sieve import Sieve
from analyzer.sieve.columns import columns_of
from analyzer.sieve.first_words import Words, _one_by_one, who_says_no, words_of
from analyzer.sieve.prepared import Prepared
from analyzer.sieve.segments import Segments, segments_of
from dissectors.dialogue import Side
from dissectors.epmd import looks_like_request
from dissectors.epmd_messages import Port2Req
from dissectors.handshake import looks_like_handshake
from samples.conversation import Network
from tests.analyzer.sessions.talking import port2_resp
from tests.analyzer.sieve.sifted import batch_of, sifted_report

BANNERS = (
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"220 mail\r\n",
    b"\x00\x03sok",
    b"\x00\x15n",
    b"a",
    b"\x16\x03\x03\x00\x10x",
    bytes(700),
)
OPENERS = (
    b"SSH-2.0-client\r\n",
    b"\x00\x01n",
    b"\x00\x05znode",
    b"EHLO",
    b"\x16\x03\x01\x00\x10x" + bytes(40),
    b"",
    b"\x00",
)


class _Passing(Sieve):
    """Counts what passes."""

    packets = 0

    def sift(self, part: batch.Batch, prepared: Prepared, vantage: int, capture: int) -> Iterator[int | Run]:
        for each in super().sift(part, prepared, vantage, capture):
            _Passing.packets += 1
            yield each


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    says=st.lists(st.tuples(st.booleans(), st.sampled_from((*BANNERS, *OPENERS))), max_size=6),
    told=st.none() | st.integers(0, 6),
    swaps=st.lists(st.integers(0, 30), max_size=3),
    lost=st.sets(st.integers(0, 30), max_size=3),
)
def test_who_speaks_first(
    says: list[tuple[bool, bytes]], told: int | None, swaps: list[int], lost: set[int], tmp_path: Path
) -> None:
    """A listener, with whatever bytes, and perhaps while EPMD names its port to somebody: no difference."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", 2222)
    for place, (listener, data) in enumerate(says):
        if place == told:
            net.looks_up("10.0.0.1", "10.0.0.2", Port2Req(name="node"), port2_resp("node", 2222))
        (link.acceptor if listener else link.initiator).sends(data)
    link.acceptor.closes()
    for place in swaps:
        if place + 1 < len(net.packets):
            net.packets[place], net.packets[place + 1] = net.packets[place + 1], net.packets[place]
    net.packets = [packet for place, packet in enumerate(net.packets) if place not in lost]
    path = tmp_path / "first.pcapng"
    path.write_bytes(net.pcapng())
    if net.packets:
        assert sifted_report((str(path),)) == sifted_report((str(path),), through=False)


def test_a_listener_that_speaks_first_passes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As SSH does; one that speaks like an acceptor passes whole, and so does one that says much."""
    monkeypatch.setattr(sieve, "Sieve", _Passing)
    passed = {}
    for banner in BANNERS:
        net = Network()
        link = net.connect("10.0.0.1", "10.0.0.2", 2222)
        link.acceptor.sends(banner)
        link.initiator.sends(OPENERS[0])
        link.acceptor.closes()
        path = tmp_path / "first.pcapng"
        path.write_bytes(net.pcapng())
        _Passing.packets = 0
        sifted_report((str(path),))
        passed[banner] = _Passing.packets
    assert [banner for banner, packets in passed.items() if not packets] == [BANNERS[0], BANNERS[1], BANNERS[5]]
    assert min(passed[banner] for banner in (BANNERS[2], BANNERS[3], BANNERS[4], BANNERS[6])) >= 5


@given(st.binary(min_size=1, max_size=40) | st.sampled_from([each for each in (*BANNERS, *OPENERS) if each]))
def test_what_first_words_cannot_be(data: bytes) -> None:
    """It does not look like it to those who decide."""
    net = Network()
    net.connect("10.0.0.1", "10.0.0.2", 2222).initiator.sends(data)
    batch = batch_of(net.packets)
    rows = np.arange(len(batch))
    segments = segments_of(batch, columns_of(batch, 0), rows)
    words = words_of(batch, rows, segments)
    for place in np.flatnonzero(words.cannot):
        assert segments.length[place]
        assert looks_like_handshake(Side.INITIATOR, data) is False
        assert looks_like_request(data) is False
    for place in np.flatnonzero(words.cannot_answer):
        assert segments.length[place]
        assert looks_like_handshake(Side.ACCEPTOR, data) is False
    if data in (BANNERS[0], OPENERS[0]):
        assert words.cannot.any()
        assert words.cannot_answer.any()


SEGMENT = st.tuples(
    st.booleans(),
    st.sampled_from((0x02, 0x12, 0x10, 0x10, 0x10, 0x18, 0x11, 0x04)),
    st.sampled_from((100, 101, 101, 101, 102, 0, 0xFFFFFFFF)),
    st.sampled_from((0, 0, 1, 40, 700)),
    st.booleans(),
    st.booleans(),
)
"""By the opener; flags, sequence number, bytes of payload; whether it can be no first message, no answer, of ours."""


@given(st.lists(st.lists(SEGMENT, max_size=6), min_size=1, max_size=5))
def test_all_at_once_as_one_by_one(connections: list[list[tuple[bool, int, int, int, bool, bool]]]) -> None:
    """Many connections, whatever is said in them."""
    spoken = [[(True, 0x02, 100, 0, False, False), *each] for each in connections]
    rows = [row for each in spoken for row in each]
    mine, flags, sequence, length, cannot, cannot_answer = (np.array(column) for column in zip(*rows, strict=True))
    none = np.zeros(len(rows), np.int64)
    segments = Segments(
        sender=np.where(mine, 7, 9).astype(np.uint64),
        listener=none.astype(np.uint16),
        sequence=sequence.astype(np.uint32),
        acknowledgment=none.astype(np.uint32),
        flags=flags.astype(np.uint8),
        window=none.astype(np.uint16),
        ttl=none.astype(np.uint8),
        ip_id=none.astype(np.uint16),
        begin=none,
        length=length,
    )
    words = Words(cannot & (length > 0), cannot_answer & (length > 0))
    syn = flags & 0x12 == 0x02
    ends = np.cumsum([len(each) for each in spoken])
    firsts = np.append(0, ends[:-1])
    expected = [_one_by_one(segments, words, syn, *span) for span in zip(firsts.tolist(), ends.tolist(), strict=True)]
    assert who_says_no(segments, words, syn, firsts, ends).tolist() == expected
