"""What a dialogue says of its bytes → the bytes in their place where names are redacted, as many as before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from analyzer.redact.certificates import BLANK, redact_certificate
from analyzer.redact.redactor import Redactor
from dissectors import epmd, handshake, tls
from dissectors.dataclass import replace
from dissectors.dialogue import Decoded, Undecoded
from dissectors.flags import Flag
from dissectors.tls_hello import SERVER_NAME
from dissectors.wire import Charset

_EPMD_NAMES = re.compile(rb"(?<=^name ).*?(?= at port \d)|(?<= <)[^<>]*(?=>)", re.MULTILINE)
"""In the lists of EPMD (docs/protocol.md 1.2)."""
_HOSTS = re.compile(
    rb"(?<![\w.-])(?![A-Z]{2,8}[-/]\d)(?:[\w-]+(?:\.[\w-]+){2,}|[\w.+-]+@[\w.-]+|[A-Za-z][\w-]*\.[A-Za-z]{2,})"
)
"""What looks like an address, a host or a node in the first line of another protocol."""
_BINARY = 16
"""Bytes that are shown of another protocol that is no text."""
_HEADERS = 9
"""Bytes that can stand before the body of a message: a record's header and a handshake message's."""
_SERVER_NAME = 5
"""Bytes before the name in the extension of that name."""
_WORDS = re.compile(rb"[\w.@+-]{3,}")
_LENGTH_AND_TAG = 3


class Rewrite(NamedTuple):
    """``data`` stands in place of as many bytes from ``start`` on."""

    start: int
    data: bytes


def rewritten(item: Decoded, redactor: Redactor) -> Iterator[Rewrite]:
    """Names, and whatever else tells who it was, in a message."""
    message = item.message
    if isinstance(message, handshake.Partial):
        names = _NAMES_BEGIN.get((message.expected, message.tag), len(message.have))
        if message.have[names:]:
            at = item.end - message.length
            yield Rewrite(at + names, redactor.node(message.have[names:]))
        return
    change = _CHANGES.get(type(message))
    if change is None:
        return
    after = change(message, redactor).write()
    if item.end - item.start > len(after) + _HEADERS:
        # It runs over several TLS records, whose headers stand somewhere in it.
        after = BLANK * (item.end - item.start)
    yield Rewrite(item.end - len(after), after)


def not_understood(data: bytes, redactor: Redactor) -> bytes:
    """What is shown of a message that is none: every word of it may be a name."""
    return data[:_LENGTH_AND_TAG] + _WORDS.sub(lambda found: redactor.node(found[0]), data[_LENGTH_AND_TAG:])


def first_bytes(item: Undecoded, redactor: Redactor) -> bytes:
    """What is shown of another protocol: its first line, or a few bytes."""
    line = item.data.split(b"\n")[0]
    if not line[:4].isascii() or not line[:4].decode("latin-1").isprintable() or b"\0" in line:
        return item.data[:_BINARY]
    return _HOSTS.sub(lambda found: redactor.node(found[0]), line)


def _renamed(message: Any, redactor: Redactor) -> Any:
    """A message of EPMD or of the handshake with a name in it."""
    charset = Charset.UTF8 if type(message).__module__ == epmd.__name__ + "_messages" else Charset.LATIN1
    if isinstance(message, handshake.StatusNamed):
        charset = Charset.UTF8
    name = charset.encode(message.name)
    # Who asks for a name tells only its host.
    only_host = isinstance(message, handshake.SendName) and message.flags & Flag.NAME_ME and b"@" not in name
    changes: dict[str, object] = {"name": charset.decode(redactor.host(name) if only_host else redactor.node(name))}
    for blank in ("trailing", "extra"):
        if getattr(message, blank, b""):
            changes[blank] = bytes(len(getattr(message, blank)))
    return replace(message, **changes)


def _relisted(message: Any, redactor: Redactor) -> Any:
    text = Charset.UTF8.encode(message.text)
    return replace(message, text=Charset.UTF8.decode(_EPMD_NAMES.sub(lambda found: redactor.node(found[0]), text)))


def _hello(message: tls.ClientHello, redactor: Redactor) -> tls.ClientHello:
    extensions = tuple(
        replace(each, data=each.data[:_SERVER_NAME] + redactor.host(each.data[_SERVER_NAME:]))
        if each.type == SERVER_NAME
        else each
        for each in message.extensions or ()
    )
    return replace(message, extensions=extensions) if extensions else message


def _certificate(message: tls.Certificate, redactor: Redactor) -> tls.Certificate:
    return replace(message, certificates=tuple(redact_certificate(der, redactor) for der in message.certificates))


def _request(message: tls.CertificateRequest, redactor: Redactor) -> tls.CertificateRequest:
    return replace(message, authorities=tuple(redact_certificate(name, redactor) for name in message.authorities))


_CHANGES: dict[type, Callable[[Any, Redactor], Any]] = {
    handshake.SendName: _renamed,
    handshake.SendNameOld: _renamed,
    handshake.StatusNamed: _renamed,
    handshake.Challenge: _renamed,
    handshake.ChallengeOld: _renamed,
    epmd.Alive2Req: _renamed,
    epmd.Port2Req: _renamed,
    epmd.Port2Resp: _renamed,
    epmd.StopReq: _renamed,
    epmd.AliveReq: _renamed,
    epmd.PortReq: _renamed,
    epmd.NamesResp: _relisted,
    epmd.DumpResp: _relisted,
    tls.ClientHello: _hello,
    tls.Certificate: _certificate,
    tls.CertificateRequest: _request,
}
_NAMES_BEGIN: dict[tuple[str, str], int] = {
    ("send_name", "N"): 15,
    ("send_name", "n"): 7,
    ("challenge", "N"): 19,
    ("challenge", "n"): 11,
}
"""Where the name begins in the body of a message that is not all there, by what it is and its tag."""
