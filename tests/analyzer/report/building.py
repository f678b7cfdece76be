"""A small analysis made by hand: what the reports of every renderer are tried on."""

from __future__ import annotations

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Endpoint
from analyzer.findings import (
    Analysis,
    CaptureSummary,
    Certainty,
    Diagnosis,
    Evidence,
    Finding,
    Incident,
    NodeSummary,
    Outcome,
    Severity,
)
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Kind, Party, Quality
from analyzer.sessions.connection import Connection
from analyzer.sessions.events import Event, Leg
from dissectors import epmd, handshake
from dissectors.dataclass import replace
from dissectors.dialogue import Side

START = 1_793_459_437_335_658_000
"""2026-10-31T15:10:37.335658Z."""

MILLISECOND = 1_000_000
ANN = Endpoint("10.77.0.1", 50878)
BOB = Endpoint("10.77.0.2", 41123)
FLAGS = 0xD_07DF_7FBD


def packet(number: int, milliseconds: float = 0.0, capture: int = 0) -> PacketRef:
    """A reference to a packet at a time after ``START``."""
    return PacketRef(capture, number, START + int(milliseconds * MILLISECOND))


def connection(leg: Leg, opener: Endpoint, listener: Endpoint, first: PacketRef, last: PacketRef) -> Connection:
    return Connection(leg=leg, vantage=0, opener=opener, listener=listener, first=first, last=last, opener_seen=True)


def spoil(made: Attempt, quality: Quality, at: PacketRef) -> None:
    """Leave out of the capture what ``quality`` says."""
    for leg in (made.epmd, made.link):
        if leg is None:
            continue
        if quality is Quality.MIDSTREAM:
            leg.opener_seen = False
        elif quality is Quality.GAP:
            hole = events.BytesMissing(packet=at, side=Side.ACCEPTOR, leg=leg.leg, offset=0, length=5, delivered=True)
            leg.holes.append(hole)


def opening(leg: Leg, number: int, at: float) -> list[Event]:
    """SYN, SYN-ACK, ACK."""
    return [
        events.Dialled(packet=packet(number, at), side=Side.INITIATOR, leg=leg),
        events.DialAnswered(packet=packet(number + 1, at + 0.1), side=Side.ACCEPTOR, leg=leg),
        events.Opened(packet=packet(number + 2, at + 0.2), side=Side.INITIATOR, leg=leg),
    ]


def lookup() -> list[Event]:
    """Packets 1 to 7: EPMD tells where bob listens."""
    asked = epmd.Port2Req(name="bob")
    answer = epmd.Port2Resp(result=0, port=41123, type=77, protocol=0, highest=6, lowest=5, name="bob")
    return [
        *opening(Leg.EPMD, 1, 0),
        events.EpmdAsked(packet=packet(4, 0.4), side=Side.INITIATOR, leg=Leg.EPMD, message=asked),
        events.EpmdAnswered(packet=packet(5, 0.9), side=Side.ACCEPTOR, leg=Leg.EPMD, message=answer),
        events.Closed(packet=packet(6, 1.0), side=Side.ACCEPTOR, leg=Leg.EPMD),
        events.Closed(packet=packet(7, 1.1), side=Side.INITIATOR, leg=Leg.EPMD),
    ]


def refused_handshake(start: float = 1.5) -> list[Event]:
    """Packets 8 to 15: bob closes after ann's reply."""
    name = handshake.SendName(flags=FLAGS, creation=1, name="ann@10.77.0.1")
    status = handshake.Status(text="ok")
    challenge = handshake.Challenge(flags=FLAGS, challenge=1057267687, creation=2, name="bob@10.77.0.2")
    reply = handshake.ChallengeReply(challenge=2543125257, digest=bytes(range(16)))
    link, initiator, acceptor = Leg.LINK, Side.INITIATOR, Side.ACCEPTOR
    return [
        *opening(link, 8, start),
        events.NameSent(packet=packet(11, start + 0.5), side=initiator, leg=link, message=name),
        events.StatusSent(packet=packet(12, start + 1.1), side=acceptor, leg=link, text="ok", message=status),
        events.ChallengeSent(packet=packet(13, start + 1.2), side=acceptor, leg=link, message=challenge),
        events.ReplySent(packet=packet(14, start + 1.9), side=initiator, leg=link, message=reply),
        events.Closed(packet=packet(15, start + 3.1), side=acceptor, leg=link),
    ]


