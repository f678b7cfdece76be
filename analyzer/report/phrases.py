"""Events to the words of a timeline: what the sender of each packet does or says, in one phrase."""

from __future__ import annotations

from functools import singledispatch

from analyzer.errors import printable
from analyzer.report.wording import counted, release
from analyzer.sessions import events
from analyzer.sessions.events import Event, Fields, FieldValue
from dissectors import flags, handshake

EPMD_PHRASES: dict[str, str] = {
    # message of dissectors.epmd: what it says
    "Alive2Req": 'registers "{name}" with port {port} (versions {lowest} to {highest})',
    "Alive2Resp": "registered, creation {creation}",
    "Alive2XResp": "registered, creation {creation}",
    "Port2Req": 'asks for the port of "{name}"',
    "Port2Resp": '"{name}" is on port {port} (versions {lowest} to {highest})',
    "Port2Refusal": "no node of that name is registered (result {result})",
    "NamesReq": "asks for all registered names",
    "NamesResp": "lists the registered names",
    "DumpReq": "asks for all that EPMD remembers",
    "DumpResp": "lists all that EPMD remembers",
    "KillReq": "tells EPMD to exit",
    "KillResp": 'answers "{text}"',
    "StopReq": 'tells EPMD to forget "{name}"',
    "StopResp": 'answers "{text}"',
    "AliveReq": 'registers "{name}" with port {port} (obsolete request)',
    "AliveResp": "registered, creation {creation}",
    "PortReq": 'asks for the port of "{name}" (obsolete request)',
    "PortResp": "it is on port {port}",
}

_ICMP: dict[tuple[int, int, int], str] = {
    # IP version, type, code: meaning (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3)
    (4, 3, 0): "network unreachable",
    (4, 3, 1): "host unreachable",
    (4, 3, 2): "protocol unreachable",
    (4, 3, 3): "port unreachable",
    (4, 3, 4): "packet too big for the path",
    (4, 3, 9): "network prohibited by policy",
    (4, 3, 10): "host prohibited by policy",
    (4, 3, 13): "prohibited by policy",
    (4, 11, 0): "time to live exceeded",
    (6, 1, 0): "no route",
    (6, 1, 1): "prohibited by policy",
    (6, 1, 3): "address unreachable",
    (6, 1, 4): "port unreachable",
    (6, 1, 5): "source address fails policy",
    (6, 1, 6): "route rejected",
    (6, 2, 0): "packet too big for the path",
    (6, 3, 0): "hop limit exceeded",
}

_RESETS: dict[str, str] = {
    # how its numbers fit (analyzer.streams.stream.ResetFit): what that means
    "answers-segment": "RST: knows of no such connection",
    "in-window": "RST, but not with the next sequence number",
    "out-of-window": "RST with a sequence number that a correct TCP ignores",
}

_TLS_VERSIONS = {
    "0x0300": "SSL 3.0",
    "0x0301": "TLS 1.0",
    "0x0302": "TLS 1.1",
    "0x0303": "TLS 1.2",
    "0x0304": "TLS 1.3",
}


# Each kind is named when its phrase is registered: to find it out from the annotations takes ten times as long.
@singledispatch
def phrase(event: Event) -> str:
    """What the sender of the event's packet does or says, without naming it; may hold hostile text."""
    return event.name.replace("-", " ")


def says(event: Event) -> str:
    """:func:`phrase`, fit to be shown."""
    return printable(phrase(event))


@phrase.register(events.Dialled)
def _(event: events.Dialled) -> str:
    return f"SYN again (retry {event.retry})" if event.retry else "SYN"


@phrase.register(events.DialAnswered)
def _(event: events.DialAnswered) -> str:
    return "SYN-ACK"


@phrase.register(events.Opened)
def _(event: events.Opened) -> str:
    return "TCP connection is open"


@phrase.register(events.DialRefused)
def _(event: events.DialRefused) -> str:
    return "refuses the TCP connection (RST)"


@phrase.register(events.DialProhibited)
def _(event: events.DialProhibited) -> str:
    meaning = _ICMP.get((event.version, event.type, event.code), "error")
    return f"ICMP from {event.reporter}: {meaning} ({event.type}/{event.code})"


@phrase.register(events.Resent)
def _(event: events.Resent) -> str:
    return f"sends {counted(event.length, 'byte')} again (retry {event.retry})"


@phrase.register(events.BytesMissing)
def _(event: events.BytesMissing) -> str:
    if event.snapped:
        return f"{counted(event.length, 'byte')} cut off by the snap length"
    fate = "the peer has them" if event.delivered else "no sign that the peer has them"
    return f"{counted(event.length, 'byte')} not in the capture; {fate}"


@phrase.register(events.Closed)
def _(event: events.Closed) -> str:
    return "closes (its FIN is not in the capture, but acknowledged here)" if event.implied else "closes (FIN)"


@phrase.register(events.WasReset)
def _(event: events.WasReset) -> str:
    odd = event.usual_ttl is not None and event.ttl != event.usual_ttl
    told = _RESETS.get(str(event.fields()["fit"]), "resets the connection (RST)")
    return told + (f", TTL {event.ttl} where {event.usual_ttl} is usual" if odd else "")


@phrase.register(events.EpmdAsked)
def _(event: events.EpmdAsked) -> str:
    return _epmd(event.fields())


