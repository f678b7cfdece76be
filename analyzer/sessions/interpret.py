"""Dialogue items → meanings: which event a message is, still without its packet.

One interpreter per kind of speech; each owns its dialogue and knows what a message means for an attempt.  That of TLS
is :mod:`analyzer.sessions.interpret_tls`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from analyzer.sessions import events
from analyzer.sessions.events import Event
from analyzer.sessions.identify import Identity, Speech
from dissectors import epmd, handshake, traffic
from dissectors.dataclass import dataclass
from dissectors.dialogue import RECOGNISED_BY, Decoded, Dialogue, Item, Missing, Side, Undecoded

Maker = Callable[..., Event]
"""An event class with everything but packet, side, leg and packets filled in."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the bytes ``start:end`` of ``side`` are."""

    side: Side
    start: int
    end: int
    make: Maker | None = None
    """None where it only counts (ticks and frames after the first)."""
    tick: bool = False
    frame: bool = False


class Interpreter(Protocol):
    def feed(self, side: Side, data: bytes) -> Iterator[Meaning]: ...

    def skim(self, side: Side, data: traffic.Pieces) -> traffic.Skim | None:
        """Much data follow: what they come to; None if they make events."""

    def skip(self, side: Side, skim: traffic.Skim) -> None:
        """Take the bytes that were skimmed."""

    def gap(self, side: Side, length: int, *, delivered: bool) -> Iterator[Meaning]:
        """``length`` bytes are not in the capture; ``delivered``: the peer has them."""
        ...

    def close(self, side: Side) -> Iterator[Meaning]: ...


Heard = Callable[[Item], None]
"""Hears of everything that a dialogue says of its bytes."""


def interpreter_for(identity: Identity, *, midstream: bool, heard: Heard | None = None) -> Interpreter | None:
    """The interpreter of a connection; None for one that is not ours."""
    interpreter: DialogueInterpreter
    match identity.speech:
        case Speech.EPMD:
            interpreter = EpmdInterpreter(midstream=midstream)
        case Speech.TLS:
            # Few captures have TLS in them, and its dissectors take as long to load as a small capture to be read.
            from analyzer.sessions.interpret_tls import TlsInterpreter

            interpreter = TlsInterpreter(midstream=midstream)
        case Speech.HANDSHAKE | Speech.LINK:
            interpreter = HandshakeInterpreter(identity.length_size, midstream=identity.speech is Speech.LINK)
        case _:
            return None
    interpreter.heard = heard
    return interpreter


class DialogueInterpreter:
    """Runs a dialogue and turns what is no message into events; tells other protocols from garbage."""

    native: frozenset[str] = frozenset()
    """Protocols that are no foreign ones here, however broken."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._first: dict[Side, bytes] = dict.fromkeys(Side, b"")
        self._named_foreign: set[Side] = set()
        self.heard: Heard | None = None

    def feed(self, side: Side, data: bytes) -> Iterator[Meaning]:
        if len(self._first[side]) < RECOGNISED_BY:
            self._first[side] += data[:RECOGNISED_BY]
        for item in self._dialogue.feed(side, data):
            yield from self._item(item)

    def skim(self, side: Side, data: traffic.Pieces) -> traffic.Skim | None:
        return None

    def skip(self, side: Side, skim: traffic.Skim) -> None:
        raise NotImplementedError

    def gap(self, side: Side, length: int, *, delivered: bool) -> Iterator[Meaning]:
        for item in self._dialogue.gap(side, length):
            yield from self._item(item)
            if delivered and isinstance(item, Missing):
                yield from self._unseen(item)

    def _unseen(self, hole: Missing) -> Iterator[Meaning]:
        """What bytes that only the peer saw must have been."""
        return iter(())

    def close(self, side: Side) -> Iterator[Meaning]:
        for item in self._dialogue.close(side):
            yield from self._item(item)

    def _item(self, item: Item) -> Iterator[Meaning]:
        if self.heard is not None:
            self.heard(item)
        if isinstance(item, Decoded):
            yield from self._message(item)
        elif isinstance(item, Undecoded):
            yield from self._undecoded(item)

    def _message(self, item: Decoded) -> Iterator[Meaning]:
        raise NotImplementedError

    def _undecoded(self, item: Undecoded) -> Iterator[Meaning]:
        known = None
        if item.start == 0 and item.side not in self._named_foreign:
            from dissectors.foreign import recognise  # sixty protocols, of which few captures have one

            known = recognise(item.side, self._first[item.side])
            if known is not None and known.slug in self.native:
                known = None
        if known is not None:
            self._named_foreign.add(item.side)
            make: Maker = partial(
                events.ForeignSpoken, protocol=known.slug, title=known.title, why=known.why, data=item.data
            )
        elif item.side in self._named_foreign:
            return
        else:
            make = partial(
                events.NotUnderstood,
                problem=item.problem.value,
                reason=item.reason,
                data=item.data,
                offset=item.start,
                length=item.end - item.start,
            )
        yield Meaning(item.side, item.start, item.end, make)


class EpmdInterpreter(DialogueInterpreter):
    native = frozenset({"epmd"})

    def __init__(self, *, midstream: bool) -> None:
        super().__init__(epmd.EpmdDialogue(midstream=midstream))

    def _message(self, item: Decoded) -> Iterator[Meaning]:
        kind: Maker = events.EpmdAsked if item.side is Side.INITIATOR else events.EpmdAnswered
        make = partial(kind, message=item.message)
        yield Meaning(item.side, item.start, item.end, make)


class HandshakeInterpreter(DialogueInterpreter):
    def __init__(self, length_size: int, *, midstream: bool) -> None:
        self._handshake = handshake.HandshakeDialogue(length_size=length_size, midstream=midstream)
        super().__init__(self._handshake)
        self._length_size = length_size
        self._started: set[Side] = set()
        self._ticked: set[Side] = set()
        self._said: set[Maker] = set()
        """Classes of the events so far."""

    def _message(self, item: Decoded) -> Iterator[Meaning]:
        message = item.message
        if isinstance(message, traffic.Tick):
            make: Maker | None = None if item.side in self._ticked else events.Ticked
            self._ticked.add(item.side)
            yield Meaning(item.side, item.start, item.end, make, tick=True)
        elif isinstance(message, traffic.Frame):
            yield Meaning(item.side, item.start, item.end, self._frame(item.side, message), frame=True)
        elif isinstance(message, handshake.Partial):
            if (make := _PARTIAL.get((message.expected, item.side))) is not None:
                yield self._says(item, make)
        else:
            yield self._says(item, _handshake(item.side, message))

    def skim(self, side: Side, data: traffic.Pieces) -> traffic.Skim | None:
        if len(self._first[side]) < RECOGNISED_BY:
            return None
        skim = self._handshake.skim(side, data, _SOUGHT)
        if skim is None:
            return None
        # The first tick and the first frame of a side make an event.
        is_first = (skim.ticks and side not in self._ticked) or (skim.frames and side not in self._started)
        return None if is_first else skim

    def skip(self, side: Side, skim: traffic.Skim) -> None:
        self._handshake.skip(side, skim)

    def _says(self, item: Decoded | Missing, make: Maker) -> Meaning:
        self._said.add(make.func if isinstance(make, partial) else make)
        return Meaning(item.side, item.start, item.end, make)

    def _unseen(self, hole: Missing) -> Iterator[Meaning]:
        """In a capture of one direction the acknowledgments tell the sizes of the other side's messages, and at each
        point of the handshake few sizes are possible (docs/protocol.md 2.2)."""
        size = hole.end - hole.start - self._length_size
        for side, after, kind, least, most, make in _UNSEEN:
            due = kind not in self._said and (after is None or after in self._said)
            if hole.side is side and due and least <= size <= most:
                yield self._says(hole, make)
                return

    def _frame(self, side: Side, message: traffic.Frame) -> Maker | None:
        """The first frame of a side, and those that tell of the link's end; the others only count."""
        control = getattr(message, "control", None)
        if control is not None and control.new_atoms:
            for atom in OF_GLOBAL:
                if atom in control.new_atoms:
                    return partial(events.GlobalSaid, message=atom)
        if side in self._started:
            return None
        self._started.add(side)
        return partial(events.DataStarted, message=message)


