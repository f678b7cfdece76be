"""An analysed capture → what must be true of its report, whatever the capture was.

Each check names what it found wrong in the words of the person who has to repair it; an empty list is a pass.
"""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.pipeline import Options
from analyzer.report import json_doc, view
from tests.fuzz.material import Capture, Ends, Frame, connections

STRONG = "certain"
OK = "ok"


@dataclass(frozen=True, slots=True)
class Report:
    """What an analysis says of a capture."""

    text: str

    @property
    def attempts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.text)["attempts"]
        return found

    @property
    def verdicts(self) -> list[tuple[str, ...]]:
        """Of each attempt: its two ends, and what is said of it."""
        return [(*identity(attempt), attempt["verdict"]) for attempt in self.attempts]


def identity(attempt: dict[str, Any]) -> tuple[str, str, str]:
    """Names an attempt in two reports of nearly the same capture: the ends that its packets have."""
    initiator, acceptor = attempt["initiator"], attempt["acceptor"]
    return f"{initiator['address']}:{initiator['port']}", f"{acceptor['address']}", attempt["kind"]


def analysed(capture: Capture, *, sieve_from: int | None = None) -> Report:
    """Through the whole pipeline, as ``distscope analyze -o report.json`` does it."""
    options = Options(dist_ports=capture.dist_ports, sieve_from=sieve_from)
    with open_source(["-"], stdin=io.BytesIO(capture.file())) as source:
        return Report(json_doc.render(view.build(pipeline.analyze(source, options))))


def sifted(capture: Capture, folder: Path) -> Report:
    """The same through the sieve, which needs a file; told of the file as of standard input."""
    path = folder / "mutated.pcap"
    path.write_bytes(capture.file())
    with open_source([str(path)], stdin=io.BytesIO()) as source:
        document = view.build(pipeline.analyze(source, Options(dist_ports=capture.dist_ports, sieve_from=0)))
    return Report(json_doc.render(document).replace(json.dumps(str(path)), json.dumps("-")))


# --- Of one report ---------------------------------------------------------------------------------------------------


def own_words(capture: Capture, report: Report) -> list[str]:
    """Packet numbers exist; no rule failed; a finding cites packets between the hosts of its attempt."""
    wrong = [note for note in json.loads(report.text)["notes"] if "failed on" in note]
    owners = connections(capture)
    ends = _ends_of_attempts(report)
    for attempt in report.attempts:
        for event in attempt["timeline"]:
            wrong += _exists(event, capture, f"{attempt['id']}: timeline")
        for finding in attempt["findings"]:
            for evidence in finding["evidence"]:
                wrong += _exists(evidence, capture, f"{attempt['id']}: {finding['name']}")
                number = evidence["packet"]
                if 1 <= number <= len(owners) and not _may_cite(owners[number - 1], attempt, ends):
                    wrong.append(f"{attempt['id']}: {finding['name']} cites packet {number} of another connection")
    return wrong


def _exists(said: dict[str, Any], capture: Capture, where: str) -> list[str]:
    number, count = said["packet"], len(capture.frames)
    return [] if 1 <= number <= count else [f"{where} names packet {number} of {count}"]


def _hosts(attempt: dict[str, Any]) -> frozenset[str]:
    return frozenset({attempt["initiator"]["address"], attempt["acceptor"]["address"]})


def _ends_of_attempts(report: Report) -> dict[frozenset[str], list[dict[str, Any]]]:
    found: dict[frozenset[str], list[dict[str, Any]]] = {}
    for attempt in report.attempts:
        found.setdefault(_hosts(attempt), []).append(attempt)
    return found


def _may_cite(owner: Ends | None, attempt: dict[str, Any], others: dict[frozenset[str], list[dict[str, Any]]]) -> bool:
    """A packet of its own hosts, or of an attempt of a node that this one is about (a newer link, a rival's)."""
    if owner is None:  # ICMP, or a fragment
        return True
    hosts = frozenset(address for address, _ in owner)
    if hosts <= _hosts(attempt):
        return True
    names = {attempt["initiator"]["node"], attempt["acceptor"]["node"], attempt["called"]} - {None}
    return any(names & {other["initiator"]["node"], other["acceptor"]["node"]} for other in others.get(hosts, ()))