def attempt(
    timeline: list[Event],
    *,
    kind: Kind = Kind.CONNECT,
    initiator: Party | None = None,
    acceptor: Party | None = None,
    qualities: set[Quality] | None = None,
) -> Attempt:
    first, last = timeline[0].packet, timeline[-1].packet
    made = Attempt(
        kind=kind,
        initiator=initiator or Party("ann@10.77.0.1", ANN.address, ANN.port),
        acceptor=acceptor or Party("bob@10.77.0.2", BOB.address, BOB.port),
        called_name="bob",
        epmd=connection(Leg.EPMD, Endpoint(ANN.address, 39001), Endpoint(BOB.address, 4369), first, last),
        link=connection(Leg.LINK, ANN, BOB, first, last) if kind is Kind.CONNECT else None,
    )
    for quality in qualities or set():
        spoil(made, quality, first)
    for event in timeline:
        made.add(event)
    return made


def cookie_finding(**changes: object) -> Finding:
    finding = Finding(
        rule="HSK013",
        name="cookie-mismatch",
        outcome=Outcome.PROBLEM,
        severity=Severity.ERROR,
        certainty=Certainty.LIKELY,
        says="bob@10.77.0.2 rejects the cookie of ann@10.77.0.1.",
        why="bob closed the connection 1.2 ms after ann's challenge reply and sent no ack: the digest was not the one "
        "that bob's own cookie gives.",
        evidence=(
            Evidence(packet(13, 2.7), "bob's challenge"),
            Evidence(packet(14, 3.4), "ann's reply with the digest of its cookie"),
            Evidence(packet(15, 4.6), "bob closes without an ack"),
        ),
        fix=(
            "Give both nodes the same cookie: the same ~/.erlang.cookie (mode 0400, owned by the user that runs the "
            "node), or the same -setcookie.",
            "RabbitMQ: RABBITMQ_ERLANG_COOKIE, or /var/lib/rabbitmq/.erlang.cookie.",
        ),
        references=("https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html#distribution-handshake",),
        detail={"rejected_by": "acceptor"},
        alternatives=("bob's VM stopped at this very moment",),
    )
    return replace(finding, **changes)


def advice() -> Finding:
    return Finding(
        rule="ADV002",
        name="plaintext-distribution",
        outcome=None,
        severity=Severity.INFO,
        certainty=Certainty.CERTAIN,
        says="The distribution runs without TLS.",
        why="The name is readable.",
        evidence=(Evidence(packet(11, 2.0), "a readable name"),),
        fix=("Use -proto_dist inet_tls.",),
    )


def diagnosis(made: Attempt, *findings: Finding) -> Diagnosis:
    verdict = findings[0]
    assert verdict.outcome is not None
    return Diagnosis(made, verdict.name, verdict.outcome, verdict.certainty, verdict.detail, findings)


def healthy_finding(name: str = "registered", rule: str = "REG002") -> Finding:
    return Finding(
        rule=rule,
        name=name,
        outcome=Outcome.OK,
        severity=Severity.INFO,
        certainty=Certainty.CERTAIN,
        says="ann@10.77.0.1 is registered.",
        why="EPMD said so.",
        evidence=(Evidence(packet(5, 0.9), "EPMD's answer"),),
    )


def analysis_of(*diagnoses: Diagnosis, incidents: tuple[Incident, ...] = ()) -> Analysis:
    return Analysis(
        captures=(
            CaptureSummary(
                path="incident.pcap",
                format="pcap",
                link_types=("EN10MB",),
                packets=124,
                packets_used=40,
                bytes=12345,
                first_packet_at=START,
                last_packet_at=START + 183_000 * MILLISECOND,
                flags=("capture-gap",),
                notes=("the file is cut off after packet 124",),
            ),
        ),
        diagnoses=diagnoses,
        incidents=incidents,
        nodes=(
            NodeSummary("ann@10.77.0.1", ("10.77.0.1",), (25, 27), FLAGS, False, "OTP", (1,), None),
            NodeSummary("bob@10.77.0.2", ("10.77.0.2",), (28, None), FLAGS, True, None, (2, 3), 41123),
            NodeSummary("carl@10.77.0.3", (), None, None, None, None, (), None),
        ),
        notes=("2 connections were forgotten to stay within bounds",),
    )


