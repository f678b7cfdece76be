"""The fragment table: complete or nothing, and never more memory than allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import SkipReason
from analyzer.decode.fragments import LONGEST, PIECE_OVERHEAD, TIMEOUT, FragmentTable, Piece, Whole

DATA = bytes(range(64))
NOW = 1_700_000_000_000_000_000


def piece(start: int, end: int, *, captured: int | None = None, protocol: int = 6) -> Piece:
    return Piece(start, end, DATA[start:end][:captured], protocol)


def add(table: FragmentTable, start: int, end: int, key: str = "a", at: int = NOW) -> Whole | SkipReason:
    """One of the pieces of DATA."""
    return table.add(key, at, piece(start, end), last=end == len(DATA))


@given(st.permutations([(0, 8), (8, 24), (24, 32), (32, 56), (56, 64)]), st.data())
def test_any_order_with_repetitions(spans: list[tuple[int, int]], choose: st.DataObject) -> None:
    """The datagram is whole when its last missing piece arrives, whatever came twice before."""
    table = FragmentTable()
    sent: list[tuple[int, int]] = []
    for span in spans[:-1]:
        sent.append(span)
        assert add(table, *span) is SkipReason.FRAGMENT
        assert add(table, *choose.draw(st.sampled_from(sent))) is SkipReason.FRAGMENT
    assert add(table, *spans[-1]) == Whole(DATA, 64, 6)
    assert (len(table), table.cost) == (0, 0)


@pytest.mark.parametrize(
    "second", [(0, 8), (8, 16), (0, 24), (16, 40), (8, 56), (24, 40), (32, 40), (8, 64), (40, 64), (16, 64)]
)
def test_overlap_spoils(second: tuple[int, int]) -> None:
    """Pieces that overlap and are not the same are trusted no more, nor is anything that follows of that datagram."""
    table = FragmentTable()
    assert add(table, 16, 24) is SkipReason.FRAGMENT
    assert add(table, 24, 48) is SkipReason.FRAGMENT
    overlaps = second[0] < 48 and second[1] > 16
    assert add(table, *second) is (SkipReason.MALFORMED if overlaps else SkipReason.FRAGMENT)
    if overlaps:
        assert add(table, 0, 16) is SkipReason.MALFORMED
        assert table.cost == 0


def test_two_ends_spoil() -> None:
    """A second last piece elsewhere, or a piece behind the last one."""
    table = FragmentTable()
    assert table.add("a", NOW, piece(8, 16), last=True) is SkipReason.FRAGMENT
    assert table.add("a", NOW, piece(24, 32), last=True) is SkipReason.MALFORMED
    assert table.add("b", NOW, piece(8, 16), last=True) is SkipReason.FRAGMENT
    assert table.add("b", NOW, piece(24, 32), last=False) is SkipReason.MALFORMED
    assert table.add("c", NOW, piece(24, 32), last=False) is SkipReason.FRAGMENT
    assert table.add("c", NOW, piece(8, 16), last=True) is SkipReason.MALFORMED


@pytest.mark.parametrize(
    ("start", "end", "last"),
    [(0, 0, False), (8, 8, True), (0, 7, False), (8, 19, False), (65528, LONGEST + 1, True), (65528, 65544, False)],
)
def test_impossible_pieces(start: int, end: int, last: bool) -> None:
    """Empty, not a multiple of eight bytes, or beyond the longest datagram: not even remembered."""
    table = FragmentTable()
    assert table.add("a", NOW, Piece(start, end, b"", 6), last=last) is SkipReason.MALFORMED
    assert len(table) == 0


def test_captured_part() -> None:
    """What stands behind the first hole is not used."""
    table = FragmentTable()
    table.add("a", NOW, piece(0, 16), last=False)
    table.add("a", NOW, piece(16, 32, captured=4), last=False)
    assert table.add("a", NOW, piece(32, 64), last=True) == Whole(DATA[:20], 64, 6)


def test_protocol_of_the_first_piece() -> None:
    """The piece at offset 0 says what the datagram carries, whenever it arrives."""
    table = FragmentTable()
    table.add("a", NOW, piece(8, 64, protocol=17), last=True)
    assert table.add("a", NOW, piece(0, 8), last=False) == Whole(DATA, 64, 6)


@pytest.mark.parametrize("later", [TIMEOUT + 1, -TIMEOUT - 1])
def test_timeout(later: int) -> None:
    """After 30 seconds of capture time, or when the clock jumped back, a number means another datagram."""
    table = FragmentTable()
    add(table, 0, 8)
    add(table, 0, 8, "b")
    assert add(table, 8, 64, at=NOW + later) is SkipReason.FRAGMENT
    assert len(table) == 1
    assert add(table, 0, 8, at=NOW + later) == Whole(DATA, 64, 6)


def test_just_in_time() -> None:
    """At 30 seconds it is still the same."""
    table = FragmentTable()
    add(table, 0, 8)
    assert add(table, 8, 64, at=NOW + TIMEOUT) == Whole(DATA, 64, 6)


def test_spoiled_datagrams_time_out() -> None:
    """A number that was spoiled can be used again."""
    table = FragmentTable()
    add(table, 0, 16)
    assert add(table, 8, 24) is SkipReason.MALFORMED
    assert add(table, 0, 8, at=NOW + TIMEOUT + 1) is SkipReason.FRAGMENT


def test_old_behind_young() -> None:
    """Times out of order: what expired is not used even while something younger stands before it."""
    table = FragmentTable()
    add(table, 0, 8, "young", NOW + TIMEOUT)
    add(table, 0, 8, "old", NOW)
    assert add(table, 8, 64, "old", NOW + TIMEOUT + 1) is SkipReason.FRAGMENT


def test_too_many_datagrams() -> None:
    """The oldest is forgotten."""
    table = FragmentTable(max_datagrams=3)
    for key in "abcd":
        add(table, 0, 8, key)
    assert len(table) == 3
    assert add(table, 8, 64, "b") == Whole(DATA, 64, 6)
    assert add(table, 8, 64, "a") is SkipReason.FRAGMENT


def test_too_many_bytes() -> None:
    """The oldest is forgotten here as well, and small pieces are not for free."""
    table = FragmentTable(max_bytes=3 * (PIECE_OVERHEAD + 8))
    for key in "abcd":
        add(table, 0, 8, key)
    assert len(table) == 3
    assert table.cost == 3 * (PIECE_OVERHEAD + 8)
    assert add(table, 8, 64, "d") == Whole(DATA, 64, 6)


def test_one_datagram_alone_is_too_large() -> None:
    """A single datagram can't take more than all of the memory either."""
    table = FragmentTable(max_bytes=PIECE_OVERHEAD)
    assert add(table, 0, 8) is SkipReason.FRAGMENT
    assert (len(table), table.cost) == (0, 0)


spans = st.tuples(st.integers(0, 8), st.integers(0, 8), st.booleans(), st.sampled_from("abc"), st.integers(0, 40))


@given(st.lists(spans, max_size=60))
def test_bounds_hold(sent: list[tuple[int, int, bool, str, int]]) -> None:
    """Whatever is sent: the limits hold, the books are right, and a whole datagram is made of its own bytes."""
    table = FragmentTable(max_datagrams=2, max_bytes=5 * PIECE_OVERHEAD)
    for start, size, last, key, seconds in sent:
        end = start + size
        sent_piece = Piece(start * 8, end * 8, (DATA * 2)[start * 8 : end * 8], 6)
        result = table.add(key, NOW + seconds * 1_000_000_000, sent_piece, last=last)
        if isinstance(result, Whole):
            assert result.data == (DATA * 2)[: result.length]
        assert len(table) <= 2
        assert 0 <= table.cost <= 5 * PIECE_OVERHEAD
        assert table.cost > 0 or not len(table) or result is not SkipReason.FRAGMENT
