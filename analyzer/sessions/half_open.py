"""Attempts that are over and were only a dial → the first ones of each listener, and how many more there were.

A SYN flood is a million attempts that nothing tells apart: a SYN, perhaps its answer, and nothing after that.  The
policy: of those that end so, the first ``LISTED`` of a listener, as one point of observation shows them, are attempts
like any other.  Every further one is counted when its stream is forgotten, told of in the report's notes, and takes no
memory.  Whatever was refused, reset, established, or belongs to a lookup is never one of them.  Where somebody dials
more listeners than ``LISTENERS`` (a scan), the others count as one.

While so many connections open at once that the stream layer lets openings wait (:mod:`analyzer.streams.syn_cache`),
the first ``LISTED`` of a listener are followed like any other.  Of the further ones no stream is made; those that come
to nothing are counted here.
"""

from __future__ import annotations

from collections import Counter

from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.connection import Connection

LISTED = 2000
"""Of one listener at one point of observation."""
LISTENERS = 4096
"""That are told apart."""

_Place = tuple[int, Endpoint | None]
"""Point of observation and listener; None: all the others."""


class HalfOpen:
    """Hears of every attempt that is over."""

    def __init__(self, listed: int | None = None, followed: int | None = None) -> None:
        """``listed``: how many of a listener stay; ``followed``: of those that open in a crowd; None: all."""
        self._listed = listed
        self._most_followed = followed
        self._seen: Counter[_Place] = Counter()
        self._followed: Counter[_Place] = Counter()
        """Of openings in a crowd."""
        self._waited: Counter[_Place] = Counter()
        """Of those that no stream was made for and that came to nothing."""

    @property
    def follows_all(self) -> bool:
        """No opening waits."""
        return self._most_followed is None

    def is_surplus(self, attempt: Attempt) -> bool:
        """Count it; whether there were enough of its kind before."""
        connection = _only_dialled(attempt)
        if self._listed is None or connection is None:
            return False
        return _counted(self._seen, connection.vantage, connection.listener) > self._listed

    def can_wait(self, vantage: int, listener: Endpoint) -> bool:
        """Whether enough openings of a listener are followed, of the crowd that there is."""
        if self._most_followed is None:
            return False
        return _counted(self._followed, vantage, listener) > self._most_followed

    def came_to_nothing(self, vantage: int, listener: Endpoint) -> None:
        """Count an opening that was not followed."""
        _counted(self._waited, vantage, listener)

    def notes(self) -> list[str]:
        """What a report says of those that it does not list.  Several captures may show the same ones."""
        most: dict[Endpoint, int] = {}
        others = 0
        for place in {*self._seen, *self._waited}:
            surplus = 0 if self._listed is None else max(0, self._seen[place] - self._listed)
            surplus += self._waited[place]
            _, listener = place
            if listener is None:
                others = max(others, surplus)
            elif surplus:
                most[listener] = max(most.get(listener, 0), surplus)
        named = [(count, f"{listener.address} port {listener.port}") for listener, count in sorted(most.items())]
        if others:
            named.append((others, "many other listeners"))
        return [
            f"{count} more connections to {where} never got beyond their opening: they were counted, not listed"
            for count, where in named
        ]


def _counted(counts: Counter[_Place], vantage: int, listener: Endpoint) -> int:
    """How many there are of that listener with this one."""
    place: _Place = (vantage, listener)
    if place not in counts and len(counts) >= LISTENERS:
        place = (vantage, None)
    counts[place] += 1
    return counts[place]


def _only_dialled(attempt: Attempt) -> Connection | None:
    """The connection of an attempt of which there is a SYN, or its answer, and nothing else."""
    if attempt.epmd is not None and attempt.link is not None:
        return None
    if all(isinstance(event, (events.Dialled, events.DialAnswered)) for event in attempt.timeline):
        return attempt.epmd or attempt.link
    return None
