"""The timeline as people read it."""

from __future__ import annotations

import pytest

from analyzer.report import story
from analyzer.report.story import Sign
from analyzer.sessions import events
from analyzer.sessions.attempt import Party
from analyzer.sessions.events import Event, Leg
from dissectors import epmd
from dissectors.dialogue import Side
from tests.analyzer.report.building import attempt, lookup, opening, packet, refused_handshake

OUT, BACK, LINK = Side.INITIATOR, Side.ACCEPTOR, Leg.LINK


def test_an_opening_is_one_step() -> None:
    """SYN, SYN-ACK and ACK say one thing."""
    first, *rest = story.steps(attempt(lookup() + refused_handshake()))
    assert [ref.number for ref in first.packets] == [1, 2, 3]
    assert (first.left, first.right, first.forth) == ("ann", "EPMD", True)
    assert first.says == "opens TCP to 10.77.0.2:4369"
    assert [step.says for step in rest][4] == "opens TCP to 10.77.0.2:41123"
    assert rest[-1].since_start == 4_600_000
    assert not rest[-1].forth


def test_a_dial_without_an_answer_is_one_step() -> None:
    """However often the SYN was sent."""
    dials: list[Event] = [
        events.Dialled(packet=packet(n, 1000 * n), side=OUT, leg=LINK, retry=n - 1) for n in (1, 2, 3)
    ]
    (step,) = story.steps(attempt(dials))
    assert step.says == "SYN to 10.77.0.2:41123, sent 3 times until +2.000000"


def test_a_slow_opening_tells_its_retries() -> None:
    """They are why it was slow."""
    late = [
        events.Dialled(packet=packet(1, 0), side=OUT, leg=LINK),
        events.Dialled(packet=packet(2, 1000), side=OUT, leg=LINK, retry=1),
        *opening(LINK, 3, 1001)[1:],
    ]
    (step,) = story.steps(attempt(late))
    assert step.says == "opens TCP to 10.77.0.2:41123 (SYN sent 2 times until +1.000000)"


def test_half_an_opening_says_what_is_missing() -> None:
    """The ACK of the initiator never comes."""
    (step,) = story.steps(attempt(opening(LINK, 1, 0)[:2]))
    assert step.says == "SYN to 10.77.0.2:41123, SYN-ACK comes, ACK does not"


def test_repetitions_are_counted_per_side() -> None:
    """Retransmissions of one side fold; the other side's stay apart."""

    def resent(number: int, side: Side) -> Event:
        return events.Resent(packet=packet(number, number), side=side, leg=LINK, offset=0, length=40, retry=number)

    told = story.steps(attempt([resent(1, OUT), resent(2, OUT), resent(3, BACK), resent(4, OUT)]))
    assert [step.says for step in told] == [
        "sends 40 bytes again (retry 1), 2 times until +0.001000",
        "sends 40 bytes again (retry 3)",
        "sends 40 bytes again (retry 4)",
    ]


def test_what_became_known_late_stands_where_it_happened() -> None:
    """A hole is found when the connection ends."""
    hole = events.BytesMissing(packet=packet(12, 5), side=OUT, leg=LINK, offset=0, length=9, delivered=True)
    end = events.Closed(packet=packet(15, 9), side=OUT, leg=LINK)
    assert story.in_time([end, hole]) == [hole, end]


def test_steps_tell_how_to_draw_them() -> None:
    """Openings, what is said, refusals and endings look different, and lie on one of two connections."""
    told = story.steps(attempt(lookup() + refused_handshake()))
    assert [(step.sign, step.leg) for step in told[:4]] == [
        (Sign.OPENS, Leg.EPMD),
        (Sign.TELLS, Leg.EPMD),
        (Sign.TELLS, Leg.EPMD),
        (Sign.CLOSES, Leg.EPMD),
    ]
    assert (told[-1].sign, told[-1].leg) == (Sign.CLOSES, LINK)


