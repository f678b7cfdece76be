"""Turns LINKTYPE_ values into their names (https://www.tcpdump.org/linktypes.html).

Named whether or not distscope decodes them: "captured on IEEE802_11" tells the user more than a number.
"""

from __future__ import annotations


class LinkType:
    """Link types that captures of networks and hosts are found with.  Bare numbers: an Enum of so many members takes
    longer to make than a small capture to be decoded, and a capture has one of them."""

    NULL = 0
    ETHERNET = 1
    AX25 = 3
    IEEE802_5 = 6
    ARCNET_BSD = 7
    SLIP = 8
    PPP = 9
    FDDI = 10
    RAW_DLT = 12
    """DLT_RAW of most systems: in files of tools that forget to translate it."""
    RAW_OPENBSD = 14
    """DLT_RAW of OpenBSD, likewise."""
    PPP_HDLC = 50
    PPP_ETHER = 51
    SYMANTEC_FIREWALL = 99
    ATM_RFC1483 = 100
    RAW = 101
    C_HDLC = 104
    IEEE802_11 = 105
    FRELAY = 107
    LOOP = 108
    ENC = 109
    LINUX_SLL = 113
    LTALK = 114
    PFLOG = 117
    IEEE802_11_PRISM = 119
    IP_OVER_FC = 122
    SUNATM = 123
    IEEE802_11_RADIOTAP = 127
    ARCNET_LINUX = 129
    APPLE_IP_OVER_IEEE1394 = 138
    USER0 = 147
    USER15 = 162
    IEEE802_11_AVS = 163
    PPP_PPPD = 166
    BLUETOOTH_HCI_H4 = 187
    USB_LINUX = 189
    PPI = 192
    BLUETOOTH_HCI_H4_WITH_PHDR = 201
    PPP_WITH_DIR = 204
    C_HDLC_WITH_DIR = 205
    FRELAY_WITH_DIR = 206
    USB_LINUX_MMAPPED = 220
    CAN_SOCKETCAN = 227
    IPV4 = 228
    IPV6 = 229
    DBUS = 231
    NFLOG = 239
    NETANALYZER = 240
    NETANALYZER_TRANSPARENT = 241
    IPOIB = 242
    INFINIBAND = 247
    USBPCAP = 249
    NETLINK = 253
    PKTAP = 258
    EPON = 259
    VSOCK = 271
    ETHERNET_MPACKET = 274
    LINUX_SLL2 = 276


def link_type_name(link_type: int) -> str:
    """The name without ``LINKTYPE_``; ``LINKTYPE_<number>`` for a type that has no name here."""
    return _NAMES.get(link_type, f"LINKTYPE_{link_type}")


_NAMES = {number: name for name, number in vars(LinkType).items() if name.isupper()}
