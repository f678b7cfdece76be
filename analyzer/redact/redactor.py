"""Names and addresses → stable pseudonyms of the same length.

The same key gives the same pseudonyms.  A name is exchanged letter for letter and digit for digit, by what stands
before in the same word: so names that begin alike have pseudonyms that begin alike, and ``node1`` is the same alone
and in ``node1.example.com``.  What a name tells of the product (``rabbit``, ``rabbitmqcli``, ``ejabberd`` …) stays.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from functools import partial

from analyzer.redact import addresses

KEY_SIZE = 32
_PRODUCTS = re.compile(
    rb"(?:rabbitmqcli|rabbitmq|rabbit|bunny|ejabberdctl|ejabberd|ctl|couchdb|emqx|remsh|rem|iex)(?![a-z])"
)
"""Words of node names that tell which software it is (analyzer.sessions.product)."""
_HOSTS_OF_NOBODY = frozenset({b"localhost", b"nohost", b"localhost.localdomain"})
_WORD = re.compile(rb"[A-Za-z0-9\x80-\xff]+")
_RANGES = ((0x30, 10), (0x41, 26), (0x61, 26))
"""First character and how many: digits, capitals, small letters."""


class Redactor:
    """Remembers what it exchanged: :attr:`known` is the way back."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.known: dict[str, dict[str, str]] = {"nodes": {}, "hosts": {}, "names": {}, "addresses": {}, "macs": {}}
        """Kind → pseudonym → original."""

    def node(self, name: bytes) -> bytes:
        """Of a node's full name, or of the part before the ``@`` alone."""
        alive, at, host = name.partition(b"@")
        made = self._alive(alive)
        if not at:
            return self._note("names", name, made)
        return self._note("nodes", name, made + at + self.host(host))

    def host(self, host: bytes) -> bytes:
        """Of a host: an address, or a name label by label."""
        if host.lower() in _HOSTS_OF_NOBODY:
            return host
        try:
            packed = ipaddress.ip_address(host.decode("ascii").strip("[]")).packed
        except ValueError:
            made = b".".join(_WORD.sub(partial(self._word, b"host"), label) for label in host.split(b"."))
            return self._note("hosts", host, made)
        text = str(ipaddress.ip_address(self.address(packed))).encode()
        # Written in a form of its own it could have another length.
        return text if len(text) == len(host) else _WORD.sub(partial(self._word, b"host"), host)

    def address(self, packed: bytes) -> bytes:
        """Of an address of 4 or 16 bytes."""
        made = addresses.redact(packed, self._order)
        old, new = (str(ipaddress.ip_address(each)).encode() for each in (packed, made))
        self._note("addresses", old, new)
        return made

    def mac(self, address: bytes) -> bytes:
        """Of a MAC address: a locally administered one; broadcast and multicast stay what they are."""
        if (address[:1] and address[0] & 1) or not any(address):
            return address
        made = hmac.digest(self.key, b"mac" + address, "sha256")[: len(address)]
        made = bytes([made[0] & 0xFC | 2]) + made[1:]
        self._note("macs", address.hex(":").encode(), made.hex(":").encode())
        return made

    def _alive(self, alive: bytes) -> bytes:
        product = _PRODUCTS.match(alive)
        start = product.end() if product else 0
        return alive[:start] + _WORD.sub(partial(self._word, b"name"), alive[start:])

    def _word(self, kind: bytes, word: re.Match[bytes]) -> bytes:
        text = word[0]
        if kind == b"name" and _PRODUCTS.fullmatch(text):
            return text
        made = bytearray()
        for place, byte in enumerate(text):
            number = int.from_bytes(self._order(kind + b":" + text[:place], 0)[:4], "big")
            for first, count in _RANGES:
                if first <= byte < first + count:
                    made.append(first + (byte - first + 1 + number % (count - 1)) % count)
                    break
            else:
                made.append(0x61 + (number + byte) % 26)
        return bytes(made)

    def _order(self, prefix: bytes, value: int) -> bytes:
        return hmac.digest(self.key, b"%d:%s" % (value, prefix), "sha256")

    def _note(self, kind: str, old: bytes, new: bytes) -> bytes:
        if old != new:
            self.known[kind][new.decode("utf-8", "backslashreplace")] = old.decode("utf-8", "backslashreplace")
        return new