@phrase.register(events.EpmdAnswered)
def _(event: events.EpmdAnswered) -> str:
    fields = event.fields()
    if fields.get("message") in ("Alive2Resp", "Alive2XResp") and fields.get("result"):
        return f"refuses the name (result {fields['result']})"
    return _epmd(fields)


@phrase.register(events.TlsClientHello)
def _(event: events.TlsClientHello) -> str:
    fields = event.fields()
    name = f', for "{fields["server_name"]}"' if fields.get("server_name") else ""
    return f"TLS ClientHello, offers {_versions(fields['versions'])}{name}"


@phrase.register(events.TlsServerHello)
def _(event: events.TlsServerHello) -> str:
    fields = event.fields()
    return f"TLS ServerHello, chooses {_versions([str(fields['version'])])}, cipher suite {fields['cipher_suite']}"


@phrase.register(events.TlsCertificate)
def _(event: events.TlsCertificate) -> str:
    fields = event.fields()
    subject = f' of "{fields["subject"]}"' if fields.get("subject") else ""
    return f"TLS certificate{subject}" if fields["certificates"] else "TLS certificate message without a certificate"


@phrase.register(events.GlobalSaid)
def _(event: events.GlobalSaid) -> str:
    return _GLOBAL[event.message]


_GLOBAL = {
    "lost_connection": "global: tells that it lost the connection to another node",
    "remove_connection": "global: cuts this connection to prevent overlapping partitions",
}


@phrase.register(events.TlsNoCertificate)
def _(event: events.TlsNoCertificate) -> str:
    return "has no certificate to show (told by the size of the record)"


@phrase.register(events.TlsAlert)
def _(event: events.TlsAlert) -> str:
    fields = event.fields()
    return f"TLS alert: {fields['alert']} ({'fatal' if fields['fatal'] else 'warning'})"


@phrase.register(events.TlsEncryptedAlert)
def _(event: events.TlsEncryptedAlert) -> str:
    return "encrypted TLS alert" + (", by its place a rejection" if event.rejection else "")


@phrase.register(events.TlsSaid)
def _(event: events.TlsSaid) -> str:
    from dissectors import tls  # loaded already, as something of TLS was said

    message = event.message
    kind = (
        message.name.replace("_", " ") if isinstance(message, tls.OtherHandshake) else _spaced(type(message).__name__)
    )
    length = event.fields().get("length")
    return f"TLS {kind}" + (f", {counted(length, 'byte')}" if length else "")


@phrase.register(events.NameSent)
def _(event: events.NameSent) -> str:
    message = event.message
    own = _release(message.flags) if message is not None else ""
    return _handshake(event, f'name "{event.fields().get("name", "")}"{own}', "name")


@phrase.register(events.StatusSent)
def _(event: events.StatusSent) -> str:
    fields = event.fields()
    given = f', gives the name "{fields["name"]}"' if fields.get("name") else ""
    return f'status "{event.text}"{given}' if event.text is not None else _handshake(event, "status", "status")


@phrase.register(events.StatusAnswered)
def _(event: events.StatusAnswered) -> str:
    return f'answers the status: "{event.text}"' if event.text is not None else "answers the status (not readable)"


@phrase.register(events.ChallengeSent)
def _(event: events.ChallengeSent) -> str:
    message = event.message
    own = _release(message.flags) if isinstance(message, handshake.Challenge) else ""
    return _handshake(event, f'challenge, calls itself "{event.fields().get("name", "")}"{own}', "challenge")


@phrase.register(events.ComplementSent)
def _(event: events.ComplementSent) -> str:
    return _handshake(event, "complement: the rest of its flags", "complement")


@phrase.register(events.ReplySent)
def _(event: events.ReplySent) -> str:
    return _handshake(event, "challenge reply, with the digest of its cookie", "challenge reply")


@phrase.register(events.AckSent)
def _(event: events.AckSent) -> str:
    return _handshake(event, "challenge ack, with the digest of its cookie", "challenge ack")


@phrase.register(events.DataStarted)
def _(event: events.DataStarted) -> str:
    message = event.fields().get("message")
    return f"first data ({_spaced(str(message))})" if message else "first data"


@phrase.register(events.Ticked)
def _(event: events.Ticked) -> str:
    return "first tick (keep-alive)"


@phrase.register(events.ForeignSpoken)
def _(event: events.ForeignSpoken) -> str:
    return f"speaks {event.title}: {event.why}"


@phrase.register(events.NotUnderstood)
def _(event: events.NotUnderstood) -> str:
    return f"{counted(event.length, 'byte')} not understood ({event.problem}): {event.reason}"


def _epmd(fields: Fields) -> str:
    template = EPMD_PHRASES.get(str(fields.get("message")))
    return template.format_map(fields) if template else _spaced(str(fields.get("message")))


def _handshake(event: events.HandshakeEvent, known: str, kind: str) -> str:
    return f"{kind} (not readable: told by its place and size)" if event.fields().get("inferred") else known


def _release(known: int) -> str:
    """Of flags that are the sender's own; an old challenge may hold an intersection (docs/protocol.md 3.1)."""
    found = flags.estimate(known)
    return "" if found is None else f", {release(found.lowest, found.highest, found.implementation)}"


def _versions(values: FieldValue) -> str:
    names = [_TLS_VERSIONS.get(str(value), str(value)) for value in values] if isinstance(values, list) else []
    return ", ".join(names) or "no version"


def _spaced(camel: str) -> str:
    """``ChangeCipherSpec`` → ``change cipher spec``."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in camel).strip()
