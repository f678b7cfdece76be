"""Lengths and order of encrypted TLS records to the steps of the Erlang handshake inside them (docs/protocol.md 2.7).

No key is needed: the messages of the distribution handshake have sizes of their own, come one to a record, and take
turns.  What TLS 1.3 hides among them (the rest of its own handshake, tickets, alerts) is told apart by place and size.
"""

from __future__ import annotations

from enum import Enum

from dissectors.dataclass import dataclass, replace
from dissectors.dialogue import Side
from dissectors.tls_ciphers import finished_lengths, sealings
from dissectors.tls_messages import TLS_1_3

LENGTH_FIELD = 4
"""Inside TLS every message has a 4-byte length from the first on (docs/protocol.md 2.1)."""
LONGEST_NAME = 512
"""255 characters, ``@`` and a host name: more than any node name has, in bytes."""
ALERT_LENGTH = 2
"""Plaintext of an alert, which TLS 1.3 sends as application data: 19 bytes with every suite but one."""
EMPTY_CERTIFICATE_LENGTH = 8
"""Plaintext of a TLS 1.3 Certificate without certificates (RFC 8446 section 4.4.2): header and two empty lists."""
KEY_UPDATE_LENGTH = 5
"""Plaintext of a TLS 1.3 KeyUpdate: its header and one byte."""


class Step(Enum):
    """What a record seems to be."""

    NO_CERTIFICATE = "an empty list of certificates, where the acceptor asked for one"
    NAME = "send-name"
    STATUS_OK = "status ok"
    STATUS_NOT_ALLOWED = "status not_allowed"
    STATUS_OTHER = "another status"
    CHALLENGE = "challenge"
    COMPLEMENT = "complement"
    REPLY = "challenge reply"
    ACK = "challenge ack"
    TICK = "tick"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Inferred:
    """One record and what it seems to carry."""

    step: Step
    side: Side
    name_length: int | None = None
    """Bytes of the node name in a name or a challenge of the new form (``N``); eight less than the old form's."""
    certain: bool = True
    """False where the size fits more than one message, something before is missing, or the order is odd."""


@dataclass(frozen=True, slots=True)
class EncryptedAlertGuess:
    """A TLS 1.3 record that can hold nothing but an alert (docs/protocol.md 4.3 row 36)."""

    side: Side
    rejection: bool
    """It comes before the acceptor's status, where a close_notify makes no sense; which alert it is stays hidden."""


Carried = Inferred | EncryptedAlertGuess


class _Phase(Enum):
    """How far one side has come."""

    FLIGHT = "TLS 1.3: the rest of its TLS handshake"
    OPENING = "initiator: its name; acceptor: its status"
    MIDDLE = "initiator: after its name; acceptor: after a status"
    CHALLENGED = "acceptor: after its challenge"
    DONE = "after reply or ack"


@dataclass(frozen=True, slots=True)
class _Shape:
    """A message of fixed size, in a phase of its side, and where it leads."""

    plain: int
    step: Step
    leads_to: _Phase


def _status(text: str, step: Step = Step.STATUS_OTHER) -> _Shape:
    return _Shape(LENGTH_FIELD + len("s" + text), step, _Phase.MIDDLE)


_STATUSES = (
    _status("ok", Step.STATUS_OK),
    _status("not_allowed", Step.STATUS_NOT_ALLOWED),
    _status("nok"),
    _status("alive"),
    _status("ok_simultaneous"),
)
_LATE_REFUSAL = _Shape(LENGTH_FIELD + len("snot_allowed"), Step.STATUS_NOT_ALLOWED, _Phase.DONE)
"""After the complement (docs/protocol.md 2.4)."""
_DATA_SHAPES = (_Shape(LENGTH_FIELD, Step.TICK, _Phase.DONE),)

