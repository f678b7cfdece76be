"""Everything that can appear on a timeline, and what it prints."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from analyzer.capture.packet import PacketRef
from analyzer.sessions import events
from analyzer.sessions.events import (
    AckSent,
    BytesMissing,
    ChallengeSent,
    Closed,
    DataStarted,
    Dialled,
    DialProhibited,
    EpmdAnswered,
    EpmdAsked,
    EpmdRequestMessage,
    EpmdResponseMessage,
    Event,
    ForeignSpoken,
    GlobalSaid,
    HandshakeEvent,
    Leg,
    NameSent,
    NotUnderstood,
    ReplySent,
    Resent,
    StatusAnswered,
    StatusSent,
    Ticked,
    TlsAlert,
    TlsCertificate,
    TlsClientHello,
    TlsEncryptedAlert,
    TlsServerHello,
    WasReset,
)
from analyzer.sessions.events.event import describe
from dissectors import epmd, handshake, tls, traffic
from dissectors.dataclass import FrozenInstanceError
from dissectors.dialogue import Side
from dissectors.epmd_messages import REPLIES, REQUESTS
from tests.analyzer.sessions.happening import event_classes, every_event, place

PROOF = bytes(range(16))


@pytest.mark.parametrize("event", every_event(), ids=lambda event: event.name)
def test_fields_are_json(event: Event) -> None:
    """What an event tells can be printed as it is, and an event is a fixed thing."""
    assert json.loads(json.dumps(event.fields())) == event.fields()
    with pytest.raises(FrozenInstanceError):
        event.side = Side.ACCEPTOR  # type: ignore[misc]


def test_names_are_unique() -> None:
    """The name in the report tells the class."""
    names = [kind.name for kind in event_classes()]
    assert len(names) == len(set(names))
    assert all(name == name.lower() and " " not in name for name in names)


def test_every_class_is_exported() -> None:
    """What is on a timeline has a public name here."""
    assert {kind.__name__ for kind in event_classes()} <= set(events.__all__)


# --- Any message ------------------------------------------------------------------------------------------------------


def test_a_message_in_words() -> None:
    """Flags in hexadecimal, text as it is, bytes as hexadecimal."""
    name = handshake.SendName(flags=0xD07DF7FBD, creation=7, name="ann@host", trailing=b"\1\xff")
    assert describe(name) == {
        "message": "SendName",
        "flags": "0xd07df7fbd",
        "creation": 7,
        "name": "ann@host",
        "trailing": "01ff",
    }
    assert describe(handshake.Complement(flags_high=13, creation=1))["flags_high"] == "0xd"


def test_anything() -> None:
    """What is no declared message still has a name."""
    assert describe(object()) == {"message": "object"}
    reply = epmd.NamesResp(epmd_port=4369, text="name bob at port 41123\n")
    assert describe(reply)["epmd_port"] == 4369


def test_an_event_has_no_facts_of_its_own() -> None:
    """Those come with the class."""
    assert Event(packet=PacketRef(0, 1, 0), side=Side.INITIATOR, leg=Leg.LINK).fields() == {}


# --- TCP --------------------------------------------------------------------------------------------------------------


def test_reset_in_words() -> None:
    """The stream layer's names in the report's spelling."""
    reset = WasReset(
        **place(),
        fit="OUT_OF_WINDOW",
        ttl=61,
        usual_ttl=None,
        ip_id=None,
        usual_ip_id=None,
        acknowledges=True,
    )
    assert reset.fields() == {"fit": "out-of-window", "ttl": 61, "usual_ttl": None}


def test_a_close_that_is_implied_says_so() -> None:
    """A FIN that is not in the capture is told with the packet that acknowledges it."""
    assert Closed(**place()).fields() == {}
    assert Closed(**place(), implied=True).fields() == {"implied": True}


def test_repetitions_are_counted() -> None:
    """How often it was sent before."""
    assert Dialled(**place(), retry=2).fields() == {"retry": 2}
    assert Resent(**place(), offset=3, length=9, retry=1).fields() == {"offset": 3, "bytes": 9, "retry": 1}


def test_missing_bytes() -> None:
    """Whose fault it is: the capture's, if they were delivered."""
    assert BytesMissing(**place(), offset=3, length=9, delivered=True).fields() == {
        "offset": 3,
        "bytes": 9,
        "delivered": True,
    }


def test_icmp() -> None:
    """Type and code as people look them up."""
    error = DialProhibited(**place(), reporter="10.0.0.9", version=4, type=3, code=13)
    assert error.fields() == {"reporter": "10.0.0.9", "icmp": "3/13", "ip_version": 4}


# --- EPMD -------------------------------------------------------------------------------------------------------------


