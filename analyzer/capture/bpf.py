"""What need not be looked at → filters for the kernel: what they keep out never costs a copy.

:func:`kernel_filter` is an expression that holds for good; :func:`program` puts before it what only a while of
listening could teach: connections that make many packets and are none of ours (:mod:`analyzer.capture.bulk`).  Their
SYN, FIN and RST pass.

Nothing that distscope needs is kept out.  Not TCP, and neither able to carry it nor to tell of it: UDP that is no
tunnel's, ESP, SCTP, and what is no IP.  Fragments, tunnels, ICMP, and whatever has tags or labels before its IP header
pass, and are judged behind the kernel (``analyzer.sieve``).

Tags that the network card has taken off are no part of what the kernel filters: such packets look untagged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from analyzer.capture.bulk import (
    FOLD_OF_ADDRESS,
    PRODUCT_OF_ADDRESSES,
    PRODUCT_OF_PORTS,
    SUM_OF_ADDRESSES,
    SUM_OF_PORTS,
)
from analyzer.capture.linktypes import LinkType

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, operand (linux/filter.h)."""

_FOLLOWED_ETHERTYPES = (0x8100, 0x88A8, 0x9100, 0x8847, 0x8848, 0x8864, 0x6558)
"""VLAN tags, MPLS, PPPoE, bridged Ethernet."""
_TUNNEL_PORTS = (4789, 6081, 8472)
"""VXLAN, GENEVE, VXLAN as Linux once numbered it."""
_FOREIGN = (50, 132)
"""ESP and SCTP."""


def _any(parts: list[str]) -> str:
    return " or ".join(parts)


def foreign_datagrams() -> str:
    """Datagrams that matter to nobody here, IPv4 and IPv6."""
    four = _any([f"udp[2:2] = {port}" for port in _TUNNEL_PORTS])
    six = _any([f"ip6[42:2] = {port}" for port in _TUNNEL_PORTS])
    other = [f"ip[9] = {number}" for number in _FOREIGN] + [f"ip6[6] = {number}" for number in _FOREIGN]
    return _any(
        [f"(ip[9] = 17 and ip[6:2] & 0x3fff = 0 and not ({four}))", f"(ip6[6] = 17 and not ({six}))", _any(other)]
    )


def kernel_filter(link_type: int) -> str:
    """The filter of an interface, in the language of ``tcpdump``; empty where everything passes."""
    if link_type == LinkType.ETHERNET:
        tagged = _any([f"ether proto {kind:#x}" for kind in _FOLLOWED_ETHERTYPES])
        return f"{tagged} or ((ip or ip6) and not ({foreign_datagrams()}))"
    if link_type in (LinkType.LINUX_SLL, LinkType.RAW, LinkType.RAW_DLT):
        return f"(ip or ip6) and not ({foreign_datagrams()})"
    return ""


# --- Programs --------------------------------------------------------------------------------------------------------

_LOAD, _LOAD_HALF, _LOAD_BYTE, _LOAD_LENGTH = 0x20, 0x28, 0x30, 0x80
_STORE, _RECALL, _RECALL_X, _TO_X = 0x02, 0x60, 0x61, 0x07
_ADD_X, _TIMES_X, _TIMES = 0x0C, 0x2C, 0x24
_GO, _IF_EQUAL, _IF_NOT_LESS, _IF_ANY_BIT, _ANSWER = 0x05, 0x15, 0x35, 0x45, 0x06
_PACKET_TYPE = 0xFFFFF004
"""Where the kernel tells whether a packet comes or goes."""
_OUTGOING = 4
_ETHERTYPE_AT, _IPV4, _IPV6 = 12, 0x0800, 0x86DD
_TCP = 6
_SYN_FIN_RST = 0x07
_SUM, _ONE, _OTHER = 0, 1, 2
"""Places of the memory that a program has."""
LONGEST = 4096
"""Instructions that the kernel takes (BPF_MAXINSNS)."""


class _Test(NamedTuple):
    """What is asked of a packet, and the answer that is wanted."""

    load: int
    at: int
    test: int
    operand: int
    wanted: bool = True


def program(
    static: Sequence[Instruction], keep_out: Sequence[int], *, link: int | None, loops: bool = False
) -> list[Instruction]:
    """The filter ``static``, and before it one that keeps out connections by their numbers (ascending).

    ``link``: bytes before the network layer, 0 where the kernel's packets begin with it; None where nobody knows.
    ``loops``: the interface shows each packet twice, and only what comes in is wanted."""
    once = [(_LOAD, 0, 0, _PACKET_TYPE), (_IF_EQUAL, 0, 1, _OUTGOING), (_ANSWER, 0, 0, 0)] if loops else []
    if not keep_out or link is None:
        return [*once, *static]
    tree = _tree(keep_out)
    number = _number_6(link)
    six = [*_only_if(_plain_tcp_6(link), len(number) + len(tree)), *number]
    number = [*_number_4(link), (_GO, 0, 0, len(six))]
    four = [*_only_if(_plain_tcp_4(link), len(number)), *number]
    return [*once, *four, *six, *tree, *static]


