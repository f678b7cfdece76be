"""Chunks in any order, overlapping, become sorted chunks without overlap; first bytes win."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.packet import PacketRef
from analyzer.streams.held import CHUNK_COST, Backlog, Chunk, Held

REF = PacketRef(0, 1, 0)


def chunk(start: int, payload: bytes, length: int | None = None) -> Chunk:
    """Some bytes at an offset."""
    return Chunk(start, len(payload) if length is None else length, payload, REF, 64, None, 0)


def test_a_part_of_a_chunk() -> None:
    """Cut at both ends; the part that was not captured stays not captured."""
    whole = chunk(10, b"abcd", 8)
    part = whole.part(12, 16)
    assert (part.start, part.length, part.payload, part.stop) == (12, 4, b"cd", 16)
    assert whole.part(15, 18).payload == b""
    assert whole.part(10, 18) == whole


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(min_size=1, max_size=12), st.integers(0, 4)), max_size=12))
def test_every_byte_is_that_of_the_first_chunk_with_it(spans: list[tuple[int, bytes, int]]) -> None:
    """Against a model that holds single bytes; None stands for one that was not captured."""
    backlog = Backlog()
    held = Held(backlog)
    model: dict[int, int | None] = {}
    for start, payload, cut in spans:
        repeated = held.add(chunk(start, payload, len(payload) + cut))
        content = [*payload, *[None] * cut]
        known = [start + index for index in range(len(content)) if start + index in model]
        assert [offset for first, stop in repeated for offset in range(first, stop)] == known
        model = {**{start + index: byte for index, byte in enumerate(content)}, **model}
        assert held.stop == max(model) + 1
        assert backlog.cost == held.cost == sum(one.cost for one in held.chunks)
    assert bool(held) == bool(model)
    told: dict[int, int | None] = {}
    while held:
        first = held.first
        assert held.pop() is first
        assert not told or first.start > max(told)
        told.update(
            (first.start + index, first.payload[index] if index < len(first.payload) else None)
            for index in range(first.length)
        )
    assert told == model
    assert backlog.cost == held.cost == held.stop == 0


def test_what_is_not_captured_costs_too() -> None:
    """A chunk without payload takes memory all the same."""
    held = Held(Backlog())
    held.add(chunk(0, b"", 1400))
    assert held.cost == CHUNK_COST