OF_GLOBAL = ("remove_connection", "lost_connection")
"""What ``global`` says before it makes nodes disconnect; the atoms stand in the frame, for no link needs them twice."""
_SOUGHT = traffic.Sought(b"_connection", tuple(atom.encode() for atom in OF_GLOBAL))


_NAME_SIZES = (len("a@b"), 2 * 255)
_UNSEEN: tuple[tuple[Side, type[Event] | None, type[Event], int, int, Maker], ...] = (
    # whose it is, what must have been said, what is due, its least and greatest size, the event
    (
        Side.INITIATOR,
        None,
        events.NameSent,
        7 + _NAME_SIZES[0],
        15 + _NAME_SIZES[1],
        partial(events.NameSent, inferred=True),
    ),
    (
        Side.ACCEPTOR,
        events.NameSent,
        events.StatusSent,
        len("sok"),
        len("sok"),
        partial(events.StatusSent, inferred=True, text="ok"),
    ),
    (
        Side.ACCEPTOR,
        events.StatusSent,
        events.ChallengeSent,
        11 + _NAME_SIZES[0],
        19 + _NAME_SIZES[1],
        partial(events.ChallengeSent, inferred=True),
    ),
    (Side.INITIATOR, events.ChallengeSent, events.ReplySent, 21, 21, partial(events.ReplySent, inferred=True)),
    (Side.ACCEPTOR, events.ReplySent, events.AckSent, 17, 17, partial(events.AckSent, inferred=True)),
)


def _handshake(side: Side, message: object) -> Maker:
    match message:
        case handshake.SendName() | handshake.SendNameOld():
            return partial(events.NameSent, message=message)
        case handshake.Status() if side is Side.INITIATOR:
            return partial(events.StatusAnswered, text=message.text)
        case handshake.Status():
            return partial(events.StatusSent, text=message.text, message=message)
        case handshake.StatusNamed():
            return partial(events.StatusSent, text="named", message=message)
        case handshake.Challenge() | handshake.ChallengeOld():
            return partial(events.ChallengeSent, message=message)
        case handshake.Complement():
            return partial(events.ComplementSent, message=message)
        case handshake.ChallengeReply():
            return partial(events.ReplySent, message=message)
        case handshake.ChallengeAck():
            return partial(events.AckSent, message=message)
    raise TypeError(f"no event for {type(message).__name__}")


_PARTIAL: dict[tuple[str, Side], Maker] = {
    ("send_name", Side.INITIATOR): partial(events.NameSent, inferred=True),
    ("status", Side.ACCEPTOR): partial(events.StatusSent, inferred=True, text=None),
    ("status", Side.INITIATOR): partial(events.StatusAnswered, inferred=True, text=None),
    ("challenge", Side.ACCEPTOR): partial(events.ChallengeSent, inferred=True),
    ("complement", Side.INITIATOR): partial(events.ComplementSent, inferred=True),
    ("challenge_reply", Side.INITIATOR): partial(events.ReplySent, inferred=True),
    ("challenge_ack", Side.ACCEPTOR): partial(events.AckSent, inferred=True),
}
