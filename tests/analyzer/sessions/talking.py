"""Who says what and when → the stream events of any number of connections, in the order in which they happen.

A story is told on a :class:`Clock`; each call is one packet, a millisecond after the one before it unless ``after``
says otherwise.  Bytes are made by the dissectors::

    clock = Clock()
    lookup(clock)
    Talk(clock).dial().name().status().challenge().reply().fin(BACK)
    [attempt] = attempts(clock)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Endpoint
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.conversation import Conversation
from analyzer.sessions.correlate import Correlator
from analyzer.sessions.endpoints import Ports
from analyzer.sessions.events import Event
from analyzer.sessions.identify import Expectation
from analyzer.streams.stream import (
    Acknowledged,
    Data,
    Direction,
    Established,
    Fin,
    FinImplied,
    ForgetReason,
    Forgotten,
    Hole,
    HoleCause,
    IcmpError,
    OpenerKnownBy,
    Reset,
    ResetFit,
    Retransmission,
    Stream,
    StreamEvent,
    Syn,
    SynAck,
)
from dissectors import epmd, handshake
from dissectors.cookie import digest
from dissectors.dataclass import replace
from dissectors.wire import Message

OUT, BACK = Direction.OUT, Direction.BACK
MILLISECOND = 10**6
SECOND = 10**9
START = 1_700_000_000 * SECOND
ANN, BOB = "10.0.0.1", "10.0.0.2"
PORT = 41_123
OTP_26 = 0xD_07DF_7FBD
COOKIE = b"monster"
DATA = b"\0\0\0\4\x83\x44\0\0"
"""A frame with a distribution header."""
TICK = b"\0\0\0\0"


def framed(*messages: Message) -> bytes:
    """Handshake messages or EPMD requests behind their 16-bit lengths."""
    return b"".join(len(body).to_bytes(2, "big") + body for body in (message.write() for message in messages))


@dataclass(slots=True)
class Clock:
    """Time, packet numbers, and everything that was told so far at one point of observation."""

    capture: int = 0
    vantage: int = 0
    now: int = START
    number: int = 0
    port: int = 50_000
    told: list[StreamEvent] = field(default_factory=list)
    live: Correlator | None = None
    """Hears of each event as it falls, when a stream knows nothing yet of what comes later."""

    def packet(self, after: float = 1) -> PacketRef:
        """The next packet, ``after`` milliseconds later."""
        self.number += 1
        self.now += round(after * MILLISECOND)
        return PacketRef(self.capture, self.number, self.now)

    def wait(self, milliseconds: float) -> None:
        """Nothing happens for some time."""
        self.now += round(milliseconds * MILLISECOND)

    def next_port(self) -> int:
        """A source port that no connection had before."""
        self.port += 1
        return self.port


class Talk:
    """One TCP connection; each call makes a packet of it."""

    def __init__(
        self,
        clock: Clock,
        opener: str | Endpoint = ANN,
        listener: str | Endpoint = BOB,
        *,
        known_by: OpenerKnownBy = OpenerKnownBy.SYN,
        isn: tuple[int, int] | None = None,
    ) -> None:
        self.clock = clock
        source = opener if isinstance(opener, Endpoint) else Endpoint(opener, clock.next_port())
        self.stream = Stream(
            vantage=clock.vantage,
            opener=source,
            listener=listener if isinstance(listener, Endpoint) else Endpoint(listener, PORT),
            opener_known_by=known_by,
        )
        self.isn = isn or (source.port * 50_021, source.port * 90_001)
        self.sent = dict.fromkeys(Direction, 0)
        self.ttl = {OUT: 64, BACK: 60}
        self.challenges = {OUT: source.port * 7, BACK: source.port * 11}
        """What each side asks the other to prove its cookie with."""

    def tell(self, event: StreamEvent) -> Talk:
        """Any event."""
        self.clock.told.append(event)
        if self.clock.live is not None:
            arrive(event)
            self.clock.live.take(event)
        return self

    def _seen(self, direction: Direction) -> None:
        self.stream.segments[direction] += 1

    # --- TCP ---------------------------------------------------------------------------------------------------------

    def syn(self, *, retry: int = 0, after: float = 1) -> Talk:
        self._seen(OUT)
        self.stream.initial_sequence[OUT] = self.isn[0]
        return self.tell(
            Syn(stream=self.stream, packet=self.clock.packet(after), direction=OUT, retry=retry, ttl=self.ttl[OUT])
        )

    def syn_ack(self, *, after: float = 1) -> Talk:
        self._seen(BACK)
        self.stream.initial_sequence[BACK] = self.isn[1]
        return self.tell(
            SynAck(stream=self.stream, packet=self.clock.packet(after), direction=BACK, ttl=self.ttl[BACK])
        )

    def open(self, *, after: float = 1) -> Talk:
        self._seen(OUT)
        return self.tell(Established(stream=self.stream, packet=self.clock.packet(after), direction=OUT))

    def dial(self, *, round_trip: float = 0.2) -> Talk:
        """SYN, SYN-ACK, ACK."""
        return self.syn().syn_ack(after=round_trip).open(after=0.01)

    def midstream(self, direction: Direction = OUT) -> Talk:
        """The first packet that the capture has of a connection that is older than the capture."""
        self.stream.opener_known_by = OpenerKnownBy.GUESS
        return self.tell(Established(stream=self.stream, packet=self.clock.packet(0), direction=direction))

    def send(self, direction: Direction, data: bytes, *, after: float = 1, acked: bool = True) -> Talk:
        """Bytes, and the acknowledgment of the other side."""
        self._seen(direction)
        self.tell(
            Data(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=direction,
                offset=self.sent[direction],
                data=data,
                ttl=self.ttl[direction],
            )
        )
        self.sent[direction] += len(data)
        return self.acknowledge(direction.other, after=0.01) if acked else self

    def acknowledge(self, direction: Direction, *, after: float = 1) -> Talk:
        """``direction`` has received all that the other one sent."""
        self._seen(direction)
        return self.tell(
            Acknowledged(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=direction,
                offset=self.sent[direction.other],
            )
        )

    def resend(self, direction: Direction, *, after: float = 200, length: int = 1) -> Talk:
        return self.tell(
            Retransmission(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=direction,
                offset=max(0, self.sent[direction] - length),
                length=length,
            )
        )

    def hole(
        self, direction: Direction, length: int, *, cause: HoleCause = HoleCause.NOT_CAPTURED, after: float = 1
    ) -> Talk:
        offset = self.sent[direction]
        self.sent[direction] += length
        return self.tell(
            Hole(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=direction,
                offset=offset,
                length=length,
                cause=cause,
            )
        )

    def fin(self, direction: Direction, *, after: float = 1, retry: int = 0) -> Talk:
        self._seen(direction)
        return self.tell(
            Fin(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=direction,
                offset=self.sent[direction],
                retry=retry,
            )
        )

    def imply(self, direction: Direction, *, after: float = 1) -> Talk:
        """A FIN of ``direction`` that is not in the capture, by the other side's acknowledgment."""
        self._seen(direction.other)
        return self.tell(
            FinImplied(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=direction,
                offset=self.sent[direction],
            )
        )

    def rst(
        self,
        direction: Direction,
        *,
        fit: ResetFit = ResetFit.EXACT,
        after: float = 1,
        ttl: int | None = None,
        retry: int = 0,
    ) -> Talk:
        usual = self.ttl[direction] if self.sent[direction] else None
        return self.tell(
            Reset(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=direction,
                fit=fit,
                ttl=self.ttl[direction] if ttl is None else ttl,
                usual_ttl=usual,
                retry=retry,
            )
        )

    def refuse(self, *, after: float = 1) -> Talk:
        """A RST answers the SYN."""
        self._seen(BACK)
        return self.rst(BACK, fit=ResetFit.ANSWERS_SYN, after=after)

    def icmp(self, *, reporter: str = "10.0.0.254", kind: int = 3, code: int = 13, after: float = 1) -> Talk:
        return self.tell(
            IcmpError(
                stream=self.stream,
                packet=self.clock.packet(after),
                direction=BACK,
                reporter=reporter,
                version=4,
                type=kind,
                code=code,
            )
        )

    def forget(self, reason: ForgetReason = ForgetReason.CLOSED) -> Talk:
        packet = self.clock.told[-1].packet
        return self.tell(Forgotten(stream=self.stream, packet=packet, direction=OUT, reason=reason))

    # --- EPMD --------------------------------------------------------------------------------------------------------

    def ask(self, request: Message, *, after: float = 1) -> Talk:
        return self.send(OUT, framed(request), after=after)

    def answer(self, reply: Message, *, after: float = 1) -> Talk:
        return self.send(BACK, reply.write(), after=after)

    # --- The handshake -----------------------------------------------------------------------------------------------

    def name(self, node: str = f"ann@{ANN}", *, flags: int = OTP_26, after: float = 1) -> Talk:
        return self.send(OUT, framed(handshake.SendName(flags=flags, creation=1, name=node)), after=after)

    def status(self, text: str = "ok", *, after: float = 1) -> Talk:
        return self.send(BACK, framed(handshake.Status(text=text)), after=after)

    def challenge(self, node: str = f"bob@{BOB}", *, flags: int = OTP_26, after: float = 1) -> Talk:
        message = handshake.Challenge(flags=flags, challenge=self.challenges[BACK], creation=2, name=node)
        return self.send(BACK, framed(message), after=after)

    def reply(self, cookie: bytes = COOKIE, *, after: float = 1) -> Talk:
        proof = digest(cookie, self.challenges[BACK])
        message = handshake.ChallengeReply(challenge=self.challenges[OUT], digest=proof)
        return self.send(OUT, framed(message), after=after)

    def ack(self, cookie: bytes = COOKIE, *, after: float = 1) -> Talk:
        return self.send(BACK, framed(handshake.ChallengeAck(digest=digest(cookie, self.challenges[OUT]))), after=after)

    def greet(self, initiator: str = f"ann@{ANN}", acceptor: str = f"bob@{BOB}") -> Talk:
        """The whole handshake."""
        return self.name(initiator).status().challenge(acceptor).reply().ack()

    def chat(self) -> Talk:
        """Both sides send data."""
        return self.send(BACK, DATA).send(OUT, DATA)


