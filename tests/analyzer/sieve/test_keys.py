"""Keys are the same for both directions, and tables hold what was put in."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.sieve import keys
from analyzer.sieve.keys import UNCOVERED, Table, among, key_of, marked


def test_key_of_a_connection() -> None:
    """Not of its direction; but of the point of observation."""
    one, two = ("10.0.0.1", 4369), ("10.0.0.2", 40_000)
    assert key_of(0, one, two) == key_of(0, two, one) != UNCOVERED
    assert key_of(0, one, two) != key_of(1, one, two)
    assert key_of(0, ("2001:db8::1", 1), two) == key_of(0, two, ("2001:db8::1", 1))


@given(st.lists(st.tuples(st.sampled_from(("add", "add one", "remove")), st.integers(1, 40)), max_size=60))
@example([("add", 3), ("add", 38), ("remove", 3), ("add", 38), ("remove", 38)])
def test_a_table_is_a_set(steps: list[tuple[str, int]]) -> None:
    """Also where many keys want one slot."""
    table, known = Table(), set[int]()
    for step, number in steps:
        key = number % 7 << 20 | number << 50 | 1
        if step == "remove":
            table.remove(key)
            known.discard(key)
            continue
        known.add(key)
        if step == "add":
            table.add(np.array([key], np.uint64))
        else:
            table.add_one(key)
    asked = np.array([UNCOVERED, *(number % 7 << 20 | number << 50 | 1 for number in range(1, 41))], np.uint64)
    assert table.has(asked).tolist() == [key in known for key in asked.tolist()]
    assert [table.has_one(key) for key in asked.tolist()[1:]] == [key in known for key in asked.tolist()[1:]]


def test_too_many_keys_without_a_slot_are_forgotten() -> None:
    """Memory has a bound."""
    table = Table()
    for start in range(1, 4 * keys.MOST_CROWDED, keys.MOST_CROWDED):
        crowd = np.arange(start, start + keys.MOST_CROWDED, dtype=np.uint64) << np.uint64(44)
        table.add(crowd)
    assert int(table.has(np.arange(1, 4 * keys.MOST_CROWDED, dtype=np.uint64) << np.uint64(44)).sum()) < 4e5


@given(st.lists(st.integers(0, 60)), st.lists(st.integers(1, 60)))
def test_which_are_among_others(asked: list[int], some: list[int]) -> None:
    """Also where they are alike in the bits that are looked at first."""
    columns = [np.array([number % 3 << 20 | number << 50 for number in each], np.uint64) for each in (asked, some)]
    assert among(*columns).tolist() == [number in some for number in asked]


def test_marked_numbers() -> None:
    """These, and no others."""
    assert np.flatnonzero(marked(16, (15, 0, 3))).tolist() == [0, 3, 15]
    assert len(marked(16, ())) == 16
