"""What options open, start and close."""

from __future__ import annotations

import itertools
import threading
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from analyzer.findings import Diagnosis
from analyzer.live.ring import Interface, Ring
from analyzer.live.session import Counters, Listener, Session
from analyzer.pipeline import NEIGHBOURS, Options
from analyzer.service.courier import Courier
from analyzer.service.incidents import Incidents
from analyzer.service.message import Facts
from analyzer.service.metrics import Address, Metrics, NoMetrics
from analyzer.service.notifier import Notifier
from analyzer.service.outlets import Outlets
from analyzer.service.targets import VARIABLE, NoNotification
from analyzer.sessions.attempt import Attempt
from samples.conversation import Network
from tests.analyzer.live.test_session import session
from tests.analyzer.live.weeks import EVERY_DAY, Weeks, tables
from tests.analyzer.service.receiver import receiving
from tests.analyzer.service.test_courier import Recorder
from tests.analyzer.test_pipeline import refused


def begun_since(threads: set[threading.Thread]) -> int:
    """Threads that there are beside these; one of another test may end at any time."""
    return len(set(threading.enumerate()) - threads)


def test_nothing_asked_for_is_nothing() -> None:
    """No thread, no word."""
    threads = set(threading.enumerate())
    outlets = Outlets(on_trouble=pytest.fail, environment={})
    outlets.start()
    assert (outlets.listeners, outlets.said, begun_since(threads)) == ([], "", 0)
    outlets.close()


def test_threads_begin_with_the_start() -> None:
    """They would keep the capabilities that are given up before it; the port is taken at once."""
    threads = set(threading.enumerate())
    outlets = Outlets(metrics="0", urls=["json://a.example"], on_trouble=pytest.fail, environment={})
    assert begun_since(threads) == 0
    outlets.start()
    assert begun_since(threads) == 2
    assert outlets.said.startswith("; metrics at http://127.0.0.1:")
    outlets.close()


def test_metrics_count_what_became_of_notifications() -> None:
    """One that is there, one that is not; and what could not be delivered is said."""
    net = Network()
    refused(net)
    troubles: list[str] = []
    with receiving() as receiver:
        outlets = Outlets(
            metrics="0",
            urls=["json://127.0.0.1:1/t0ken"],
            environment={VARIABLE: receiver.url},
            on_trouble=troubles.append,
        )
        made = session(net)
        made._listeners = outlets.listeners
        outlets.start()
        made.run()
        assert outlets._courier is not None
        outlets._courier.close()
        with urllib.request.urlopen(f"{outlets.said.split()[-1]}", timeout=10) as answer:
            text = answer.read().decode()
        outlets.close()
        assert [each["type"] for each in receiver.got] == ["failure"]
    assert 'distscope_notifications_total{result="sent"} 1.0' in text
    assert 'distscope_notifications_total{result="lost"} 1.0' in text
    assert 'distscope_problems_total{verdict="epmd-refused"} 1.0' in text
    assert troubles[-1] == "notification target 1 (json): 1 notification not delivered"
    assert "t0ken" not in "".join(troubles)


def test_what_can_not_be_opened() -> None:
    """Is told before anything else happens."""
    with pytest.raises(NoMetrics):
        Outlets(metrics="nonsense", on_trouble=pytest.fail, environment={})
    with pytest.raises(NoNotification):
        Outlets(urls=["nonsense"], on_trouble=pytest.fail, environment={})


# --- Weeks -----------------------------------------------------------------------------------------------------------

WARM, LATER = 60, 240
"""Days."""
STILL_GROW = ("._pipeline.correlator._endpoints._listeners", "._pipeline.streams.listening._endpoints")
"""Tables that have a bound, which tests of their own hold, and are not full by then."""
NOISE = 30
"""Entries: how many attempts are over and not let go yet depends on the moment."""


def test_no_table_grows_for_weeks(tmp_path: Path) -> None:
    """Of everything that a service has: session, kept packets, metrics, incidents, messages that nobody takes.

    Whatever holds four times as many entries after four times as many days, and has no bound, would be found here."""
    tap, seconds = Weeks(LATER), itertools.count()
    grown: dict[int, Counter[str]] = {}

    class Meter:
        def counters(self, counters: Counters) -> None:
            if tap.day in (WARM, LATER) and tap.day not in grown:
                grown[tap.day] = tables(made)

        def verdict(self, name: str, diagnosis: Diagnosis, *, closing: bool) -> None:
            """The counters have them."""

        def waiting(self, attempt: Attempt) -> None:
            """The verdict follows."""

        def trouble(self, text: str) -> None:
            pytest.fail(text)

    courier = Courier([Recorder()])
    metrics = Metrics(Address("127.0.0.1", 0))
    incidents: Incidents[Facts] = Incidents(kept=NEIGHBOURS, clock=lambda: tap.day * 3600.0)
    listeners: list[Listener] = [metrics, Notifier(courier, incidents, lambda text: None), Meter()]
    ring = Ring(str(tmp_path / "kept.pcapng"), [Interface("eth7", 1)], size=100_000, files=2)
    made = Session([tap], Options(), listeners, ring=ring, kept=16, clock=lambda: next(seconds), wall=tap.now, pace=0)
    tap.at_end = made.stop
    analysis = made.run()
    assert made.counters.verdicts == {**dict.fromkeys(EVERY_DAY, LATER), "connected": 1}
    assert len(analysis.diagnoses) < 100
    found = {
        path: (grown[WARM][path], entries)
        for path, entries in grown[LATER].items()
        if entries > grown[WARM][path] * 1.2 + NOISE and not path.startswith(STILL_GROW)
    }
    assert found == {}
