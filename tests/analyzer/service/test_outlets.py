"""What options open, start and close."""

from __future__ import annotations

import threading
import urllib.request

import pytest

from analyzer.service.metrics import NoMetrics
from analyzer.service.outlets import Outlets
from analyzer.service.targets import VARIABLE, NoNotification
from samples.conversation import Network
from tests.analyzer.live.test_session import session
from tests.analyzer.service.receiver import receiving
from tests.analyzer.test_pipeline import refused


def test_nothing_asked_for_is_nothing() -> None:
    """No thread, no word."""
    threads = threading.active_count()
    outlets = Outlets(on_trouble=pytest.fail, environment={})
    outlets.start()
    assert (outlets.listeners, outlets.said, threading.active_count()) == ([], "", threads)
    outlets.close()


def test_threads_begin_with_the_start() -> None:
    """They would keep the capabilities that are given up before it; the port is taken at once."""
    threads = threading.active_count()
    outlets = Outlets(metrics="0", urls=["json://a.example"], on_trouble=pytest.fail, environment={})
    assert threading.active_count() == threads
    outlets.start()
    assert threading.active_count() == threads + 2
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