_SHAPES: dict[tuple[Side, _Phase], tuple[_Shape, ...]] = {
    (Side.INITIATOR, _Phase.MIDDLE): (
        _Shape(LENGTH_FIELD + 21, Step.REPLY, _Phase.DONE),
        _Shape(LENGTH_FIELD + 9, Step.COMPLEMENT, _Phase.MIDDLE),
        _status("true"),
        _status("false"),
    ),
    (Side.INITIATOR, _Phase.DONE): _DATA_SHAPES,
    (Side.ACCEPTOR, _Phase.OPENING): _STATUSES,
    (Side.ACCEPTOR, _Phase.MIDDLE): _STATUSES,
    (Side.ACCEPTOR, _Phase.CHALLENGED): (_Shape(LENGTH_FIELD + 17, Step.ACK, _Phase.DONE), _LATE_REFUSAL),
    (Side.ACCEPTOR, _Phase.DONE): _DATA_SHAPES,
}


@dataclass(frozen=True, slots=True)
class _Otherwise:
    """What a record of no fixed size is, in a phase of its side."""

    step: Step
    leads_to: _Phase
    shortest: int
    """Plaintext bytes at least; for a message that ends with a node name, those with a name of one byte."""
    named: bool = False
    """It ends with a node name."""
    expected: bool = True

    def fits(self, plain: int) -> bool:
        return plain >= self.shortest and (not self.named or plain - self.shortest < LONGEST_NAME)


_DATA = _Otherwise(Step.DATA, _Phase.DONE, LENGTH_FIELD + 1)
_STRAY_DATA = replace(_DATA, expected=False)

_OTHERWISE: dict[tuple[Side, _Phase], _Otherwise] = {
    (Side.INITIATOR, _Phase.OPENING): _Otherwise(Step.NAME, _Phase.MIDDLE, LENGTH_FIELD + 15 + 1, named=True),
    (Side.INITIATOR, _Phase.MIDDLE): _STRAY_DATA,
    (Side.INITIATOR, _Phase.DONE): _DATA,
    # A name given with ``named:``; or, in TLS 1.3, a session ticket, which OTP's acceptors don't send unless told to.
    (Side.ACCEPTOR, _Phase.OPENING): _Otherwise(
        Step.STATUS_OTHER, _Phase.MIDDLE, LENGTH_FIELD + 13 + 1, expected=False
    ),
    (Side.ACCEPTOR, _Phase.MIDDLE): _Otherwise(Step.CHALLENGE, _Phase.CHALLENGED, LENGTH_FIELD + 19 + 1, named=True),
    (Side.ACCEPTOR, _Phase.CHALLENGED): _STRAY_DATA,
    (Side.ACCEPTOR, _Phase.DONE): _DATA,
}

_NAMED = frozenset((_Phase.MIDDLE, _Phase.DONE))
_PRESUPPOSES: dict[Step, tuple[Side, frozenset[_Phase]]] = {
    Step.STATUS_OK: (Side.INITIATOR, _NAMED),
    Step.STATUS_NOT_ALLOWED: (Side.INITIATOR, _NAMED),
    Step.CHALLENGE: (Side.INITIATOR, _NAMED),
    Step.COMPLEMENT: (Side.ACCEPTOR, frozenset((_Phase.CHALLENGED, _Phase.DONE))),
    Step.REPLY: (Side.ACCEPTOR, frozenset((_Phase.CHALLENGED, _Phase.DONE))),
    Step.ACK: (Side.INITIATOR, frozenset((_Phase.DONE,))),
}
"""How far the other side must have come before a step; if it was not seen to, the step is not certain."""