# --- Of two reports --------------------------------------------------------------------------------------------------


def same(first: Report, second: Report, what: str) -> list[str]:
    """Byte for byte."""
    return [] if first.text == second.text else [f"{what}: the reports differ"]


def lost_by_cut(report: Report, left: Report, count: int) -> list[str]:
    """Attempts that are whole, and over, within the first ``count`` packets, and not told so when these are all."""
    lost: list[str] = []
    for attempt in report.attempts:
        # What a hole was is known when later packets come.
        if attempt["outcome"] == "inconclusive" or "capture-gap" in attempt["flags"] or _last(attempt) > count:
            continue
        if not _ended(attempt["timeline"]):
            continue
        there = [each for each in left.attempts if identity(each) == identity(attempt)]
        # An acknowledgment behind the cut makes no event, and may be what the verdict rests upon.
        whole = [each for each in there if each["ended_at"] == attempt["ended_at"]]
        if not there:
            lost.append(f"lost {identity(attempt)}")
        elif whole and not any(_agree(attempt, each, report, count) for each in whole):
            lost.append(f"lost {identity(attempt)}: {attempt['verdict']} became {[each['verdict'] for each in whole]}")
    return lost


def _agree(attempt: dict[str, Any], there: dict[str, Any], report: Report, count: int) -> bool:
    """One verdict; or two of which neither is certain, where later attempts of the same hosts tell more of them."""
    if there["verdict"] == attempt["verdict"]:
        return True
    later = any(_last(other) > count and _hosts(other) & _hosts(attempt) for other in report.attempts)
    doubtful = STRONG not in (there["certainty"], attempt["certainty"])
    return later and doubtful and there["outcome"] == attempt["outcome"]


def _last(attempt: dict[str, Any]) -> int:
    return max((event["packet"] for event in attempt["timeline"]), default=0)


def _ended(timeline: list[dict[str, Any]]) -> bool:
    closed: set[str] = set()
    for event in timeline:
        if event["event"] == "syn":
            closed.clear()
        elif event["event"] == "rst":
            closed.update(("initiator", "acceptor"))
        elif event["event"] == "fin":
            closed.add(event["from"])
    return len(closed) == 2


def changed_verdicts(before: Report, on_the_way: Report, after: Report) -> list[tuple[str, str, str]]:
    """(was, is, certainty) for attempts with another verdict; one that the whole capture does not show was ``-``.

    A verdict that the whole capture, stopped where the lossy one ends, gives too is none that the losses made: a link
    that is closed later is connected until then."""
    was = {identity(attempt): attempt["verdict"] for attempt in before.attempts}
    known = set(was.values())
    true = set(before.verdicts) | set(on_the_way.verdicts)
    found = []
    for attempt in after.attempts:
        old = was.get(identity(attempt), "-")
        if (*identity(attempt), attempt["verdict"]) not in true and not (old == "-" and attempt["verdict"] in known):
            found.append((old, attempt["verdict"], attempt["certainty"]))
    return found


# --- Neighbours ------------------------------------------------------------------------------------------------------


def with_strangers(random: Random, capture: Capture, stranger: Capture) -> Capture:
    """The capture among packets that have nothing to do with it; its own packets keep their order and times."""
    if not capture.frames:
        return capture
    frames = [(frame.at, 0, frame) for frame in capture.frames]
    first, last = capture.frames[0].at, capture.frames[-1].at
    span = max(last - first, 1)
    begin = stranger.frames[0].at
    length = max(stranger.frames[-1].at - begin, 1)
    ordered = all(one[0] <= two[0] for one, two in itertools.pairwise(frames))
    if not ordered:
        return capture
    offset = random.randrange(span)
    for frame in stranger.frames:
        at = first + min(offset + (frame.at - begin) * span // length, span - 1)
        frames.append((at, 1, replace(frame, at=at)))
    frames.sort(key=lambda item: item[:2])
    return capture.with_frames([frame for _, _, frame in frames])


def cut(capture: Capture, count: int) -> Capture:
    """The first ``count`` packets."""
    return capture.with_frames(list[Frame](capture.frames[:count]))
