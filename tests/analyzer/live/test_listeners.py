"""What a person at a terminal, a pipe and a program see while it goes on."""

from __future__ import annotations

import io
import json
import sys
from collections import Counter

import pytest

from analyzer.findings import Outcome
from analyzer.live.listeners import JsonPrinter, StatusLine, TextPrinter
from analyzer.live.session import Counters
from analyzer.report.layout import Look
from samples.conversation import Network
from tests.analyzer.live.test_session import session
from tests.analyzer.test_pipeline import refused, rejected

COUNTERS = Counters(
    ("eth0", "lo"), packets=1_234_567, dropped=8, attempts=3, outcomes=Counter({Outcome.PROBLEM: 1, Outcome.OK: 2})
)


def story() -> Network:
    """A refused lookup, a silent one, and a healthy nothing."""
    net = Network()
    refused(net)
    net.dial("10.0.0.3", "10.0.0.4", 4369).unanswered()
    net.wait(9)
    rejected(net)
    return net


def test_text_is_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    """As soon as it is known, and that somebody waits."""
    printer = TextPrinter(StatusLine(shown=False), lambda: None, quiet=False, look=Look())
    made = session(story())
    made._listeners = [printer]
    made.run()
    lines = capsys.readouterr().out.splitlines()
    assert ["epmd-refused" in lines[0], "waiting, 3 SYNs unanswered" in lines[1]] == [True, True]
    assert ["epmd-unreachable" in lines[2], "cookie-mismatch" in lines[3], len(lines)] == [True, True, 4]


def test_quiet_is_problems_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody who waits, no status."""
    made = session(story())
    made._listeners = [TextPrinter(StatusLine(shown=False), lambda: None, quiet=True, look=Look())]
    made.run()
    captured = capsys.readouterr()
    assert [line.split()[1] for line in captured.out.splitlines()] == ["PROBLEM"] * 3
    assert captured.err == ""


def test_json_is_an_attempt_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With the captures named by their interfaces."""
    made = session(story())
    made._listeners = [
        JsonPrinter(StatusLine(shown=False), lambda: None, quiet=False, captures=["eth7"], keep_digests=False)
    ]
    made.run()
    attempts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [attempt["id"] for attempt in attempts] == ["A1", "A2", "A3"]
    assert attempts[0]["verdict"] == "epmd-refused"
    assert {each["capture"] for attempt in attempts for each in attempt["timeline"]} == {"eth7"}


def test_a_reader_that_goes_away_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes on for nobody."""
    gone: list[bool] = []
    monkeypatch.setattr("analyzer.live.listeners.emit", lambda text, flush: False)
    made = session(story())
    made._listeners = [TextPrinter(StatusLine(shown=False), lambda: gone.append(True), quiet=True, look=Look())]
    made.run()
    assert gone


def test_the_status_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn over itself on a terminal; elsewhere only what is wrong is told."""
    for shown in (True, False):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        line = StatusLine(shown=shown)
        line.counters(COUNTERS)
        line.trouble("eth0: down\x1b[2J")
        line.clear()
        text = stream.getvalue()
        assert ("eth0, lo · 1,234,567 packets · 3 attempts (1 problem) · 8 dropped" in text) is shown
        assert "distscope: eth0: down\\x1b[2J\n" in text
        assert text.startswith("\r\x1b[K" if shown else "distscope")
