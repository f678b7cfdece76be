"""Outcomes, stages, capture qualities and values to the words of a report; what must not be told is scrubbed here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from analyzer.errors import printable
from analyzer.findings import Outcome
from analyzer.report import times
from analyzer.sessions import events
from analyzer.sessions.attempt import Quality, Stage
from analyzer.sessions.ending import NET_SETUPTIME
from analyzer.sessions.events import Event
from analyzer.sessions.product import Product

OUTCOMES: dict[Outcome, str] = {
    Outcome.PROBLEM: "PROBLEM",
    Outcome.INCONCLUSIVE: "UNCLEAR",
    Outcome.OK: "OK",
}

STAGES: dict[str, str] = {
    # stage: the last thing that was seen to begin
    Stage.LOOKUP.value: "the lookup in EPMD",
    Stage.TCP.value: "the TCP connection to the distribution port",
    Stage.TLS.value: "the TLS handshake",
    Stage.NAME.value: "the initiator's name",
    Stage.STATUS.value: "the acceptor's status",
    Stage.CHALLENGE.value: "the acceptor's challenge",
    Stage.REPLY.value: "the initiator's challenge reply",
    Stage.ACK.value: "the acceptor's challenge ack",
    Stage.CONNECTED.value: "the connection was up",
    Stage.ENDED.value: "the connection was up, and has ended",
}

WAY: dict[Stage, str] = {
    # the stages on the way to a link, in a word each
    Stage.LOOKUP: "lookup",
    Stage.TCP: "TCP",
    Stage.TLS: "TLS",
    Stage.NAME: "name",
    Stage.STATUS: "status",
    Stage.CHALLENGE: "challenge",
    Stage.REPLY: "reply",
    Stage.ACK: "ack",
    Stage.CONNECTED: "link up",
}

CERTAINTIES: dict[str, str] = {
    "certain": "these packets allow no other explanation",
    "likely": "the best explanation of these packets; see what else it could be",
    "possible": "these packets fit, and others would be needed to be sure",
}

QUALITIES: dict[str, str] = {
    Quality.ONE_SIDED.value: "only one direction of the traffic is in the capture",
    Quality.MIDSTREAM.value: "the capture starts after the connection did",
    Quality.TRUNCATED.value: "packets are cut by the snap length (tcpdump -s 0 keeps them whole)",
    Quality.GAP.value: "the capture lost packets that the network delivered",
}

NOTHING_FOUND = (
    "If EPMD or the nodes use ports of their own, name them: --epmd-port, --dist-port.",
    "Was the capture running, on the right interface, while a node tried to connect? This misses nothing: "
    "tcpdump -i any -s 0 -U -w incident.pcap tcp",
    "Nodes of which one has a long name (-name) and the other a short one (-sname) never send a packet to each other; "
    "the log of the node that should connect says so.",
)
"""What to look at where a capture holds no attempt."""

SCRUBBED = "scrubbed"
"""Stands for a digest: with its challenge it would be material for guessing the cookie offline."""

_SECRET = "digest"  # noqa: S105 (the name of a field)


def plain(value: object, *, keep_digests: bool = True, key: str = "") -> object:
    """``value`` as JSON holds it, every text fit to be shown, digests scrubbed unless ``keep_digests``."""
    if key == _SECRET and value is not None and not keep_digests:
        return SCRUBBED
    if isinstance(value, str):
        return printable(value)
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Mapping):
        return {
            printable(str(name)): plain(item, keep_digests=keep_digests, key=str(name)) for name, item in value.items()
        }
    if isinstance(value, (set, frozenset)):
        return sorted(printable(str(item)) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item, keep_digests=keep_digests) for item in value]
    return printable(str(value))


def facts(event: Event, *, keep_digests: bool) -> dict[str, object]:
    """What the event tells, for machines.

    Bytes that are no message may still hold a digest, in part or whole: without ``keep_digests`` only so many of them
    are shown as a length and a tag take up.
    """
    fields = {
        printable(name): plain(value, keep_digests=keep_digests, key=name) for name, value in event.fields().items()
    }
    data = fields.get("data")
    if isinstance(event, events.NotUnderstood) and event.leg is events.Leg.LINK and not keep_digests:
        fields["data"] = str(data)[:6] if event.problem != "out-of-step" else SCRUBBED
    return fields


def summarise(counts: dict[Outcome, int], problems: int, packets: int) -> str:
    """The answer in numbers, one sentence: attempts by outcome, problems once attempts are folded, packets read."""
    total = sum(counts.values())
    if not total:
        return f"No attempt of an Erlang node to reach another in {counted(packets, 'packet')}."
    failed, unclear, well = (counts[each] for each in (Outcome.PROBLEM, Outcome.INCONCLUSIVE, Outcome.OK))
    rest = [f"{unclear:,} unclear"] * bool(unclear) + [f"{well:,} ok"] * bool(well)
    attempts = counted(total, "attempt")
    if problems:
        return f"{counted(problems, 'problem')} found: {', '.join([f'{failed:,} of {attempts} failed', *rest])}."
    if not unclear:
        rest = ["all ok" if total > 1 else "ok"]
    return f"No problem found: {attempts}, {', '.join(rest)}."


def sentence(text: str) -> str:
    """``text`` fit to be shown, with a capital and a full stop; a name at its start stays as it is."""
    text = printable(text.strip())
    if text.partition(" ")[0].isalpha():
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", ":")) or not text else f"{text}."


def by_product(fixes: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fixes that hold for every node, and the products that have others, each once.

    Where the names tell which product it is there is no other; then its fixes stand with the general ones."""
    named = [next((each.value for each in Product if fix.startswith(f"{each.value}: ")), None) for fix in fixes]
    products = tuple(dict.fromkeys(name for name in named if name is not None))
    if len(products) < 2:
        return tuple(fixes), ()
    return tuple(fix for fix, name in zip(fixes, named, strict=True) if name is None), products


def release(lowest: int, highest: int | None, implementation: str | None) -> str:
    """``OTP 25 to 27``; ``like OTP 22`` for one that is not of OTP."""
    name = implementation or "like OTP"
    if highest is None:
        return f"{name} {lowest} or later"
    return f"{name} {lowest}" if lowest == highest else f"{name} {lowest} to {highest}"


def counted(number: object, noun: str) -> str:
    """``1 byte``, ``2 bytes``, ``12,345 packets``."""
    if not isinstance(number, int):
        return f"{noun}s"
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def silence(nanoseconds: int, *, link_up: bool) -> str:
    """What a time between two steps was: of a link that is up only its first data and ticks are steps."""
    if link_up:
        return f"{times.span(nanoseconds)} of a link that is up: data and ticks are not drawn"
    default = abs(nanoseconds - NET_SETUPTIME) <= _TIMER_IS_LATE
    return f"{times.span(nanoseconds)} without a message" + (" (net_setuptime is 7 s by default)" if default else "")


_TIMER_IS_LATE = 150_000_000
"""Nanoseconds by which a timer may seem to be off: it started a little before or after what the packets show."""
