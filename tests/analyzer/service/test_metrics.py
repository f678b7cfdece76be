"""Metrics as Prometheus gets them: over HTTP, read by its own parser."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from analyzer import rules
from analyzer.findings import Outcome
from analyzer.service.metrics import AT_ONCE, Address, Metrics, NoMetrics, address_of
from samples.conversation import Network
from tests.analyzer.live.test_session import session
from tests.analyzer.test_pipeline import refused, rejected


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Metrics]:
    """Metrics on a port that is free."""
    metrics = Metrics(Address(host, 0), lambda: {"sent": 2, "lost": 1})
    metrics.start()
    try:
        yield metrics
    finally:
        metrics.close()


def scraped(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Sample and its label → value."""
    with urllib.request.urlopen(f"http://{metrics.address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_scrape_tells_what_the_session_counted(host: str) -> None:
    """Before, when all is 0, and after."""
    net = Network()
    for number in range(3):
        refused(net, f"10.0.0.{number + 1}")
        net.wait(1)
    rejected(net)
    with serving(host) as metrics:
        before = scraped(metrics)
        made = session(net)
        made._listeners = [metrics]
        made.source.captures[0].lose(1, 2, 8)
        made.run()
        after = scraped(metrics)
    assert before["distscope_problems_total", "epmd-refused"] == before["distscope_attempts_total", ""] == 0
    assert after["distscope_problems_total", "epmd-refused"] == 3
    assert after["distscope_problems_total", "cookie-mismatch"] == 1
    assert after["distscope_attempts_total", ""] == 4
    assert after["distscope_packets_total", ""] == len(net.packets)
    assert after["distscope_dropped_packets_total", ""] == 8
    assert after["distscope_lag_seconds", ""] == 0
    assert after["distscope_notifications_total", "sent"] == 2
    assert after["distscope_last_round_timestamp_seconds", ""] >= before["distscope_last_round_timestamp_seconds", ""]
    assert after["process_resident_memory_bytes", ""] > 0


def test_labels_are_verdicts_alone() -> None:
    """There are as many series at the end as at the beginning, whoever dials whom."""
    net = Network()
    for number in range(20):
        refused(net, f"10.0.1.{number + 1}")
        net.wait(1)
    with serving() as metrics:
        before = scraped(metrics).keys()
        made = session(net)
        made._listeners = [metrics]
        made.run()
        after = scraped(metrics).keys()
    assert before == after
    verdicts = {label for name, label in after if name == "distscope_problems_total"}
    assert verdicts == {rule.name for rule in rules.all_rules() if rule.outcome is Outcome.PROBLEM}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("9404", "127.0.0.1:9404"),
        ("10.0.0.5:9404", "10.0.0.5:9404"),
        ("0.0.0.0:1", "0.0.0.0:1"),
        ("localhost:9404", "localhost:9404"),
        ("[::1]:9404", "[::1]:9404"),
    ],
)
def test_addresses(text: str, shown: str) -> None:
    """On loopback unless told otherwise."""
    assert str(address_of(text)) == shown


@pytest.mark.parametrize("text", ["", ":9404", "70000", "host", "::1:9404", "http://x:1", "a b:1", "9404/metrics", "²"])
def test_what_is_no_address(text: str) -> None:
    """Told with examples; nothing that could mean everybody by mistake."""
    with pytest.raises(NoMetrics, match="write 9404"):
        address_of(text)


def test_an_address_that_is_taken() -> None:
    """By somebody else, or on another machine."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(NoMetrics, match=rf"--metrics 127.0.0.1:{port}: Address already in use\n  next: .*ss -ltnp"):
            Metrics(Address("127.0.0.1", port))
    with pytest.raises(NoMetrics, match="Cannot assign requested address"):
        Metrics(Address("192.0.2.1", 9404))
    with pytest.raises(NoMetrics, match=r"--metrics no\.such\.invalid:9404"):
        Metrics(Address("no.such.invalid", 9404))


def test_clients_that_say_nothing_are_few() -> None:
    """Beyond a number they are turned away; no thread is made for them."""
    with serving() as metrics:
        threads = threading.active_count()
        idle = [socket.create_connection((metrics.address.host, metrics.address.port)) for _ in range(AT_ONCE + 3)]
        try:
            idle[-1].settimeout(10)
            assert idle[-1].recv(1) == b""
            assert threading.active_count() <= threads + AT_ONCE
        finally:
            for each in idle:
                each.close()