class CarriedHandshake:
    """The distribution handshake inside one TLS connection, from its application data records in their order.

    Without the ServerHello, give None for what it would have told: the sizes that fit narrow down the cipher, and less
    is certain.  Alerts of TLS up to 1.2 have a record type of their own and don't belong here.
    """

    def __init__(self, version: int | None, cipher_suite: int | None = None) -> None:
        """``version`` such as 0x0303, and ``cipher_suite``: as negotiated in the ServerHello."""
        self._tls_1_3 = version == TLS_1_3
        self._sealings = sealings(version, cipher_suite)
        self._finished = finished_lengths(cipher_suite)
        self._phases = dict.fromkeys(Side, _Phase.FLIGHT if self._tls_1_3 else _Phase.OPENING)
        self._whole = version is not None
        """Nothing is missing so far."""
        self._status_seen = False
        self._last_in_flight: int | None = None
        """Length of the last record of the initiator's flight."""

    def gap(self, side: Side) -> None:
        """Records of ``side`` may be missing here: nothing after is certain."""
        self._whole = False

    def record(self, side: Side, length: int) -> tuple[Carried, ...]:
        """What the next application data record of ``side`` seems to be; ``length`` is that of its payload.

        Mostly one item; none for what is TLS 1.3's own, but for a Certificate that holds none; two where a status
        shows that the initiator's last record was its name.
        """
        plains = self._plains(length)
        if self._tls_1_3:
            if ALERT_LENGTH in plains:
                return (EncryptedAlertGuess(side, rejection=not self._status_seen),)
            if self._is_tls_handshake(side, plains, length):
                empty = side is Side.INITIATOR and EMPTY_CERTIFICATE_LENGTH in plains
                return (Inferred(Step.NO_CERTIFICATE, side, certain=self._whole),) if empty else ()
        return (*self._late_name(side, plains), self._judge(side, plains, length))

    def _plains(self, length: int) -> frozenset[int]:
        return frozenset(plain for sealing in self._sealings for plain in sealing.plain(length))

    def _is_tls_handshake(self, side: Side, plains: frozenset[int], length: int) -> bool:
        """Whether a TLS 1.3 record belongs to TLS itself; each side's Finished ends its flight."""
        if self._phases[side] is _Phase.DONE:
            return KEY_UPDATE_LENGTH in plains
        if side is Side.INITIATOR and self._phases[Side.ACCEPTOR] is _Phase.FLIGHT:
            self._phases[Side.ACCEPTOR] = _Phase.OPENING  # it waits for the acceptor's Finished before it goes on
        if self._phases[side] is not _Phase.FLIGHT:
            return False
        if side is Side.INITIATOR:
            self._last_in_flight = length
        if plains & self._finished:
            self._phases[side] = _Phase.OPENING
        return True

    def _late_name(self, side: Side, plains: frozenset[int]) -> tuple[Inferred, ...]:
        """A flight put into one record shows no Finished; but where a status comes, a name has gone before."""
        in_flight = self._phases[Side.INITIATOR] is _Phase.FLIGHT and self._last_in_flight is not None
        if side is Side.INITIATOR or not in_flight or not any(shape.plain in plains for shape in _STATUSES):
            return ()
        self._phases[Side.INITIATOR] = _Phase.OPENING
        name = self._judge(Side.INITIATOR, self._plains(self._last_in_flight or 0), self._last_in_flight or 0)
        return (replace(name, certain=False),)

    def _judge(self, side: Side, plains: frozenset[int], length: int) -> Inferred:
        where = (side, self._phases[side])
        otherwise = _OTHERWISE[where]
        fitting = [shape for shape in _SHAPES.get(where, ()) if shape.plain in plains]
        others = [plain for plain in plains.difference(shape.plain for shape in fitting) if otherwise.fits(plain)]
        if fitting:
            return self._fixed(side, fitting[0], length, unique=len(fitting) == 1 and not others)
        self._phases[side] = otherwise.leads_to
        self._status_seen |= otherwise.step is Step.CHALLENGE
        return Inferred(
            step=otherwise.step,
            side=side,
            name_length=others[0] - otherwise.shortest + 1 if otherwise.named and len(others) == 1 else None,
            certain=otherwise.expected and bool(others) and self._in_order(otherwise.step),
        )

    def _fixed(self, side: Side, shape: _Shape, length: int, *, unique: bool) -> Inferred:
        self._phases[side] = shape.leads_to
        self._sealings = tuple(each for each in self._sealings if shape.plain in each.plain(length))
        self._status_seen |= side is Side.ACCEPTOR
        if shape.leads_to is _Phase.MIDDLE and side is Side.ACCEPTOR and self._phases[Side.INITIATOR] is _Phase.DONE:
            # A status answers a name: whatever the initiator's records before it were taken for, its reply is to come.
            self._phases[Side.INITIATOR] = _Phase.MIDDLE
        return Inferred(shape.step, side, certain=unique and self._in_order(shape.step))

    def _in_order(self, step: Step) -> bool:
        if step not in _PRESUPPOSES:
            return self._whole
        other, phases = _PRESUPPOSES[step]
        return self._whole and self._phases[other] in phases
