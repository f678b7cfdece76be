"""Declared fields become slotted classes that behave as those of the standard library do."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import ClassVar

import pytest

from dissectors.dataclass import BY_HAND, FrozenInstanceError, dataclass, field, fields_of, replace


@dataclass(slots=True, frozen=True)
class Point:
    kind: ClassVar[str] = "point"

    x: int
    y: int = 2


@dataclass(slots=True, frozen=True, kw_only=True)
class Named(Point):
    name: str
    tags: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)


@dataclass(slots=True)
class Counter:
    count: int = 0

    def __post_init__(self) -> None:
        self.count += 1


@dataclass(slots=True, frozen=True)
class Empty:
    pass


def test_fields_are_set_by_place_name_and_default() -> None:
    """Positional ones first, keywords behind them, defaults and factories where nothing is given."""
    assert (Point(1).x, Point(1).y, Point(y=4, x=3).y) == (1, 2, 4)
    one, other = Named(1, name="a"), Named(1, 5, name="b", tags=["t"])
    assert (one.x, one.y, one.name, one.tags, other.y, other.tags) == (1, 2, "a", [], 5, ["t"])
    assert one.tags is not Named(1, name="a").tags
    assert Counter(4).count == 5


@pytest.mark.parametrize("arguments", [(), (1, 2, 3)])
def test_wrong_arguments_are_refused(arguments: tuple[int, ...]) -> None:
    """As by any function, at the first call and at later ones."""
    for _ in range(2):
        with pytest.raises(TypeError):
            Point(*arguments)


@pytest.mark.parametrize("wrong", [{"y": 1}, {"x": 1, "z": 2}], ids=["one is missing", "one is unknown"])
def test_wrong_names_are_refused(wrong: dict[str, int]) -> None:
    """With the words of Python, which names the argument."""

    @dataclass(slots=True)
    class Fresh:
        x: int
        y: int = 0

    with pytest.raises(TypeError, match=r"'[xz]'"):
        Fresh(**wrong)
    with pytest.raises(TypeError, match="multiple values for argument 'x'"):
        Fresh(1, x=2)  # type: ignore[misc]


def test_the_first_instances_are_like_the_later_ones() -> None:
    """Those are made by compiled code."""

    @dataclass(slots=True, frozen=True)
    class Fresh:
        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list)

    interpreted = Fresh.__init__
    made = []
    for number in range(BY_HAND + 2):
        assert (Fresh.__init__ is interpreted) is (number <= BY_HAND)
        made.append((number, Fresh(number) if number % 2 else Fresh(x=number, y=2, tags=[])))
    assert all((each.x, each.y, each.tags) == (number, 2, []) for number, each in made)
    assert len({id(each.tags) for _, each in made}) == len(made)


def test_values_are_compared_and_hashed() -> None:
    """Equal are instances of one class with equal values."""
    assert Point(1) == Point(1, 2) != Point(1, 3)
    assert hash(Point(1)) == hash(Point(1, 2))
    assert Point(1) != Named(1, name="a")
    assert Empty() == Empty() and hash(Empty()) == hash(Empty())
    assert Counter() == Counter()
    with pytest.raises(TypeError):
        hash(Counter())


def test_frozen_ones_stay_as_they_are() -> None:
    """Neither a field nor a new name can be set, and nothing has a ``__dict__``."""
    point: object = Point(1)
    for name in ("x", "z"):
        with pytest.raises(FrozenInstanceError):
            setattr(point, name, 1)
    with pytest.raises(FrozenInstanceError):
        del point.x  # type: ignore[attr-defined]
    counter = Counter()
    counter.count = 7
    assert counter.count == 7
    assert not hasattr(counter, "__dict__") and not hasattr(point, "__dict__")


def test_they_show_themselves() -> None:
    """All fields, but those that are not to be shown."""
    assert repr(Named(1, name="a")) == "Named(x=1, y=2, name='a', tags=[])"


def test_they_can_be_taken_apart() -> None:
    """By pattern, by field, with other values, and on the way to another process."""
    match Point(3, 4):
        case Point(x, y):
            assert (x, y) == (3, 4)
    assert [each.name for each in fields_of(Named)] == ["x", "y", "name", "tags", "secret"]
    assert fields_of(int) == ()
    assert replace(Named(1, name="a"), x=5) == Named(5, name="a")
    for each in (Empty(), Counter(3), Point(1), Named(1, name="a")):
        assert pickle.loads(pickle.dumps(each)) == each


def test_the_library_of_python_is_not_loaded() -> None:
    """Half of the start would go into what it imports and compiles."""
    script = "import dissectors.dataclass, sys; sys.exit('dataclasses' in sys.modules or 'inspect' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
