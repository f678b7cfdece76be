"""Document → the comments of each packet: what it shows of which attempt, and which verdict rests on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from analyzer.capture.packet import PacketRef
from analyzer.evidence.edits import Edit, Why
from analyzer.report.document import AttemptView, Document
from analyzer.report.wording import OUTCOMES, counted

LONGEST = 1000
"""Characters of one comment: names are as long as hostile nodes make them."""
MOST = 12
"""Comments of one packet about attempts; further ones are counted."""


class Comments:
    """What is to be said of each packet."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._of: dict[PacketRef, dict[str, None]] = defaultdict(dict)
        for attempt in document.attempts:
            for packet, text in _told(attempt):
                self._of[packet].setdefault(shortened(text))

    def of(self, packet: PacketRef, *, left_out: int, edits: Sequence[Edit]) -> list[str]:
        """Where the packet comes from, what it shows, and what is not as it was captured."""
        told = list(self._of.get(packet, ()))
        more = len(told) - MOST
        comments = [f"packet {packet.number} of {PurePath(self._document.capture(packet)).name}", *told[:MOST]]
        if more > 0:
            comments.append(f"{counted(more, 'more comment')} left out")
        if left_out:
            comments.append(f"{counted(left_out, 'packet')} of this connection before this one left out")
        return comments + _hidden(edits)


def about(document: Document, *, packets: int, complete: bool, keep_digests: bool) -> list[str]:
    """The comments of the whole file."""
    total = sum(capture.packets for capture in document.captures)
    said = [
        document.summary,
        f"Only the packets of these attempts: {packets:,} of {total:,}. What they show is said in their comments "
        "(in Wireshark: frame.comment).",
        "What nodes say to each other once they are connected is blanked (6a), and "
        + ("digests are NOT: who has them can try to guess the cookie." if keep_digests else "so are digests (ff).")
        + " Checksums are adjusted: they are as right or wrong as they were.",
    ]
    if not complete:
        said.append("Not all packets are here: there were more than this file may hold.")
    return [shortened(text) for text in said]


def names(document: Document) -> Mapping[str, list[str]]:
    """Address → the nodes that the packets show to have it."""
    known: dict[str, list[str]] = {}
    for node in document.nodes:
        for address in node.addresses:
            known.setdefault(address, []).append(shortened(node.name))
    return {address: called[:MOST] for address, called in known.items()}


def shortened(text: str) -> str:
    """Bounded."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _told(attempt: AttemptView) -> Iterator[tuple[PacketRef, str]]:
    """In the order in which the comments of one packet stand."""
    finding = attempt.finding
    title = f"{attempt.id} {OUTCOMES[attempt.outcome]} {attempt.verdict} ({attempt.certainty}), {attempt.who}"
    if finding is not None:
        for number, evidence in enumerate(finding.evidence):
            if not number:
                yield evidence.packet, f"{title}: {finding.says}"
            yield evidence.packet, f"{attempt.id} {attempt.verdict}: {evidence.says}"
    for advice in attempt.advice:
        for evidence in advice.evidence:
            yield evidence.packet, f"{attempt.id} advice {advice.name}: {evidence.says}"
    for event in attempt.timeline:
        yield event.packet, f"{attempt.id} {event.side}: {event.says}"


def _hidden(edits: Sequence[Edit]) -> list[str]:
    sizes = {why: sum(len(edit.data) for edit in edits if edit.why is why) for why in Why}
    said = []
    if sizes[Why.DIGEST]:
        said.append("the digest in this packet is scrubbed (ff), and its checksum adjusted")
    if blanked := sizes[Why.DATA] + sizes[Why.COUNT]:
        said.append(f"{counted(blanked, 'byte')} of what the nodes say blanked (6a), and its checksum adjusted")
    return said
