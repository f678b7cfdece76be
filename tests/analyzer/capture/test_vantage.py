"""Which files continue one another."""

from __future__ import annotations

import pytest

from analyzer.capture.vantage import Vantages, set_name

TRACE = set_name("trace.pcap")
OTHER = set_name("other.pcap")
ETHERNET, COOKED = 1, 113


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("trace.pcap", "trace.pcap1"),
        ("trace.pcap1", "trace.pcap12.gz"),
        ("d/trace_00001_20240101120000.pcapng", "d/trace_00002_20240101130000.pcapng"),
        ("trace-1.pcap.zst", "trace-2.pcap"),
    ],
)
def test_files_of_a_set_have_one_name(one: str, other: str) -> None:
    """As tcpdump and Wireshark number them, and whether or not they were compressed since."""
    assert set_name(one) == set_name(other)


@pytest.mark.parametrize(("one", "other"), [("a/trace.pcap", "b/trace.pcap"), ("app.pcap", "db.pcap")])
def test_files_of_two_sets_have_two(one: str, other: str) -> None:
    """Another folder, or another name."""
    assert set_name(one) != set_name(other)


def test_a_file_after_another_continues_it() -> None:
    """Even under another name: what does not overlap can't be two views of one packet."""
    vantages = Vantages()
    first = vantages.open(TRACE, ETHERNET)
    vantages.close(first, 10, [ETHERNET])
    assert vantages.open(OTHER, ETHERNET) == first


def test_a_file_beside_another_is_another_vantage() -> None:
    """Two hosts saw it."""
    vantages = Vantages()
    assert vantages.open(TRACE, ETHERNET) != vantages.open(TRACE, ETHERNET)


def test_a_file_with_another_link_type_is_another_vantage() -> None:
    """A rotated set has one interface."""
    vantages = Vantages()
    first = vantages.open(TRACE, ETHERNET)
    vantages.close(first, 10, [ETHERNET])
    assert vantages.open(TRACE, COOKED) != first


def test_the_same_set_comes_before_the_nearest_in_time() -> None:
    """Of two sets, each is continued by its own file."""
    vantages = Vantages()
    trace = vantages.open(TRACE, ETHERNET)
    other = vantages.open(OTHER, ETHERNET)
    vantages.close(trace, 10, [ETHERNET])
    vantages.close(other, 11, [ETHERNET])
    assert vantages.open(TRACE, ETHERNET) == trace
    assert vantages.open(TRACE, ETHERNET) == other


def test_of_foreign_sets_the_nearest_in_time_is_continued() -> None:
    """The one that ended last."""
    vantages = Vantages()
    names = [set_name(name) for name in ("a.pcap", "b.pcap", "c.pcap")]
    numbers = [vantages.open(name, ETHERNET) for name in names]
    for number, at in zip(numbers, (10, 12, 11), strict=True):
        vantages.close(number, at, [ETHERNET])
    assert vantages.open(set_name("d.pcap"), ETHERNET) == numbers[1]


def test_a_vantage_is_not_free_while_a_file_of_it_is_read() -> None:
    """Where the caller knows better, two files of one vantage may run at once."""
    vantages = Vantages()
    first = vantages.open(TRACE, ETHERNET)
    assert vantages.open(TRACE, ETHERNET, continues=first) == first
    vantages.close(first, 10, [ETHERNET])
    assert vantages.open(TRACE, ETHERNET) != first
