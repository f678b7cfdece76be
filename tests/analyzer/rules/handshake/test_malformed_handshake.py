"""What a user is told of bytes that are no handshake message, and of which no rule may say so."""

from __future__ import annotations

import pytest

from dissectors.flags import Flag
from dissectors.handshake_messages import Challenge, ChallengeAck, ChallengeReply, SendName, Status
from samples.conversation import ACK, FIN, PUSH, Connection, Network, framed
from tests.analyzer.rules.asking import said as asked
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.judged import DIST, Said, judged, names, said, verdict

NAME = "malformed-handshake"
OTP = 0xD_07DF_7FBD


def opened(net: Network) -> Connection:
    """Packets 1 to 3."""
    return net.connect("10.0.0.1", "10.0.0.2", DIST)


def named(net: Network, name: str = "ann@10.0.0.1") -> Connection:
    """Packets 4 and 5."""
    link = opened(net)
    link.initiator.sends(framed(SendName(flags=OTP, creation=1, name=name)))
    return link


def told(net: Network) -> Said:
    """What the rule says, which is the verdict."""
    assert verdict(net) == NAME
    return said(net, NAME)


def closed_by_acceptor(link: Connection) -> None:
    """In order, both ways."""
    link.acceptor.closes()
    link.initiator.closes()


@pytest.mark.parametrize(
    "data", [b"\x00\x05N\x00\x00\x00\x00", b"\x00\x00", b"\x00\x09X\x00\x01\x02\x03\x04\x05\x06\x07"]
)
def test_no_message(data: bytes) -> None:
    """Too short, empty, or with an unknown tag; the acceptor closes."""
    net = Network()
    link = opened(net)
    link.initiator.sends(data)
    closed_by_acceptor(link)
    found = told(net)
    assert (found.certainty, found.alternatives) == ("certain", ())
    assert found.says == "10.0.0.1 sent bytes that are no valid handshake message."
    assert found.detail == {"sent_by": "initiator", "rejected_by": "acceptor"}
    assert [packet for packet, _ in found.evidence] == [4, 6]
    assert found.shown[0].endswith("bytes that are no handshake message")
    assert found.shown[1] == "the acceptor closes"


def test_nobody_closed() -> None:
    """Then nobody rejected it."""
    net = Network()
    link = opened(net)
    link.initiator.sends(b"\x00\x05N\x00\x00\x00\x00")
    found = told(net)
    assert found.detail == {"sent_by": "initiator"}
    assert len(found.evidence) == 1


def test_of_the_acceptor() -> None:
    """Whose answer is none."""
    net = Network()
    link = named(net)
    link.acceptor.sends(b"\x00\x04zzzz")
    link.initiator.closes()
    link.acceptor.closes()
    found = told(net)
    assert found.detail == {"sent_by": "acceptor", "rejected_by": "initiator"}
    assert found.says.startswith("10.0.0.2 sent bytes")


@pytest.mark.parametrize("name", ["ann", "@host", "ann@", "a@b@c", "n" * 256 + "@host"])
def test_a_name_that_is_none(name: str) -> None:
    """No host, no node, two of them, or too long; it is shown, at most 80 letters of it."""
    net = Network()
    closed_by_acceptor(named(net, name))
    found = told(net)
    assert f"the node name {name[:80]!r} ({len(name)} characters) is none" in found.why
    assert found.shown == ["from the initiator: send_name", "the acceptor closes"]
    assert found.detail["sent_by"] == "initiator"


def test_a_name_that_was_taken_is_one() -> None:
    """The acceptor went on with it."""
    net = Network()
    link = named(net, "ann")
    link.acceptor.sends(framed(Status(text="not_allowed")))
    closed_by_acceptor(link)
    assert NAME not in names(net)


def test_255_letters_before_the_host_are_a_name() -> None:
    """As many as an atom has."""
    net = Network()
    closed_by_acceptor(named(net, "n" * 255 + "@host"))
    assert NAME not in names(net)


def test_a_status_that_no_node_sends() -> None:
    """With its text."""
    net = Network()
    link = named(net)
    link.acceptor.sends(framed(Status(text="maybe")))
    link.initiator.closes()
    link.acceptor.closes()
    found = told(net)
    assert "the status 'maybe' is none that any node sends" in found.why
    assert found.shown == ["from the acceptor: the status", "the initiator closes"]
    assert found.detail == {"sent_by": "acceptor", "rejected_by": "initiator"}


@pytest.mark.parametrize("status", ["ok", "ok_simultaneous", "nok", "not_allowed", "alive"])
def test_a_status_that_nodes_send(status: str) -> None:
    """Whatever comes of it."""
    net = Network()
    link = named(net)
    link.acceptor.sends(framed(Status(text=status)))
    closed_by_acceptor(link)
    assert NAME not in names(net)


def test_a_message_that_its_sender_cut() -> None:
    """It said that more would come, and closed."""
    net = Network()
    link = opened(net)
    link.initiator.sends(framed(SendName(flags=OTP, creation=1, name="ann@10.0.0.1"))[:12])
    link.initiator.closes()
    link.acceptor.closes()
    found = told(net)
    assert "its sender ended in the middle of a message" in found.why
    assert found.shown[0] == "from the initiator: the message breaks off"
    assert found.detail == {"sent_by": "initiator", "rejected_by": "initiator"}


