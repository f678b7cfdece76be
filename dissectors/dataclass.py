"""Annotated classes to slotted data classes, whose methods are written only when the first instance is made.

The same declarations as those of :mod:`dataclasses`, which writes and compiles six methods for each class when its
module is imported.  For the classes of this program that takes longer than to diagnose a small capture, and most of
them have no instance in one run.  Here a class costs next to nothing until then, and only ``__init__`` is compiled.

What differs: all are slotted, annotations must be text (``from __future__ import annotations``), and
:func:`replace` and :func:`fields_of` stand for the functions of :mod:`dataclasses`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, Final, Literal, TypeVar, cast, dataclass_transform

T = TypeVar("T")

MISSING: Final[Any] = object()
"""In place of a default that is not there."""

BY_HAND = 8
"""Instances of a class that are made before its ``__init__`` is compiled, which takes as long as to make thirty.  In
the diagnosis of a small capture most classes have fewer."""


class Field:
    """What the class says of one of its fields."""

    __slots__ = ("default", "default_factory", "kw_only", "metadata", "name", "repr")

    def __init__(
        self, default: Any, default_factory: Callable[[], Any] | None, repr: bool, metadata: Mapping[str, Any]
    ) -> None:
        self.name = ""
        self.kw_only = False
        self.default = default
        self.default_factory = default_factory
        self.repr = repr
        self.metadata = metadata


class FrozenInstanceError(AttributeError):
    """A field of a frozen instance was to be changed."""


def field(
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | None = None,
    repr: bool = True,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """A field with more to say than a default value; ``metadata`` is for whoever asks :func:`fields_of`."""
    return Field(default, default_factory, repr, metadata or {})


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    *, slots: Literal[True], frozen: bool = False, eq: bool = True, kw_only: bool = False
) -> Callable[[type[T]], type[T]]:
    """Make a class of annotated fields: ``__init__``, ``repr``, and with ``eq`` comparison by value.

    ``frozen`` ones cannot be changed, and with ``eq`` they are hashable.
    """

    def declare(cls: type[T]) -> type[T]:
        namespace = dict(cls.__dict__)
        own = _declared(namespace, kw_only)
        namespace.pop("__dict__", None)
        namespace.pop("__weakref__", None)
        namespace["__slots__"] = tuple(own)
        inherited = (vars(base).get("__dataclass_fields__", {}) for base in reversed(cls.__mro__[1:]))
        fields: dict[str, Field] = {name: each for known in inherited for name, each in known.items()} | own
        namespace["__dataclass_fields__"] = fields
        namespace["__match_args__"] = tuple(name for name, each in fields.items() if not each.kw_only)
        namespace.setdefault("__repr__", _repr)
        if eq:
            namespace.setdefault("__eq__", _eq)
            namespace.setdefault("__hash__", _hash if frozen else None)
        if frozen:
            namespace |= {"__setattr__": _refuse, "__delattr__": _refuse}
            namespace |= {"__getstate__": _get_state}
        metaclass: Any = type(cls)
        made = metaclass(cls.__name__, cls.__bases__, namespace)
        made.__init__ = _late_init(made, fields, frozen)
        if frozen:
            made.__setstate__ = _late_set_state(made, fields)
        return cast("type[T]", made)

    return declare


def fields_of(kind: type) -> tuple[Field, ...]:
    """The fields of such a class, inherited ones first; none of another class."""
    return tuple(getattr(kind, "__dataclass_fields__", {}).values())


def replace(instance: T, /, **changes: Any) -> T:
    """The same with other values."""
    known: dict[str, Field] = type(instance).__dataclass_fields__  # type: ignore[attr-defined]
    return type(instance)(**{name: getattr(instance, name) for name in known} | changes)


def _declared(namespace: dict[str, Any], kw_only: bool) -> dict[str, Field]:
    """The fields that a class declares itself; their defaults are taken out of the namespace."""
    fields = {}
    for name, annotation in namespace.get("__annotations__", {}).items():
        if annotation.startswith("ClassVar"):
            continue
        default = namespace.pop(name, MISSING)
        declared = default if isinstance(default, Field) else Field(default, None, True, {})
        declared.name, declared.kw_only = name, kw_only
        fields[name] = declared
    return fields


def _late_init(cls: Any, fields: Mapping[str, Field], frozen: bool) -> Callable[..., None]:
    """Sets the fields of the first instances one by one.  Compiles the real ``__init__`` in its own place when there
    are more, or when the arguments do not fit: it says what is wrong with them."""
    made = 0
    places = [name for name, each in fields.items() if not each.kw_only]

    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:
        nonlocal made
        made += 1
        given = dict(zip(places, args, strict=False), **kwargs)
        # There may be fewer: of too many, and of one that is given twice.
        fits = len(given) == len(args) + len(kwargs)
        if made > BY_HAND or not fits or not _set_by_hand(self, cls, fields, given):
            init = _init(cls, fields, frozen)
            cls.__init__ = init
            init(self, *args, **kwargs)
        elif hasattr(cls, "__post_init__"):
            self.__post_init__()

    return __init__


def _set_by_hand(instance: Any, cls: Any, fields: Mapping[str, Field], given: dict[str, Any]) -> bool:
    """Sets every field; False where one is missing, or ``given`` has one that is none."""
    for name, each in fields.items():
        if name in given:
            value = given.pop(name)
        elif each.default_factory is not None:
            value = each.default_factory()
        else:
            value = each.default
            if value is MISSING:
                return False
        # The slot's own setter is the way around ``__setattr__`` of frozen ones.
        getattr(cls, name).__set__(instance, value)
    return not given


def _init(cls: Any, fields: Mapping[str, Field], frozen: bool) -> Callable[..., None]:
    names: dict[str, Any] = {"MISSING": MISSING}
    positional: list[str] = []
    keywords: list[str] = []
    body: list[str] = []
    for name, each in fields.items():
        default, value = "", name
        if each.default_factory is not None:
            names[f"make_{name}"] = each.default_factory
            default, value = "=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        elif each.default is not MISSING:
            names[f"default_{name}"] = each.default
            default = f"=default_{name}"
        (keywords if each.kw_only else positional).append(name + default)
        if frozen:
            # The slot's own setter is the quickest way around ``__setattr__``.
            names[f"set_{name}"] = getattr(cls, name).__set__
            body.append(f" set_{name}(self, {value})")
        else:
            body.append(f" self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    parameters = ", ".join(["self", *positional, *(["*", *keywords] if keywords else [])])
    exec(f"def __init__({parameters}):\n" + ("\n".join(body) or " pass"), names)  # noqa: S102 (names of fields)
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


@cache
def _values_of(cls: type[Any]) -> Callable[[Any], Any]:
    """What gets the values of all fields at once."""
    names = [each.name for each in fields_of(cls)]
    return attrgetter(*names) if names else type


def _late_set_state(cls: Any, fields: Mapping[str, Field]) -> Callable[..., None]:
    """The same for what :mod:`pickle` calls: it finds no way around ``__setattr__`` by itself."""

    def __setstate__(self: Any, state: Any) -> None:
        names: dict[str, Any] = {f"set_{name}": getattr(cls, name).__set__ for name in fields}
        body = [f" set_{name}(self, {name})" for name in fields]
        exec(f"def __setstate__(self, state):\n {', '.join(fields) or '_'}, = state\n" + "\n".join(body), names)  # noqa: S102
        cls.__setstate__ = names["__setstate__"]
        cls.__setstate__(self, state)

    return __setstate__


def _values(instance: Any) -> Any:
    return _values_of(instance.__class__)(instance)


@recursive_repr()
def _repr(self: Any) -> str:
    shown: Iterator[str] = (f"{each.name}={getattr(self, each.name)!r}" for each in fields_of(type(self)) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _refuse(self: Any, name: str, _: object = None) -> None:
    raise FrozenInstanceError(f"{name!r} of a frozen {type(self).__name__} cannot be changed")


def _get_state(self: Any) -> Any:
    values = _values(self)
    return values if len(fields_of(type(self))) > 1 else (values,)
