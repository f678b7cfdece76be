"""What the user is told."""

from __future__ import annotations

from analyzer.attach.delivery import Deed, Delivery
from analyzer.attach.receipt import preview, receipt
from analyzer.attach.target import parse
from tests.analyzer.attach.trackers.conformance import REPORT, parcel


def test_receipt() -> None:
    """What was done, where to look at it, and every file."""
    told = receipt(parse("rt:4711"), Delivery(Deed.POSTED, "https://rt/1", ("a", "b"), ("c",), ()))
    assert told == "rt:4711: commented\n  https://rt/1\n  sent: a, b\n  already there: c\n"
    told = receipt(parse("github:o/r#1"), Delivery(Deed.UNCHANGED, "https://x/1", (), (), ("a",)))
    assert "nothing to do" in told
    assert "not sent: GitHub takes no files through its API: a" in told


def test_preview() -> None:
    """All that would be sent and where to, and which credentials are used: their names."""
    environment = {"RT_URL": "https://rt.example.com", "RT_TOKEN": "hunter2"}
    told = preview(parcel("1 problem found.\n", REPORT), parse("rt:4711"), environment)
    assert "Request Tracker at https://rt.example.com" in told
    assert "RT_TOKEN from the environment" in told
    assert "hunter2" not in told
    assert f"/tmp/report.html, {REPORT.size:,} bytes, as report.html" in told
    assert "    1 problem found.\n" in told


def test_preview_without_credentials() -> None:
    """It is shown all the same, with what is missing."""
    told = preview(parcel("1 problem found.\n"), parse("rt:4711"), {})
    assert "RT_URL is not set" in told
    assert "1 problem found." in told
