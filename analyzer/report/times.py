"""Integer nanoseconds to the stamps and spans of a report, and what people type for a time back to nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND = 10**9
DAY = 86_400 * SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
_UNITS = (
    # at least this many ns, ns per unit, decimals, unit
    (2 * DAY, DAY, 0, "days"),
    (2 * 3600 * SECOND, 3600 * SECOND, 0, "hours"),
    (2 * 60 * SECOND, 60 * SECOND, 0, "minutes"),
    (10 * SECOND, SECOND, 0, "seconds"),
    (SECOND, SECOND, 1, "s"),
    (10_000_000, 1_000_000, 0, "ms"),
    (1_000_000, 1_000_000, 1, "ms"),
    (0, 1_000, 0, "µs"),
)
_CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
_EPOCH_SECONDS = r"(\d{9,11})(?:\.(\d{1,9}))?"
"""From 1973 on: a shorter number is a slip of the fingers."""

_FRACTION = r"\.(\d{1,9})"


def _moment(at: int) -> tuple[datetime, int]:
    """Whole seconds and the nanoseconds beyond them; a clock that is out of the calendar is held at its edge."""
    seconds, nanoseconds = divmod(at, SECOND)
    return _EPOCH + timedelta(seconds=min(max(seconds, _FIRST), _LAST)), nanoseconds


def rfc3339(at: int) -> str:
    """``2026-10-31T15:10:37.335658000Z``."""
    moment, nanoseconds = _moment(at)
    return f"{moment.replace(tzinfo=None).isoformat()}.{nanoseconds:09d}Z"


def date(at: int) -> str:
    """``2026-10-31``, UTC."""
    return _moment(at)[0].date().isoformat()


def clock(at: int, digits: int = 6) -> str:
    """``15:10:37.335658``, UTC, cut (not rounded) to ``digits`` decimals."""
    moment, nanoseconds = _moment(at)
    fraction = f".{nanoseconds:09d}"[: digits + 1] if digits else ""
    return f"{moment.time().isoformat()}{fraction}"


def stamp(at: int, digits: int = 6) -> str:
    """``2026-10-31 15:10:37.335658``, UTC."""
    return f"{date(at)} {clock(at, digits)}"


def period(first: int, last: int) -> str:
    """``2026-10-31 15:10:37 to 15:13:40 UTC``: the date is said once."""
    start, end = stamp(first, 0), stamp(last, 0)
    if start == end:
        return f"{start} UTC"
    return f"{start} to {end if date(first) != date(last) else clock(last, 0)} UTC"


def offset(nanoseconds: int) -> str:
    """Time since a start, in seconds: ``+0.003212``."""
    sign = "-" if nanoseconds < 0 else "+"
    seconds, rest = divmod(abs(nanoseconds), SECOND)
    return f"{sign}{seconds}.{rest // 1000:06d}"


def span(nanoseconds: int) -> str:
    """How long something took, for people: ``3 minutes``, ``7.0 s``, ``1.2 ms``."""
    length = abs(nanoseconds)
    for least, unit, decimals, name in _UNITS:
        if length >= least:
            return f"{length / unit:.{decimals}f} {name}"
    raise AssertionError("the last unit takes everything")


def needs_day(text: str) -> bool:
    """Whether ``text`` is a time of day, which means something only beside a date."""
    return re.fullmatch(_CLOCK, text.strip()) is not None


def parse(text: str, near: int | None = None) -> int:
    """What people type to nanoseconds since 1970-01-01 UTC.

    RFC 3339 (``2026-10-31T15:10:37Z``; UTC where no offset is given), seconds since 1970, or ``HH:MM[:SS]`` on the day
    of ``near``.  Raises ValueError with words for people.
    """
    text = text.strip()
    if match := re.fullmatch(_CLOCK, text):
        if near is None:
            raise ValueError(f"{text!r} needs a date here, as in 2026-10-31T{text}Z")
        hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
        if hours > 23 or minutes > 59 or seconds > 60:
            raise ValueError(f"{text!r} is no time of day")
        return near - near % DAY + ((hours * 60 + minutes) * 60 + seconds) * SECOND + _nanoseconds(match[4])
    if match := re.fullmatch(_EPOCH_SECONDS, text):
        return int(match[1]) * SECOND + _nanoseconds(match[2])
    fraction = re.search(_FRACTION, text)
    whole_seconds = re.sub(_FRACTION, "", text, count=1)
    try:
        if "." in whole_seconds:
            raise ValueError
        moment = datetime.fromisoformat(whole_seconds)
    except ValueError:
        raise ValueError(f"{text!r} is no time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = (moment - _EPOCH) // timedelta(seconds=1)
    return whole * SECOND + _nanoseconds(fraction[1] if fraction else None)


def _nanoseconds(decimals: str | None) -> int:
    return int((decimals or "0").ljust(9, "0"))
