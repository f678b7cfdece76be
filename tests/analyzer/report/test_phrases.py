"""Every event has words, and hostile ones are harmless."""

from __future__ import annotations

import pytest

from analyzer.report.phrases import EPMD_PHRASES, phrase, says
from analyzer.sessions import events
from analyzer.sessions.events import Event, Leg
from dissectors import epmd, handshake, tls
from dissectors.dialogue import Side
from dissectors.epmd_messages import REPLIES, REQUESTS
from tests.analyzer.report.building import FLAGS, packet

AT = packet(1)
OUT, BACK = Side.INITIATOR, Side.ACCEPTOR
LINK, EPMD = Leg.LINK, Leg.EPMD
BOB = "bob@10.77.0.2"

CASES: list[tuple[Event, str]] = [
    (events.Dialled(packet=AT, side=OUT, leg=LINK), "SYN"),
    (events.Dialled(packet=AT, side=OUT, leg=LINK, retry=2), "SYN again (retry 2)"),
    (events.DialAnswered(packet=AT, side=BACK, leg=LINK), "SYN-ACK"),
    (events.Opened(packet=AT, side=OUT, leg=LINK), "TCP connection is open"),
    (events.DialRefused(packet=AT, side=BACK, leg=LINK), "refuses the TCP connection (RST)"),
    (
        events.DialProhibited(packet=AT, side=BACK, leg=LINK, reporter="10.0.0.254", version=4, type=3, code=13),
        "ICMP from 10.0.0.254: prohibited by policy (3/13)",
    ),
    (
        events.DialProhibited(packet=AT, side=BACK, leg=LINK, reporter="fe80::1", version=6, type=99, code=0),
        "ICMP from fe80::1: error (99/0)",
    ),
    (events.Resent(packet=AT, side=OUT, leg=LINK, offset=0, length=1, retry=3), "sends 1 byte again (retry 3)"),
    (
        events.BytesMissing(packet=AT, side=OUT, leg=LINK, offset=0, length=23, delivered=True),
        "23 bytes not in the capture; the peer has them",
    ),
    (
        events.BytesMissing(packet=AT, side=OUT, leg=LINK, offset=0, length=23, delivered=False),
        "23 bytes not in the capture; no sign that the peer has them",
    ),
    (
        events.BytesMissing(packet=AT, side=OUT, leg=LINK, offset=0, length=23, delivered=True, snapped=True),
        "23 bytes cut off by the snap length",
    ),
    (events.Closed(packet=AT, side=OUT, leg=LINK), "closes (FIN)"),
    (
        events.Closed(packet=AT, side=OUT, leg=LINK, implied=True),
        "closes (its FIN is not in the capture, but acknowledged here)",
    ),
    (
        events.NameSent(
            packet=AT, side=OUT, leg=LINK, message=handshake.SendName(flags=FLAGS, creation=1, name="ann@h")
        ),
        'name "ann@h", OTP 25 to 27',
    ),
    (
        events.NameSent(
            packet=AT, side=OUT, leg=LINK, message=handshake.SendNameOld(version=5, flags=0x77FFD, name="ann@h")
        ),
        'name "ann@h", OTP 19 to 20',
    ),
    (
        events.NameSent(packet=AT, side=OUT, leg=LINK, inferred=True),
        "name (not readable: told by its place and size)",
    ),
    (events.StatusSent(packet=AT, side=BACK, leg=LINK, text="nok"), 'status "nok"'),
    (
        events.StatusSent(
            packet=AT, side=BACK, leg=LINK, text="named", message=handshake.StatusNamed(name="x@h", creation=4)
        ),
        'status "named", gives the name "x@h"',
    ),
    (
        events.StatusSent(packet=AT, side=BACK, leg=LINK, text=None, inferred=True),
        "status (not readable: told by its place and size)",
    ),
    (events.StatusAnswered(packet=AT, side=OUT, leg=LINK, text="true"), 'answers the status: "true"'),
    (events.StatusAnswered(packet=AT, side=OUT, leg=LINK, text=None), "answers the status (not readable)"),
    (
        events.ChallengeSent(
            packet=AT,
            side=BACK,
            leg=LINK,
            message=handshake.Challenge(flags=FLAGS, challenge=1, creation=1, name=BOB),
        ),
        f'challenge, calls itself "{BOB}", OTP 25 to 27',
    ),
    (
        events.ChallengeSent(
            packet=AT,
            side=BACK,
            leg=LINK,
            message=handshake.ChallengeOld(version=5, flags=0x77FFD, challenge=1, name=BOB),
        ),
        f'challenge, calls itself "{BOB}"',
    ),
    (
        events.ReplySent(packet=AT, side=OUT, leg=LINK, inferred=True),
        "challenge reply (not readable: told by its place and size)",
    ),
    (
        events.AckSent(packet=AT, side=BACK, leg=LINK, message=handshake.ChallengeAck(digest=bytes(16))),
        "challenge ack, with the digest of its cookie",
    ),
    (
        events.ComplementSent(packet=AT, side=OUT, leg=LINK, message=handshake.Complement(flags_high=0xD, creation=1)),
        "complement: the rest of its flags",
    ),
    (events.DataStarted(packet=AT, side=OUT, leg=LINK), "first data"),
    (events.Ticked(packet=AT, side=OUT, leg=LINK), "first tick (keep-alive)"),
    (
        events.TlsAlert(packet=AT, side=BACK, leg=LINK, message=tls.Alert(2, 48)),
        "TLS alert: unknown_ca (fatal)",
    ),
    (
        events.TlsEncryptedAlert(packet=AT, side=BACK, leg=LINK, rejection=True),
        "encrypted TLS alert, by its place a rejection",
    ),
    (
        events.TlsNoCertificate(packet=AT, side=OUT, leg=LINK),
        "has no certificate to show (told by the size of the record)",
    ),
    (events.TlsEncryptedAlert(packet=AT, side=BACK, leg=LINK, rejection=False), "encrypted TLS alert"),
    (
        events.TlsSaid(packet=AT, side=BACK, leg=LINK, message=tls.OtherHandshake(12, 409)),
        "TLS server key exchange, 409 bytes",
    ),
    (events.TlsSaid(packet=AT, side=BACK, leg=LINK, message=tls.ChangeCipherSpec()), "TLS change cipher spec"),
    (
        events.TlsCertificate(packet=AT, side=OUT, leg=LINK, message=tls.Certificate(())),
        "TLS certificate message without a certificate",
    ),
    (
        events.ForeignSpoken(
            packet=AT, side=BACK, leg=LINK, protocol="ssh", title="SSH", why="a banner", data=b"SSH-2.0"
        ),
        "speaks SSH: a banner",
    ),
    (
        events.NotUnderstood(
            packet=AT, side=OUT, leg=LINK, problem="malformed", reason="no tag", data=b"x", offset=0, length=1
        ),
        "1 byte not understood (malformed): no tag",
    ),
    (
        events.EpmdAnswered(packet=AT, side=BACK, leg=EPMD, message=epmd.Port2Refusal(result=1)),
        "no node of that name is registered (result 1)",
    ),
    (
        events.EpmdAnswered(packet=AT, side=BACK, leg=EPMD, message=epmd.Alive2XResp(result=1, creation=99)),
        "refuses the name (result 1)",
    ),
    (
        events.EpmdAnswered(packet=AT, side=BACK, leg=EPMD, message=epmd.Alive2Resp(result=0, creation=2)),
        "registered, creation 2",
    ),
]


