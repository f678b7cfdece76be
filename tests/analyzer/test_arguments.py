"""What was typed to the options of an analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.arguments import BadArgument, options_of
from analyzer.pipeline import Options
from dissectors.cookie import digest
from tests.analyzer.small_capture import START, answered, write

SECOND = 10**9


def test_nothing_typed_is_the_default() -> None:
    """EPMD's port above all."""
    options = options_of(["x.pcap"])
    assert (options.epmd_ports, options.dist_ports, options.since) == (Options().epmd_ports, frozenset(), None)
    assert len(options.cookies) == 0


def test_ports_and_names() -> None:
    """A port that is named takes the place of the default."""
    options = options_of(["-"], epmd_ports=(4370, 4371), dist_ports=(9100,), nodes=("ann@h",))
    assert options.epmd_ports == {4370, 4371}
    assert options.dist_ports == {9100}
    assert options.nodes == ("ann@h",)


@pytest.mark.parametrize(
    ("typed", "known"), [("10.0.0.1", "10.0.0.1"), ("FE80:0::1", "fe80::1"), ("[2001:db8::0:1]", "2001:db8::1")]
)
def test_addresses_as_packets_have_them(typed: str, known: str) -> None:
    """However they were written."""
    assert options_of(["-"], hosts=(typed,)).hosts == (known,)


def test_a_host_name_is_refused() -> None:
    """Packets know none, and nothing is looked up on the user's network."""
    with pytest.raises(BadArgument, match="--node"):
        options_of(["-"], hosts=("rabbit1.example.org",))


def test_a_time_of_day_is_one_of_the_capture(tmp_path: Path) -> None:
    """Of the day on which its first packet was taken."""
    path = str(write(tmp_path / "x.pcap", answered()))
    options = options_of([path], since="15:10", until="2026-11-01T00:00:00Z")
    assert options.since == (START - 37) * SECOND
    assert options.until == (START - 37 + 8 * 3600 + 50 * 60) * SECOND


def test_a_time_of_day_needs_a_file() -> None:
    """Standard input can't be read twice."""
    with pytest.raises(BadArgument, match="needs a date"):
        options_of(["-"], since="15:10")


def test_cookies(tmp_path: Path) -> None:
    """In the order in which they were named; a blank before the line end belongs to the cookie."""
    paths = []
    for number, cookie in enumerate((b"first \n", b"second\r\n")):
        path = tmp_path / f"cookie{number}"
        path.write_bytes(cookie)
        paths.append(str(path))
    jar = options_of(["-"], cookie_files=paths).cookies
    assert jar.match(7, digest(b"first ", 7)) == 0
    assert jar.match(7, digest(b"second", 7)) == 1
    assert jar.match(7, digest(b"third", 7)) is None


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"", "empty"), (b"caf\xe9\n", "printable ASCII")]
)
def test_a_cookie_that_cannot_be_read(content: bytes | None, why: str, tmp_path: Path) -> None:
    """The error names the file and the reason, and nothing that is in it."""
    path = tmp_path / "cookie"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadArgument, match=why) as caught:
        options_of(["-"], cookie_files=[str(path)])
    assert str(path) in str(caught.value)
    assert caught.value.exit_status == 2
    assert "caf" not in str(caught.value)
