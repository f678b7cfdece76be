"""From packets to messages: what a session makes people read."""

from __future__ import annotations

from analyzer.service.courier import Courier
from analyzer.service.incidents import Incidents
from analyzer.service.notifier import Notifier
from samples.conversation import Network
from samples.recipes import handshake
from tests.analyzer.live.test_session import session
from tests.analyzer.service.test_courier import PATIENCE, Clock, Recorder
from tests.analyzer.test_pipeline import refused

A, B = "10.0.0.1", "10.0.0.2"


def test_failures_and_the_recovery() -> None:
    """One message each, for any number of failures."""
    net = Network()
    for _ in range(5):
        refused(net, A, B)
        net.wait(1)
    handshake(net, A, B)
    net.wait(3)
    target = Recorder()
    courier = Courier([target])
    made = session(net)
    made._listeners = [Notifier(courier, Incidents(), lambda text: None)]
    courier.start()
    made.run()
    courier.close(PATIENCE)
    assert [title.partition(":")[0] for title in target.got] == ["PROBLEM epmd-refused", "OK epmd-refused"]


def test_what_waits_is_told_when_it_is_due_and_trouble_is_passed_on() -> None:
    """With the counters, once a second."""
    net = Network()
    refused(net, A, B)
    net.wait(1)
    refused(net, A, B)
    target, clock, troubles = Recorder(), Clock(), list[str]()
    target.trouble = "it can't be reached"
    courier = Courier([target], clock=clock)
    made = session(net)
    notifier = Notifier(courier, Incidents(clock=clock), troubles.append)
    made._listeners = [notifier]
    made.run()
    courier.deliver()
    clock.now += 900
    notifier.counters(made.counters)
    assert troubles == ["target: it can't be reached; notifications wait, and it is tried again"]
    target.trouble = None
    courier.deliver()
    courier.deliver()
    assert len(target.got) == 2