def _plain_tcp_4(link: int) -> list[_Test]:
    """An IPv4 datagram without options, whole, with a TCP segment that neither opens nor ends anything."""
    return [
        _Test(_LOAD_LENGTH, 0, _IF_NOT_LESS, link + 40),
        *([_Test(_LOAD_HALF, _ETHERTYPE_AT, _IF_EQUAL, _IPV4)] if link else []),
        _Test(_LOAD_BYTE, link, _IF_EQUAL, 0x45),
        _Test(_LOAD_BYTE, link + 9, _IF_EQUAL, _TCP),
        _Test(_LOAD_HALF, link + 6, _IF_ANY_BIT, 0x3FFF, wanted=False),
        _Test(_LOAD_BYTE, link + 33, _IF_ANY_BIT, _SYN_FIN_RST, wanted=False),
    ]


def _plain_tcp_6(link: int) -> list[_Test]:
    """The same in IPv6, where its header comes first and TCP's next."""
    return [
        _Test(_LOAD_LENGTH, 0, _IF_NOT_LESS, link + 60),
        *([_Test(_LOAD_HALF, _ETHERTYPE_AT, _IF_EQUAL, _IPV6)] if link else []),
        _Test(_LOAD_BYTE, link, _IF_NOT_LESS, 0x60),
        _Test(_LOAD_BYTE, link, _IF_NOT_LESS, 0x70, wanted=False),
        _Test(_LOAD_BYTE, link + 6, _IF_EQUAL, _TCP),
        _Test(_LOAD_BYTE, link + 53, _IF_ANY_BIT, _SYN_FIN_RST, wanted=False),
    ]


def _only_if(tests: Sequence[_Test], behind: int) -> list[Instruction]:
    """Goes on with packets that pass all ``tests``, else past ``behind`` instructions."""
    made: list[Instruction] = []
    left = 3 * len(tests)
    for load, at, test, operand, wanted in tests:
        left -= 3
        # Jumps on conditions reach 255 instructions, others reach any.
        made += [(load, 0, 0, at), (test, int(wanted), int(not wanted), operand), (_GO, 0, 0, left + behind)]
    return made


def _number_4(link: int) -> list[Instruction]:
    """The number of the packet's connection, as :mod:`analyzer.capture.bulk` has it."""
    return _mixed(((_LOAD, 0, 0, link + 12), (_LOAD, 0, 0, link + 16)), link + 20)


def _number_6(link: int) -> list[Instruction]:
    made: list[Instruction] = []
    for begin, place in ((link + 8, _ONE), (link + 24, _OTHER)):
        made.append((_LOAD, 0, 0, begin))
        for at in range(begin + 4, begin + 16, 4):
            made += [(_TIMES, 0, 0, FOLD_OF_ADDRESS), (_TO_X, 0, 0, 0), (_LOAD, 0, 0, at), (_ADD_X, 0, 0, 0)]
        made.append((_STORE, 0, 0, place))
    return [*made, *_mixed(((_RECALL, 0, 0, _ONE), (_RECALL, 0, 0, _OTHER)), link + 40)]


def _mixed(addresses: tuple[Instruction, Instruction], ports_at: int) -> list[Instruction]:
    ports = ((_LOAD_HALF, 0, 0, ports_at), (_LOAD_HALF, 0, 0, ports_at + 2))
    made: list[Instruction] = []
    for (one, other), operation, factor in (
        (addresses, _ADD_X, SUM_OF_ADDRESSES),
        (addresses, _TIMES_X, PRODUCT_OF_ADDRESSES),
        (ports, _ADD_X, SUM_OF_PORTS),
        (ports, _TIMES_X, PRODUCT_OF_PORTS),
    ):
        before = [(_RECALL_X, 0, 0, _SUM), (_ADD_X, 0, 0, 0)] if made else []
        made += [one, (_TO_X, 0, 0, 0), other, (operation, 0, 0, 0), (_TIMES, 0, 0, factor), *before]
        made.append((_STORE, 0, 0, _SUM))
    return made[:-1]


def _tree(numbers: Sequence[int]) -> list[Instruction]:
    """Answers 0 for these numbers, else goes on behind its end."""
    if len(numbers) == 1:
        return [(_IF_EQUAL, 0, 1, numbers[0]), (_ANSWER, 0, 0, 0)]
    middle = len(numbers) // 2
    low, high = _tree(numbers[:middle]), _tree(numbers[middle:])
    return [(_IF_NOT_LESS, 0, 1, numbers[middle]), (_GO, 0, 0, len(low) + 1), *low, (_GO, 0, 0, len(high)), *high]
