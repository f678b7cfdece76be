"""Evidence captures hold the proof, the whole proof, and no secret; tshark reads them without complaint."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer.findings import Analysis
from analyzer.report import RENDERERS, Document, Look, render
from analyzer.sessions import events
from tests.analyzer.evidence.made import analysed, of_sample, redacted, verdicts
from tests.conftest import WITHOUT_TSHARK
from tests.corpus import EVERY_SAMPLE, SAMPLES

WITH_SIEVE = ("shapes/mixed-sessions", "healthy/bulk-fragments", "link/tick-timeout")
BY_SHAPE = (
    "handshake/cookie-mismatch",
    "link/partition-disconnect",
    "healthy/bulk-fragments",
    *sorted(name for name in SAMPLES if name.startswith("shapes/"))[::6],
    *sorted(name for name in SAMPLES if name.startswith("tls/"))[:2],
)
"""One of each way in which packets can be carried."""


def digests(analysis: Analysis) -> set[bytes]:
    """All that the dissectors find."""
    timelines = (view.timeline for each in analysis.diagnoses for view in (each.attempt, *each.attempt.views))
    return {
        event.message.digest
        for timeline in timelines
        for event in timeline
        if isinstance(event, events.ReplySent | events.AckSent) and event.message is not None
    }


@EVERY_SAMPLE
def test_verdicts_are_those_of_the_original(name: str) -> None:
    """All of them: kind, parties, stage, verdict, certainty, detail, times, and what the capture lacks."""
    made = of_sample(name)
    assert verdicts(analysed(made.data, name)) == verdicts(made.original)


@EVERY_SAMPLE
def test_no_digest_is_left(name: str) -> None:
    """In no packet, whatever it was carried by; nor half of one."""
    made = of_sample(name)
    for digest in digests(made.original) - {b"\xff" * 16}:
        assert digest[:8] not in made.data
        assert digest[8:] not in made.data


def test_digests_are_found_at_all() -> None:
    """Else the test above could not fail; and who wants them has them."""
    name = "handshake/cookie-mismatch"
    (digest,) = digests(of_sample(name).original)
    assert digest in of_sample(name, keep_digests=True).data


@pytest.mark.parametrize("name", WITH_SIEVE)
def test_the_sieve_changes_nothing(name: str) -> None:
    """What it lets pass is all that is needed."""
    made = of_sample(name, sieve=True)
    assert verdicts(analysed(made.data, name)) == verdicts(of_sample(name).original)


@pytest.mark.skipif(WITHOUT_TSHARK, reason="WITHOUT_TSHARK is set: no second opinion on evidence captures")
@pytest.mark.parametrize("name", BY_SHAPE)
def test_tshark_reads_it(name: str, tmp_path: Path) -> None:
    """Without a complaint, with every comment, and no checksum is wrong that the decoder could know to be right."""
    tshark = shutil.which("tshark")
    assert tshark is not None, "tshark is missing: make test installs it"
    path = tmp_path / "evidence.pcapng"
    path.write_bytes(of_sample(name).data)
    fields = ("frame.comment", "frame.interface_description", "_ws.malformed")
    asked = [part for field in fields for part in ("-e", field)]
    done = subprocess.run([tshark, "-r", path, "-T", "fields", *asked], capture_output=True, text=True, check=True)
    complaints = [line for line in done.stderr.splitlines() if "Running as user" not in line]
    assert complaints == []
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines
    assert all(comment.startswith("packet ") for comment, _, _ in lines)
    assert any("A1 " in comment for comment, _, _ in lines)
    assert all("; point of observation " in description for _, description, _ in lines)


# --- Redaction -------------------------------------------------------------------------------------------------------


def told(document: Document) -> list[tuple[object, ...]]:
    """What of a report must not depend on names."""
    return [
        (
            *(attempt.kind, attempt.stage, attempt.verdict, attempt.certainty, attempt.flags, attempt.id),
            *(attempt.started_at, attempt.ended_at, attempt.initiator.port, attempt.acceptor.port),
            *(sorted(attempt.detail), [finding.name for finding in attempt.findings]),
            *([each.packet for finding in attempt.findings for each in finding.evidence],),
        )
        for attempt in document.attempts
    ]


def secrets(document: Document) -> tuple[set[str], set[str]]:
    """Names of nodes and hosts, and addresses, that a report must not show."""
    parties = [party for attempt in document.attempts for party in (attempt.initiator, attempt.acceptor)]
    called = {attempt.called for attempt in document.attempts}
    nodes = {str(name) for name in ({party.node for party in parties} | called) - {None}}
    nodes |= {node.name for node in document.nodes}
    hosts = {name.partition("@")[2] for name in nodes} - {"", "localhost"}
    addresses = {str(party.address) for party in parties if party.address is not None}
    # Of two letters there are too few: the pseudonym of one may be the name of another.
    long = {name for name in nodes | hosts if len(name) > 3}
    return long, {address for address in addresses if not ipaddress.ip_address(address).is_loopback}


@EVERY_SAMPLE
def test_redacted_reports_say_the_same_of_others(name: str) -> None:
    """The same verdicts with the same proof, and not one name, host or address of the original, as text or in bytes."""
    made = redacted(name)
    assert told(made.document) == told(made.original)
    names, addresses = secrets(made.original)
    formats = RENDERERS if name in BY_SHAPE else ("json",)
    files = {path.rpartition("/")[2] for path in SAMPLES[name].files}
    for how in formats:
        text = render(made.document, how, Look())
        shown = {
            each for each in names | addresses | files if re.search(rf"(?<![\w.:]){re.escape(each)}(?![\w.:]*\w)", text)
        }
        assert shown == set(), how
    binary = {each.encode() for each in names | files} | {ipaddress.ip_address(each).packed for each in addresses}
    assert {each for each in binary if each in made.data} == set()


def test_redaction_can_be_undone() -> None:
    """By whoever has the map."""
    made = redacted("handshake/cookie-mismatch")
    (attempt,), (original,) = made.document.attempts, made.original.attempts
    assert made.redactor.known["nodes"][str(attempt.initiator.node)] == original.initiator.node
    assert made.redactor.known["addresses"][str(attempt.acceptor.address)] == original.acceptor.address
