"""Deliveries: nobody waits for them, and none is lost in silence."""

from __future__ import annotations

import itertools
import threading

from analyzer.service.courier import LONGEST_PAUSE, ROOM, TRIES, Courier
from analyzer.service.message import Message

PATIENCE = 30


def message(number: int) -> Message:
    """One of many."""
    return Message(f"title {number}", "body", good=False)


class Recorder:
    """A target that fails when it is told to."""

    def __init__(self, name: str = "target") -> None:
        self.name = name
        self.got: list[str] = []
        self.trouble: str | None = None
        self.arrived = threading.Event()

    def send(self, message: Message) -> str | None:
        """Remembers it."""
        if self.trouble is None:
            self.got.append(message.title)
            self.arrived.set()
        return self.trouble


class Clock:
    """Goes on when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_thread_delivers_and_ends() -> None:
    """In order, to all of them."""
    targets = [Recorder(), Recorder()]
    courier = Courier(targets)
    courier.start()
    courier.post(message(1))
    assert all(each.arrived.wait(PATIENCE) for each in targets)
    courier.post(message(2))
    courier.post(message(3))
    courier.close(PATIENCE)
    assert [each.got for each in targets] == [["title 1", "title 2", "title 3"]] * 2
    assert courier.counts() == {"sent": 6, "failed": 0, "lost": 0}
    assert courier.remarks() == []


def test_a_target_that_is_away_is_tried_again_and_holds_up_nobody() -> None:
    """Said once, and once when it is back; later each time, nothing is lost, the order stays."""
    away, there, clock = Recorder("a"), Recorder("b"), Clock()
    away.trouble = "it can't be reached"
    courier = Courier([away, there], clock=clock)
    tried = []
    for number in range(3):
        courier.post(message(number))
    for second in range(1000):
        clock.now += 1
        before = courier.counts()["failed"]
        courier.deliver()
        if courier.counts()["failed"] > before:
            tried.append(second)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_PAUSE]
    assert there.got == ["title 0", "title 1", "title 2"]
    assert courier.remarks() == ["a: it can't be reached; notifications wait, and it is tried again"]
    away.trouble = None
    clock.now += LONGEST_PAUSE
    for _ in range(3):
        courier.deliver()
    assert away.got == there.got
    assert courier.remarks() == ["a: notifications are delivered again"]
    assert courier.counts()["lost"] == 0


def test_a_queue_is_bounded() -> None:
    """The oldest are lost, counted and said."""
    target = Recorder()
    courier = Courier([target])
    for number in range(ROOM + 2):
        courier.post(message(number))
    assert courier.counts()["lost"] == 2
    assert "the oldest one was dropped" in courier.remarks()[0]
    courier.start()
    courier.close(PATIENCE)
    assert (target.got[0], len(target.got)) == ("title 2", ROOM)


def test_what_a_target_never_takes_is_given_up() -> None:
    """One message that it refuses does not keep the others back for ever."""
    target, clock = Recorder(), Clock()
    target.trouble = "it answers with status 400"
    courier = Courier([target], clock=clock)
    courier.post(message(1))
    courier.post(message(2))
    for _ in range(TRIES):
        clock.now += LONGEST_PAUSE
        courier.deliver()
    target.trouble = None
    clock.now += LONGEST_PAUSE
    courier.deliver()
    assert target.got == ["title 2"]
    assert courier.counts() == {"sent": 1, "failed": TRIES, "lost": 1}
    assert "target: a message was given up" in courier.remarks()


def test_at_the_end_what_can_not_be_delivered_is_said() -> None:
    """After one more try."""
    target = Recorder()
    target.trouble = "it can't be reached"
    courier = Courier([target])
    courier.post(message(1))
    courier.start()
    courier.close(PATIENCE)
    assert courier.counts()["lost"] == 1
    assert courier.remarks()[-1] == "target: 1 notification not delivered"


def test_posting_never_waits() -> None:
    """Not even for a target that hangs."""
    inside, release = threading.Event(), threading.Event()

    class Hanging(Recorder):
        def send(self, message: Message) -> str | None:
            inside.set()
            release.wait(PATIENCE)
            return super().send(message)

    courier = Courier([Hanging()])
    courier.start()
    courier.post(message(1))
    assert inside.wait(PATIENCE)
    for number in range(ROOM):
        courier.post(message(number))
    release.set()
    courier.close(PATIENCE)
    assert courier.counts()["sent"] >= ROOM