def test_a_message_that_the_other_side_cut_short_is_none() -> None:
    """It gave up on the rest."""
    net = Network()
    link = opened(net)
    link.initiator.sends(framed(SendName(flags=OTP, creation=1, name="ann@10.0.0.1"))[:12])
    link.acceptor.closes()
    link.initiator.closes()
    assert NAME not in names(net)


def test_a_message_that_the_capture_cut_is_none() -> None:
    """Bytes are missing, and nobody can tell what they were."""
    net = Network()
    link = named(net)
    link.acceptor.sends(framed(Status(text="ok")))
    challenge = framed(Challenge(flags=OTP, challenge=1, creation=1, name="bob@10.0.0.2"))
    link.acceptor.raw(PUSH | ACK, challenge[:10])
    link.acceptor.sequence += 4
    link.initiator.raw(ACK)
    link.acceptor.raw(FIN | ACK)
    link.initiator.closes()
    assert NAME not in names(net)


def test_likely_where_the_capture_has_a_hole() -> None:
    """Of the status here, before a challenge that is none."""
    net = Network()
    link = named(net)
    link.acceptor.sequence += 5
    link.initiator.raw(ACK)
    link.acceptor.sends(b"\x00\x04zzzz")
    link.initiator.closes()
    link.acceptor.closes()
    for attempt in judged(net):
        for finding in attempt["findings"]:
            assert finding["name"] != NAME or finding["certainty"] != "certain"


@pytest.mark.parametrize("first", ["acceptor", "initiator"])
def test_the_middle_of_a_connection_is_no_beginning(first: str) -> None:
    """The capture began later than the connection: the first bytes that it has may be anything."""
    net = Network()
    link = opened(net)
    link.initiator.sends(b"\x00\x09X\x00\x01\x02\x03\x04\x05\x06\x07")
    if first == "acceptor":
        closed_by_acceptor(link)
    else:
        link.initiator.closes()
        link.acceptor.closes()
    del net.packets[:3]
    assert all(NAME not in [each["name"] for each in attempt["findings"]] for attempt in judged(net))


@pytest.mark.parametrize("name", ["", "host"])
def test_who_asks_for_a_name_has_none(name: str) -> None:
    """What it gives is a host, and may be nothing."""
    net = Network()
    link = opened(net)
    link.initiator.sends(framed(SendName(flags=OTP | Flag.NAME_ME, creation=1, name=name)))
    closed_by_acceptor(link)
    assert NAME not in names(net)


def test_what_a_link_says_later_is_no_handshake() -> None:
    """Both are connected: bytes that nobody understands then are another story."""
    net = Network()
    link = named(net)
    link.acceptor.sends(framed(Status(text="ok")))
    link.acceptor.sends(framed(Challenge(flags=OTP, challenge=1, creation=1, name="bob@10.0.0.2")))
    link.initiator.sends(framed(ChallengeReply(challenge=2, digest=bytes(16))))
    link.acceptor.sends(framed(ChallengeAck(digest=bytes(16))))
    link.initiator.sends(b"\x00\x00\x00\x04zzzz")
    link.acceptor.sends(b"\x00\x00\x00\x04zzzz")
    closed_by_acceptor(link)
    assert NAME not in names(net)


def test_a_hole_on_one_side_excuses_no_bytes_of_the_other() -> None:
    """The status is missing; what the initiator cut, it cut itself."""
    net = Network()
    link = named(net)
    link.acceptor.sequence += 5
    link.initiator.raw(ACK)
    link.acceptor.sends(framed(Challenge(flags=OTP, challenge=1, creation=1, name="bob@10.0.0.2")))
    link.initiator.sends(framed(ChallengeReply(challenge=2, digest=bytes(16)))[:12])
    link.initiator.closes()
    link.acceptor.closes()
    found = told(net)
    assert (found.certainty, found.detail["sent_by"]) == ("likely", "initiator")


def test_of_the_beginning_nothing_is_missing() -> None:
    """The capture lacks the first SYN only: the answer to it shows where the bytes begin."""
    net = Network()
    link = named(net)
    link.acceptor.sends(b"\x00\x04zzzz")
    closed_by_acceptor(link)
    del net.packets[0]
    found = told(net)
    assert found.detail["sent_by"] == "acceptor"


@pytest.mark.parametrize("how", ["another protocol", "up", "ended"])
def test_bytes_that_another_rule_explains(how: str) -> None:
    """A name that is none, of what speaks no Erlang or whose link came up all the same."""
    talk = Talk(Clock()).dial().name("ann")
    if how == "another protocol":
        talk.send(BACK, b"HTTP/1.1 400 Bad Request\r\n\r\n").fin(BACK)
    else:
        talk.challenge().reply().ack().chat()
    if how == "ended":
        talk.fin(OUT)
    assert asked(NAME, talk.clock) is None