@pytest.mark.parametrize(("event", "said"), CASES)
def test_words(event: Event, said: str) -> None:
    """One phrase for each event."""
    assert says(event) == said


def test_every_event_has_words_of_its_own() -> None:
    """The fallback is for events of later versions."""

    kinds = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]
    concrete = [kind for kind in kinds if kind not in (Event, events.HandshakeEvent)]
    assert len(concrete) > 20
    fallback = phrase.dispatch(Event)
    assert [cls.__name__ for cls in concrete if phrase.dispatch(cls) is fallback] == []


def test_every_epmd_message_has_words_of_its_own() -> None:
    """Requests and replies, the obsolete ones too."""
    known = {*REQUESTS.values(), *(reply for replies in REPLIES.values() for reply in replies)}
    assert set(EPMD_PHRASES) == {message.__name__ for message in known}


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        ("EXACT", "resets the connection (RST)"),
        ("ANSWERS_SEGMENT", "RST: knows of no such connection"),
        ("OUT_OF_WINDOW", "RST with a sequence number that a correct TCP ignores"),
    ],
)
def test_reset(fit: str, said: str) -> None:
    """What the numbers of a RST tell, and a TTL that is out of line."""
    event = events.WasReset(
        packet=AT, side=BACK, leg=LINK, fit=fit, ttl=64, usual_ttl=64, ip_id=None, usual_ip_id=None, acknowledges=False
    )
    other = events.WasReset(
        packet=AT, side=BACK, leg=LINK, fit=fit, ttl=64, usual_ttl=61, ip_id=None, usual_ip_id=None, acknowledges=False
    )
    assert says(event) == said
    assert says(other) == f"{said}, TTL 64 where 61 is usual"


def test_hostile_names_are_written_out() -> None:
    """Also where the message of another protocol carries them."""
    asked = events.EpmdAsked(packet=AT, side=OUT, leg=EPMD, message=epmd.Port2Req(name="b\x1b[2Job\u202e\udcff"))
    assert says(asked) == 'asks for the port of "b\\x1b[2Job\\u202e\\udcff"'
