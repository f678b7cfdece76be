"""How often people are told: at once, then seldom, and once more when it is over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from analyzer.findings import Diagnosis
from analyzer.service.incidents import HOUR, Change, Incidents, Notice
from analyzer.service.notifier import WORKED
from dissectors.epmd_messages import Port2Req
from dissectors.handshake_messages import Challenge, ChallengeReply, SendName, Status
from samples.conversation import Network, framed
from samples.recipes import handshake
from tests.analyzer.service.test_courier import Clock
from tests.analyzer.sessions.talking import OTP_26, port2_resp
from tests.analyzer.test_pipeline import analysis, refused, rejected

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"


def judged(story: Callable[[Network], None], later: float = 0) -> Diagnosis:
    """The first one of a story, so many seconds after the beginning of time."""

    def told(net: Network) -> None:
        net.wait(later)
        story(net)

    return analysis(told).diagnoses[0]


def cli(number: int) -> Callable[[Network], None]:
    """A tool that gives itself another name each time, with a wrong cookie."""

    def story(net: Network) -> None:
        net.looks_up(A, B, Port2Req(name="node"), port2_resp("node", 9100))
        link = net.connect(A, B, 9100)
        link.initiator.sends(framed(SendName(flags=OTP_26, creation=1, name=f"rabbitmqcli-{number}-rabbit@{A}")))
        link.acceptor.sends(framed(Status(text="ok"), Challenge(OTP_26, 1, 2, f"node@{B}")))
        link.initiator.sends(framed(ChallengeReply(challenge=9, digest=bytes(16))))
        link.acceptor.closes()
        link.initiator.closes()

    return story


class Told:
    """What comes of diagnoses, one after the other."""

    def __init__(self, **settings: int) -> None:
        self.clock = Clock()
        self.incidents: Incidents[str] = Incidents(every=900, clock=self.clock, **settings)
        self.notices: list[Notice[str]] = []

    def hears(self, diagnosis: Diagnosis) -> list[Change]:
        """What is told at once."""
        if diagnosis.verdict in WORKED:
            notices = list(self.incidents.worked(diagnosis.attempt))
        else:
            notice = self.incidents.failed(diagnosis, lambda: diagnosis.verdict)
            notices = [] if notice is None else [notice]
        self.notices += notices
        return [each.change for each in notices]

    def waits(self, seconds: float) -> list[Change]:
        """What is told then."""
        self.clock.now += seconds
        notices = list(self.incidents.due())
        self.notices += notices
        return [each.change for each in notices]


def test_the_first_failure_is_told_at_once_and_others_together() -> None:
    """A thousand within the time are one notice."""
    told = Told()
    failure = judged(rejected)
    assert told.hears(failure) == [Change.FAILS]
    assert [told.hears(failure) for _ in range(1000)] == [[]] * 1000
    assert told.waits(899) == []
    assert told.waits(1) == [Change.STILL_FAILS]
    assert (told.notices[-1].failures, told.notices[-1].in_all) == (1000, 1001)
    assert told.waits(10_000) == [], "nothing happened since"


def test_another_verdict_and_another_pair_are_incidents_of_their_own() -> None:
    """As in reports."""
    told = Told()
    for story in (rejected, refused, lambda net: rejected(net, A, C), lambda net: rejected(net, C, B)):
        assert told.hears(judged(story)) == [Change.FAILS]


def test_a_tool_is_one_whatever_it_calls_itself() -> None:
    """The number in its name is that of its process."""
    told = Told()
    assert told.hears(judged(cli(1234))) == [Change.FAILS]
    assert told.hears(judged(cli(88))) == []


def test_that_they_connect_again_is_told_once() -> None:
    """With what was not told of it; later it is as new."""
    told = Told()
    failure = judged(lambda net: refused(net, A, B))
    success = judged(lambda net: handshake(net, A, B), later=60)
    told.hears(failure)
    told.hears(failure)
    assert success.verdict in WORKED
    assert told.hears(success) == [Change.RECOVERED]
    assert told.notices[-1].failures == 1
    assert told.hears(success) == []
    told.waits(901)
    assert told.hears(judged(lambda net: refused(net, A, B), later=120)) == [Change.FAILS]


def test_only_what_came_later_and_of_the_same_pair_is_a_recovery() -> None:
    """An old link that ends, another node, another host."""
    told = Told()
    told.hears(judged(lambda net: rejected(net, A, B), later=60))
    assert told.hears(judged(lambda net: handshake(net, A, B))) == []
    assert told.hears(judged(lambda net: handshake(net, C, B), later=90)) == []
    assert told.hears(judged(lambda net: handshake(net, A, B), later=90)) == [], "bob is not node"
    told.hears(judged(lambda net: refused(net, A, B), later=60))
    assert told.hears(judged(lambda net: handshake(net, A, C), later=90)) == []
    assert told.hears(judged(lambda net: handshake(net, A, B), later=90)) == [Change.RECOVERED]


def test_one_that_comes_and_goes_is_told_seldom() -> None:
    """Twice at the beginning, then once in the time."""
    told = Told()
    changes = []
    for minute in range(30):
        changes += told.hears(judged(lambda net: refused(net, A, B), later=minute * 60))
        changes += told.hears(judged(lambda net: handshake(net, A, B), later=minute * 60 + 30))
        changes += told.waits(60)
    assert changes == [Change.FAILS, Change.RECOVERED, Change.FAILED_MEANWHILE, Change.FAILED_MEANWHILE]
    assert told.notices[2].failures + told.notices[3].failures == 29


def test_beyond_a_number_in_an_hour_everything_waits() -> None:
    """And says so; what waits is told as it stands when its turn comes."""
    told = Told(per_hour=2)
    pairs = [judged(partial(refused, initiator=A, acceptor=f"10.0.1.{number}")) for number in range(1, 5)]
    assert [told.hears(each) for each in pairs] == [[Change.FAILS], [Change.FAILS], [], []]
    assert [each.last_of_hour for each in told.notices] == [False, True]
    told.hears(pairs[2])
    assert told.waits(HOUR - 1) == []
    assert told.waits(1) == [Change.FAILS, Change.FAILS]
    assert [each.failures for each in told.notices[2:]] == [1, 2]


def test_incidents_that_are_kept_are_few() -> None:
    """However many there are; those that are over are forgotten by themselves."""
    told = Told(kept=10)
    pairs = [judged(partial(refused, initiator=A, acceptor=f"10.0.1.{number}")) for number in range(1, 31)]
    for each in pairs:
        told.hears(each)
    incidents = told.incidents
    assert len(incidents._known) == len(incidents._failing) == 10
    for number in range(1, 31):
        told.hears(judged(partial(handshake, ann=A, bob=f"10.0.1.{number}"), later=60))
    assert not incidents._failing
    told.waits(900)
    assert not incidents._known
