"""What was typed → :class:`analyzer.pipeline.Options`: ports, names, addresses, times, cookie files."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from analyzer.capture import open_source
from analyzer.errors import DistscopeError, printable
from analyzer.pipeline import Options
from analyzer.report import times
from dissectors.cookie import CookieError, CookieJar, read_cookie_file

STANDARD_INPUT = "-"


class BadArgument(DistscopeError):
    """An option's value means nothing."""


def options_of(
    captures: Sequence[str],
    *,
    epmd_ports: Sequence[int] = (),
    dist_ports: Sequence[int] = (),
    nodes: Sequence[str] = (),
    hosts: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    cookie_files: Sequence[str] = (),
) -> Options:
    """The options of an analysis of ``captures``.  Raises DistscopeError."""
    return Options(
        epmd_ports=frozenset(epmd_ports) or Options().epmd_ports,
        dist_ports=frozenset(dist_ports),
        cookies=CookieJar(map(_cookie, cookie_files)),
        nodes=tuple(nodes),
        hosts=tuple(map(_address, hosts)),
        since=_moment("--since", since, captures),
        until=_moment("--until", until, captures),
    )


def _cookie(path: str) -> bytes:
    """Says what is wrong with the file, never what is in it."""
    from pathlib import Path

    try:
        return read_cookie_file(Path(path).expanduser().read_bytes())
    except (OSError, CookieError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise BadArgument(
            f"no cookie can be read from it: {why}",
            path=path,
            next_step="name the file that a node reads its cookie from, often ~/.erlang.cookie",
        ) from None


def _address(host: str) -> str:
    """In the form that packets are printed in: an IPv6 address can be written in many ways."""
    import ipaddress

    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        raise BadArgument(
            f"--host {printable(host)}: this is no IP address, and packets know no host names",
            next_step="give the address, or the node's name with --node",
        ) from None


def _moment(option: str, text: str | None, captures: Sequence[str]) -> int | None:
    """A time of day is one of the day on which the captures begin."""
    if text is None:
        return None
    day = None
    if times.needs_day(text) and STANDARD_INPUT not in captures:
        with open_source(captures, stdin=sys.stdin.buffer) as source:
            day = next((packet.ref.at for packet in source), None)
    try:
        return times.parse(text, day)
    except ValueError as error:
        raise BadArgument(
            f"{option}: {printable(str(error))}", next_step="write 2026-10-31T15:10:37Z, 15:10:37 or seconds since 1970"
        ) from None