@pytest.mark.parametrize(
    ("event", "sign"),
    [
        (events.Dialled(packet=packet(1), side=OUT, leg=LINK), Sign.DIALS),
        (events.StatusSent(packet=packet(1), side=BACK, leg=LINK, text="ok"), Sign.TELLS),
        (events.StatusSent(packet=packet(1), side=BACK, leg=LINK, text="not_allowed"), Sign.REFUSES),
        (events.TlsEncryptedAlert(packet=packet(1), side=BACK, leg=LINK, rejection=True), Sign.REFUSES),
        (events.TlsEncryptedAlert(packet=packet(1), side=BACK, leg=LINK, rejection=False), Sign.TELLS),
        (
            events.EpmdAnswered(packet=packet(1), side=BACK, leg=Leg.EPMD, message=epmd.Port2Refusal(result=1)),
            Sign.REFUSES,
        ),
    ],
)
def test_a_no_is_no_message_like_others(event: Event, sign: Sign) -> None:
    """An answer that refuses ends an attempt as much as a FIN."""
    assert story.steps(attempt([event]))[0].sign is sign


def test_silence_is_told_where_it_is_long() -> None:
    """Of a link that is up it is none: most of its traffic is no step."""
    closed = events.Closed(packet=packet(9, 7_002), side=OUT, leg=Leg.LINK)
    *_, last = story.steps(attempt([*lookup()[:5], closed]))
    assert last.pause == "7.0 s without a message (net_setuptime is 7 s by default)"
    assert last.waited == 7_001_100_000
    ack = events.AckSent(packet=packet(6, 2), side=BACK, leg=LINK)
    *_, last = story.steps(attempt([ack, closed]))
    assert last.pause == "7.0 s of a link that is up: data and ticks are not drawn"
    assert [step.pause for step in story.steps(attempt(lookup()))] == [""] * 5


def test_where_it_broke() -> None:
    """At the first ending that the proof names; if it names none, at the last packet that it has."""
    told = story.steps(attempt(lookup() + refused_handshake()))
    assert story.broke(told, [packet(14, 3.4), packet(15, 4.6), packet(16, 9)]) == packet(15, 4.6)
    assert story.broke(told, [packet(14, 3.4), packet(13, 2.7)]) == packet(14, 3.4)
    assert story.broke(told, []) is None


@pytest.mark.parametrize(
    ("left", "right", "called", "short"),
    [
        (Party("ann@h1"), Party("bob@h2"), None, ("ann", "bob")),
        (Party("ann@h1"), Party(None, "10.0.0.2"), "bob", ("ann", "bob")),
        (Party(None, "10.0.0.1"), Party("bob@h2"), None, ("10.0.0.1", "bob")),
        (Party("rabbit@h1", "10.0.0.1"), Party("rabbit@h2", "10.0.0.2"), None, ("rabbit@h1", "rabbit@h2")),
        (Party("rabbit@mq1.a.net"), Party("rabbit@mq2.b.net"), None, ("rabbit@mq1", "rabbit@mq2")),
        (Party("a@10.0.0.1", "10.0.0.1"), Party("a@10.0.0.2", "10.0.0.2"), None, ("10.0.0.1", "10.0.0.2")),
        (Party("rabbitmqcli-337-rabbit@ops"), Party("rabbit@h2"), None, ("rabbitmqcli-33…", "rabbit")),
        (Party("a@h", "::1"), Party("a@h", "::1"), None, ("initiator", "acceptor")),
        (Party(), Party(), None, ("initiator", "acceptor")),
        (Party("\x1b[31m@h"), Party("bob@h2"), None, ("\\x1b[31m", "bob")),
    ],
)
def test_short_names(left: Party, right: Party, called: str | None, short: tuple[str, str]) -> None:
    """Short, harmless, and never the same for both."""
    made = attempt(lookup(), initiator=left, acceptor=right)
    made.called_name = called
    assert story.short_names(made) == short