def port2_resp(name: str = "bob", port: int = PORT, *, highest: int = 6) -> epmd.Port2Resp:
    """EPMD's good answer."""
    return epmd.Port2Resp(result=0, port=port, type=77, protocol=0, highest=highest, lowest=5, name=name)


def ask_epmd(clock: Clock, opener: str = ANN, host: str = BOB, *, epmd_port: int = 4369) -> Talk:
    """A connection to EPMD, open, and nothing said."""
    return Talk(clock, opener, Endpoint(host, epmd_port)).dial()


def lookup(
    clock: Clock, opener: str = ANN, host: str = BOB, *, name: str = "bob", port: int = PORT, epmd_port: int = 4369
) -> Talk:
    """A lookup that goes well, from the first packet to the last."""
    talk = ask_epmd(clock, opener, host, epmd_port=epmd_port)
    return talk.ask(epmd.Port2Req(name=name)).answer(port2_resp(name, port)).fin(BACK).fin(OUT)


def arrive(event: StreamEvent) -> None:
    """What the stream layer notes of the packet before it tells of it."""
    if isinstance(event, FinImplied):
        event.stream.latest[event.direction.other] = event.packet
    elif not isinstance(event, Hole | IcmpError | Forgotten):
        event.stream.latest[event.direction] = event.packet


