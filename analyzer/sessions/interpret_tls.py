"""TLS records and messages → meanings: what is in the clear, and the distribution handshake by the sizes of records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from analyzer.sessions import events
from analyzer.sessions.interpret import DialogueInterpreter, Maker, Meaning
from dissectors import tls, tls_carried
from dissectors.dialogue import Decoded, Side


class TlsInterpreter(DialogueInterpreter):
    """TLS in the clear, and the handshake inside it by the sizes of its records (docs/protocol.md 2.7)."""

    native = frozenset({"tls", "tls-alert"})

    def __init__(self, *, midstream: bool) -> None:
        self._tls = tls.TlsDialogue(midstream=midstream)
        super().__init__(self._tls)
        self._carried: tls_carried.CarriedHandshake | None = None
        self._started: set[Side] = set()
        self._named = False
        self._answered = False
        """The acceptor has given a status."""
        self._last: dict[Side, tuple[Side, int, int]] = {}

    def _message(self, item: Decoded) -> Iterator[Meaning]:
        message = item.message
        place = (item.side, item.start, item.end)
        match message:
            case tls.ClientHello():
                yield Meaning(*place, partial(events.TlsClientHello, message=message))
            case tls.ServerHello():
                yield Meaning(*place, partial(events.TlsServerHello, message=message))
            case tls.Certificate():
                yield Meaning(*place, partial(events.TlsCertificate, message=message))
            case tls.Alert():
                yield Meaning(*place, partial(events.TlsAlert, message=message))
            case tls.EncryptedAlert():
                # TLS 1.2 hides an alert only after both sides are done: it is a close_notify unless no name was sent.
                rejection = not self._named
                yield Meaning(*place, partial(events.TlsEncryptedAlert, rejection=rejection))
            case tls.ApplicationData():
                yield from self._record(item, message)
            case _:
                yield Meaning(*place, partial(events.TlsSaid, message=message))

    def _record(self, item: Decoded, record: tls.ApplicationData) -> Iterator[Meaning]:
        if self._carried is None:
            self._carried = tls_carried.CarriedHandshake(self._tls.version, self._tls.cipher_suite)
        here = (item.side, item.start, item.end)
        for step in self._carried.record(item.side, record.length):
            # A status shows only afterwards that the initiator's last record was its name.
            place = here if step.side is item.side else self._last.get(step.side, here)
            if isinstance(step, tls_carried.EncryptedAlertGuess):
                yield Meaning(*place, partial(events.TlsEncryptedAlert, rejection=step.rejection))
                continue
            match step.step:
                case tls_carried.Step.STATUS_OTHER if not step.certain:
                    # A session ticket of a TLS proxy has a size like that of a status.
                    continue
                case tls_carried.Step.DATA if not step.certain and not self._answered:
                    # Without the hello TLS's own records are not told from data; before a status there are none.
                    continue
                case tls_carried.Step.TICK:
                    yield Meaning(*place, None, tick=True)
                case tls_carried.Step.DATA:
                    first = item.side not in self._started
                    self._started.add(item.side)
                    yield Meaning(*place, events.DataStarted if first else None, frame=True)
                case _:
                    self._named |= step.step is tls_carried.Step.NAME
                    self._answered |= step.side is Side.ACCEPTOR
                    yield Meaning(*place, _CARRIED[step.step])
        self._last[item.side] = here


_CARRIED: dict[tls_carried.Step, Maker] = {
    tls_carried.Step.NO_CERTIFICATE: events.TlsNoCertificate,
    tls_carried.Step.NAME: partial(events.NameSent, inferred=True),
    tls_carried.Step.STATUS_OK: partial(events.StatusSent, inferred=True, text="ok"),
    tls_carried.Step.STATUS_NOT_ALLOWED: partial(events.StatusSent, inferred=True, text="not_allowed"),
    tls_carried.Step.STATUS_OTHER: partial(events.StatusSent, inferred=True, text=None),
    tls_carried.Step.CHALLENGE: partial(events.ChallengeSent, inferred=True),
    tls_carried.Step.COMPLEMENT: partial(events.ComplementSent, inferred=True),
    tls_carried.Step.REPLY: partial(events.ReplySent, inferred=True),
    tls_carried.Step.ACK: partial(events.AckSent, inferred=True),
}
