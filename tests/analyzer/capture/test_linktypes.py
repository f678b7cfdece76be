"""Link types have the names of tcpdump.org."""

from __future__ import annotations

import pytest

from analyzer.capture.linktypes import LinkType, link_type_name


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "NULL"),
        (1, "ETHERNET"),
        (101, "RAW"),
        (105, "IEEE802_11"),
        (108, "LOOP"),
        (113, "LINUX_SLL"),
        (228, "IPV4"),
        (229, "IPV6"),
        (239, "NFLOG"),
        (253, "NETLINK"),
        (276, "LINUX_SLL2"),
    ],
)
def test_a_known_type_has_its_name(number: int, name: str) -> None:
    """As the registry has it, without the prefix."""
    assert link_type_name(number) == name
    assert getattr(LinkType, name) == number


@pytest.mark.parametrize("number", [-1, 2, 65_535])
def test_an_unknown_type_is_named_by_its_number(number: int) -> None:
    """Unknown is an answer, not an error."""
    assert link_type_name(number) == f"LINKTYPE_{number}"