def replay(told: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
    """The same events once more, while their streams know no more than what was told so far."""
    story = list(told)
    for event in story:
        event.stream.latest.clear()
    for event in story:
        arrive(event)
        yield event


def correlate(told: Iterable[StreamEvent] | Clock, ports: Ports | None = None) -> Correlator:
    """All of it through a correlator, to the end of the input."""
    correlator = Correlator(ports)
    for event in replay(told.told if isinstance(told, Clock) else told):
        correlator.take(event)
    correlator.finish()
    return correlator


def attempts(told: Iterable[StreamEvent] | Clock, ports: Ports | None = None) -> list[Attempt]:
    """The attempts in it."""
    return correlate(told, ports).attempts


def converse(
    talk: Talk, told: Sequence[StreamEvent] | None = None, expected: Expectation | None = None, *, finish: bool = True
) -> tuple[Conversation, list[Event]]:
    """One connection through a conversation."""
    mine = [event for event in (talk.clock.told if told is None else told) if event.stream is talk.stream]
    conversation = Conversation(talk.stream, mine[0].packet, expected)
    made = [event for each in replay(mine) for event in conversation.take(each)]
    return conversation, made + (conversation.finish() if finish else [])


def cut(told: Iterable[StreamEvent], pieces: int = 1) -> list[StreamEvent]:
    """The same, with all data in pieces of that many bytes (one packet each, at the same time)."""
    made: list[StreamEvent] = []
    for event in told:
        if isinstance(event, Data):
            made += [
                replace(event, offset=event.offset + at, data=event.data[at : at + pieces])
                for at in range(0, len(event.data), pieces)
            ]
        else:
            made.append(event)
    return made


def words(made: Iterable[Event]) -> list[str]:
    """Each event as ``side name``."""
    return [f"{event.side.value} {event.name}" for event in made]