def test_questions_and_answers() -> None:
    """All fields of a declared message by their names."""
    assert EpmdAsked(**place(), message=epmd.Port2Req(name="bob")).fields() == {"message": "Port2Req", "name": "bob"}
    assert EpmdAnswered(**place(), message=epmd.Port2Refusal(result=1)).fields() == {
        "message": "Port2Refusal",
        "result": 1,
    }


def test_every_message_of_epmd_is_one() -> None:
    """No request and no reply of the protocol is left out."""
    assert set(get_args(EpmdRequestMessage)) == set(REQUESTS.values())
    assert set(get_args(EpmdResponseMessage)) == {reply for replies in REPLIES.values() for reply in replies}


# --- TLS --------------------------------------------------------------------------------------------------------------


def test_hellos() -> None:
    """Versions and cipher suites in hexadecimal, as they are looked up."""
    offered = TlsClientHello(**place(), message=tls.ClientHello(0x0303, bytes(32), b"", (0x1301, 0xC030)))
    assert offered.fields() == {
        "versions": ["0x0303"],
        "server_name": None,
        "cipher_suites": ["0x1301", "0xc030"],
    }
    chosen = TlsServerHello(**place(), message=tls.ServerHello(0x0303, bytes(32), b"", 0xC030))
    assert chosen.fields() == {"version": "0x0303", "cipher_suite": "0xc030"}


def test_alerts() -> None:
    """By name; of an encrypted one only its place tells."""
    assert TlsAlert(**place(), message=tls.Alert(2, 48)).fields() == {"alert": "unknown_ca", "fatal": True}
    assert TlsAlert(**place(), message=tls.Alert(1, 0)).fields()["fatal"] is False
    assert TlsEncryptedAlert(**place(), rejection=True).fields() == {"rejection": True}


def test_no_certificate() -> None:
    """An empty chain has no leaf to describe."""
    assert TlsCertificate(**place(), message=tls.Certificate(())).fields() == {"certificates": 0}


def test_a_certificate_that_is_none() -> None:
    """Bytes that are no certificate are counted, and nothing is said of them."""
    assert TlsCertificate(**place(), message=tls.Certificate((b"x",))).fields()["certificates"] == 1


# --- The handshake ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        ReplySent(**place(), message=handshake.ChallengeReply(challenge=9, digest=PROOF)),
        AckSent(**place(), message=handshake.ChallengeAck(digest=PROOF)),
    ],
    ids=["reply", "ack"],
)
def test_a_digest_is_under_its_own_key_alone(event: HandshakeEvent) -> None:
    """The report scrubs the key ``digest``: nothing of it may be elsewhere."""
    fields = event.fields()
    assert fields.pop("digest") == PROOF.hex()
    assert PROOF.hex() not in json.dumps(fields)


def test_inferred_messages() -> None:
    """A message that can't be read says so, and nothing else."""
    for kind in (NameSent, ChallengeSent, ReplySent, AckSent):
        assert kind(**place(), inferred=True).fields() == {"inferred": True}


def test_statuses() -> None:
    """The word, whether it was read or inferred."""
    assert StatusSent(**place(), text="not_allowed", inferred=True).fields() == {
        "inferred": True,
        "status": "not_allowed",
    }
    read = StatusSent(**place(), text="ok", message=handshake.Status(text="ok"))
    assert read.fields() == {"message": "Status", "text": "ok", "status": "ok"}
    assert StatusAnswered(**place(), text="true").fields() == {"status": "true"}


# --- The link ---------------------------------------------------------------------------------------------------------


def test_first_data() -> None:
    """Its frame, where it can be read: inside TLS only that there is some."""
    assert DataStarted(**place()).fields() == {}
    frame = traffic.PassThrough(length=5, control=None)
    assert DataStarted(**place(), message=frame).fields() == {"message": "PassThrough", "length": 5, "control": None}


def test_a_tick_says_nothing_more() -> None:
    """I am alive."""
    assert Ticked(**place()).fields() == {}


def test_global_speaks() -> None:
    """By its word."""
    assert GlobalSaid(**place(), message="remove_connection").fields() == {"message": "remove_connection"}


# --- Not understood ---------------------------------------------------------------------------------------------------


def test_bytes_are_cut() -> None:
    """Only the first are shown, and all are counted."""
    spoken = ForeignSpoken(**place(), protocol="ssh", title="SSH", why="it begins with SSH-", data=b"x" * 64)
    assert spoken.fields() == {"protocol": "ssh", "why": "it begins with SSH-", "data": "78" * 32}
    garbage = NotUnderstood(**place(), problem="malformed", reason="?", data=b"y" * 64, offset=3, length=900)
    assert garbage.fields() == {"problem": "malformed", "reason": "?", "bytes": 900, "data": "79" * 32}