def mismatch() -> Diagnosis:
    """ann is turned away by bob."""
    return diagnosis(attempt(lookup() + refused_handshake(), qualities={Quality.GAP}), cookie_finding(), advice())


def registration() -> Diagnosis:
    """ann registers."""
    request = epmd.Alive2Req(port=41000, type=77, protocol=0, highest=6, lowest=5, name="ann")
    response = epmd.Alive2XResp(result=0, creation=4)
    timeline: list[Event] = [
        *opening(Leg.EPMD, 101, 9),
        events.EpmdAsked(packet=packet(104, 9.4), side=Side.INITIATOR, leg=Leg.EPMD, message=request),
        events.EpmdAnswered(packet=packet(105, 9.6), side=Side.ACCEPTOR, leg=Leg.EPMD, message=response),
    ]
    acceptor = Party(None, "10.77.0.1", 4369)
    return diagnosis(attempt(timeline, kind=Kind.REGISTER, acceptor=acceptor), healthy_finding())


def unclear() -> Diagnosis:
    """The capture starts too late."""
    finding = cookie_finding(
        rule="GEN001",
        name="inconclusive",
        outcome=Outcome.INCONCLUSIVE,
        certainty=Certainty.CERTAIN,
        says="The capture cannot tell how this ended.",
        fix=("Capture again, from before the attempt.",),
        alternatives=(),
    )
    late = attempt(
        refused_handshake(20)[3:], acceptor=Party(None, BOB.address, BOB.port), qualities={Quality.MIDSTREAM}
    )
    return diagnosis(late, finding)


def analysis() -> Analysis:
    """One problem that came twice, one registration, one attempt that is unclear; not in the order of time."""
    first = mismatch()
    again = replace(first, attempt=attempt(refused_handshake(5_000)))
    incident = Incident(
        "cookie-mismatch", Outcome.PROBLEM, "ann@10.77.0.1", "bob@10.77.0.2", (1, 3), START, START + 5_003 * MILLISECOND
    )
    return analysis_of(registration(), first, unclear(), again, incidents=(incident,))


def hostile(evil: str) -> Analysis:
    """An analysis in which every name and text holds ``evil``."""
    party = Party(f"ann{evil}@10.77.0.1", "10.77.0.1", 50878)
    name = handshake.SendName(flags=FLAGS, creation=1, name=f"ann{evil}@10.77.0.1")
    asked = epmd.Port2Req(name=f"bob{evil}")
    initiator, acceptor, link = Side.INITIATOR, Side.ACCEPTOR, Leg.LINK
    timeline: list[Event] = [
        events.EpmdAsked(packet=packet(4), side=initiator, leg=Leg.EPMD, message=asked),
        events.NameSent(packet=packet(5, 1), side=initiator, leg=link, message=name),
        events.ForeignSpoken(
            packet=packet(6, 2), side=acceptor, leg=link, protocol="ssh", title=evil, why=evil, data=b"\x1b"
        ),
    ]
    made = attempt(timeline, initiator=party, acceptor=Party(f"bob{evil}@h", "10.77.0.2", 41123))
    made.called = f"bob{evil}@h"
    finding = cookie_finding(
        says=evil,
        why=evil,
        fix=(evil,),
        alternatives=(evil,),
        references=(evil,),
        detail={"protocol": evil, evil: [evil, {"digest": "00"}]},
        evidence=(Evidence(packet(4), evil),),
    )
    whole = analysis_of(
        diagnosis(made, finding, replace(finding, outcome=None)),
        incidents=(Incident("cookie-mismatch", Outcome.PROBLEM, f"a{evil}", f"b{evil}", (0,), START, START),),
    )
    capture = replace(whole.captures[0], path=f"{evil}.pcap", notes=(evil,))
    return replace(whole, captures=(capture,), nodes=(replace(whole.nodes[0], name=evil),), notes=(evil,))
