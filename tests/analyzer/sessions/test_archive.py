"""What is packed comes back equal, block by block, and objects do not show that parts of them are packed."""

from __future__ import annotations

from random import Random
from typing import ClassVar

import pytest

from analyzer.sessions.archive import BLOCK, IN_MEMORY, Archive, Packable, Shelf, changed, opened
from dissectors.dataclass import dataclass


@dataclass(slots=True, eq=False)
class Box(Packable):
    PARTS: ClassVar[tuple[str, ...]] = ("first", "second")

    name: str
    first: list[int]
    second: list[list[int]]


def box(number: int) -> Box:
    """One whose parts share an object."""
    shared = [number]
    return Box(f"box {number}", shared, [shared, shared])


def test_everything_comes_back_by_its_number() -> None:
    """In order, in any other order, and from the block that is not full."""
    archive = Archive()
    parts = [[number, str(number)] for number in range(3 * BLOCK + 5)]
    numbers = [archive.put(part) for part in parts]
    assert [archive.get(number) for number in numbers] == parts
    assert [archive.get(number) for number in reversed(numbers)] == parts[::-1]
    assert archive.put("more") == len(parts)
    assert archive.get(0) == parts[0]


def test_more_than_memory_should_hold() -> None:
    """It goes on in a file."""
    archive = Archive()
    parts = [Random(number).randbytes(96_000) for number in range(BLOCK * 8)]
    assert sum(map(len, parts)) > IN_MEMORY
    for part in parts:
        archive.put(part)
    assert archive.get(5) == parts[5]
    assert archive.get(BLOCK * 7) == parts[BLOCK * 7]


def test_packed_parts_are_there_by_name() -> None:
    """What belonged together still does, and the rest of the object is untouched."""
    archive = Archive()
    boxes = [box(number) for number in range(2 * BLOCK)]
    for each in boxes:
        each.pack(archive)
    assert all(each.packed for each in boxes)
    assert [each.first for each in boxes] == [[number] for number in range(2 * BLOCK)]
    assert boxes[7].second[0] is boxes[7].first
    assert boxes[7].name == "box 7"
    with pytest.raises(AttributeError, match="third"):
        print(boxes[7].third)  # type: ignore[attr-defined]


def test_unpacked_parts_can_change_again() -> None:
    """And be packed anew, as they are then."""
    archive = Archive()
    boxes = [box(number) for number in range(BLOCK)]
    for each in boxes:
        each.pack(archive)
    one = boxes[3]
    one.unpack()
    one.first.append(4)
    assert not one.packed
    assert one.second[1] == [3, 4]
    one.pack(archive)
    assert one.first == [3, 4]
    boxes[0].unpack()
    boxes[0].unpack()
    assert boxes[0].first == [0]


def test_parts_that_are_missing_for_another_reason() -> None:
    """Are missing as ever."""
    one = box(1)
    del one.first
    with pytest.raises(AttributeError, match="first"):
        print(one.first)


def test_parts_are_in_place_for_the_one_that_is_looked_at() -> None:
    """And for no other; what is not packed stays as it is."""
    archive = Archive()
    boxes = [box(number) for number in range(BLOCK + 1)]
    for each in boxes[1:]:
        each.pack(archive)
    for number, each in enumerate(opened(boxes)):
        assert each.first is each.first
        assert each.first == [number]
        assert each.packed is (number > 0)
    assert boxes[1].second == [[1], [1]]


def test_who_looks_at_one_may_look_at_all() -> None:
    """And finds the one that is open as it was."""
    archive = Archive()
    boxes = [box(number) for number in range(BLOCK)]
    for each in boxes:
        each.pack(archive)
    for number, each in enumerate(opened(boxes)):
        mine = each.first
        assert [other.first for other in opened(boxes)] == [[place] for place in range(BLOCK)]
        assert each.first is mine == [number]


def test_the_latest_ones_stay_on_the_shelf() -> None:
    """The earlier ones are packed, but for one that was taken back."""
    shelf = Shelf(2)
    boxes = [box(number) for number in range(5)]
    for each in boxes[:2]:
        shelf.put(each)
    shelf.take(boxes[0])
    for each in boxes[2:]:
        shelf.put(each)
    assert [each.packed for each in boxes] == [False, True, True, False, False]
    shelf.take(boxes[1])
    assert not boxes[1].packed


def test_a_shelf_without_bounds_packs_nothing() -> None:
    """As for whoever lets go of what is over."""
    shelf, one = Shelf(None), box(1)
    for _ in range(3):
        shelf.put(one)
    assert not one.packed


def test_a_change_of_what_is_packed_is_kept() -> None:
    """It is packed anew, and what is not packed stays so."""
    archive = Archive()
    boxes = [box(number) for number in range(BLOCK + 1)]
    for each in boxes[:-1]:
        each.pack(archive)
    for each in (boxes[0], boxes[-1]):
        with changed(each):
            each.first = [77]
    assert [each.packed for each in (boxes[0], boxes[-1])] == [True, False]
    assert [each.first for each in (boxes[0], boxes[1], boxes[-1])] == [[77], [1], [77]]
