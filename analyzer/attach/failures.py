"""What a server or the network did → errors a person can act on, without a word that they had from us in confidence.

The tree::

    AttachError             the report is not on the ticket; the files stay; exit status 3
    ├── LibraryMissing      the client library is not installed
    ├── NotConfigured       no server, or nothing to log in with
    ├── NotReached          no connection, no answer in time
    ├── NotTrusted          the server's certificate is not one that we trust, or TLS fails
    ├── NotLoggedIn         the server does not know our credentials
    ├── NotAllowed          it does, but does not let us
    ├── NoSuchTicket        it has no such ticket, or does not show it to us
    ├── TooLarge            it does not take that much
    └── Refused             anything else, with the server's words
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyzer.errors import DistscopeError, printable
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from analyzer.attach.credentials import Account
    from analyzer.attach.tracker import Tracker

MOST_WORDS = 300
"""Characters of what a server says: some answer with a whole page."""


class AttachError(DistscopeError):
    """The report did not get on the ticket."""

    exit_status = 3


class LibraryMissing(AttachError):
    """The tracker's client library is not installed."""


class NotConfigured(AttachError):
    """Something is missing in the environment."""


class NotReached(AttachError):
    """The network did not let us."""


class NotTrusted(AttachError):
    """There is no telling whether it is that server."""


class NotLoggedIn(AttachError):
    """Wrong or expired credentials."""


class NotAllowed(AttachError):
    """The account has no right to do this."""


class NoSuchTicket(AttachError):
    """Not there, or hidden from us."""


class TooLarge(AttachError):
    """More than the server takes."""


class Refused(AttachError):
    """The server said no, and why; or it is no such server."""


_MOVED: tuple[type[AttachError], str, str] = (
    NotReached,
    "it sends us elsewhere, and credentials go nowhere else",
    "name the address that it has now in {server}",
)

_STATUSES: dict[int, tuple[type[AttachError], str, str]] = {
    # HTTP status: error, what it means, what to do
    301: _MOVED,
    302: _MOVED,
    303: _MOVED,
    307: _MOVED,
    308: _MOVED,
    401: (
        NotLoggedIn,
        "it does not accept our credentials",
        "check {login}: is it expired, revoked, of another server?",
    ),
    403: (
        NotAllowed,
        "the account may not do this on {key}",
        "ask for the right to see the ticket, comment and attach",
    ),
    404: (NoSuchTicket, "it has no {key}, or does not show it to this account", "check the key, and who may see it"),
    410: (NoSuchTicket, "{key} was deleted", "name another ticket"),
    413: (TooLarge, "a file is larger than it takes", "attach fewer files, or have its limit raised"),
    429: (Refused, "it has had too many requests from this account", "wait a few minutes and try again"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something went wrong."""

    tracker: Tracker
    key: str
    account: Account

    @property
    def name(self) -> str:
        return f"{self.tracker.name}:{self.key}"

    def failed(self, status: int | None, words: object = "") -> AttachError:
        """The server answered, with this status and in these words."""
        kind, meaning, step = _STATUSES.get(
            status or 0, (Refused, "it refused", "look at the server's words, and at its log if you can")
        )
        if status is not None and status >= 500:
            meaning, step = "it has a problem of its own", "try again later"
        said = self.account.scrub(printable(" ".join(str(words or "").split())))
        if len(said) > MOST_WORDS:
            said = said[:MOST_WORDS] + "…"
        known = " and ".join(self.account.sources)
        return kind(
            f"{self.heading}: {meaning.format(key=self.name)}"
            + (f" (HTTP {status})" if status else "")
            + (f": {said}" if said else ""),
            next_step=step.format(login=known, server=self.tracker.server) + _STAY,
        )

    @contextmanager
    def told(self, translate: Callable[[Place, Exception], AttachError | None]) -> Iterator[None]:
        """Whatever is raised within becomes an AttachError.  ``translate``: errors of the client library, which it may
        not know; nothing of theirs gets out, for they tend to carry what was sent."""
        try:
            yield
        except (AttachError, ImportError):
            raise
        except Exception as error:
            known = translate(self, error)
            if known is None:
                if type(error).__name__ in _REDIRECTED:
                    raise self.failed(302) from None
                # What requests raises is an OSError, even for an answer that is no JSON; that one is a ValueError, too.
                network = isinstance(error, ssl.SSLError) or not isinstance(error, ValueError)
                known = self.unreached(error) if network and isinstance(error, OSError) else self.misunderstood(error)
            raise known from None

    def misunderstood(self, error: BaseException) -> AttachError:
        """Something answered, but it does not speak the tracker's protocol."""
        return Refused(
            f"{self.heading}: what answers there does not speak its protocol ({type(error).__name__})",
            next_step=f"check {self.tracker.server}: the address of its first page, like {self.tracker.server_example}",
        )

    def unreached(self, error: BaseException) -> AttachError:
        """No answer at all: whatever library it is, the reason is one of the standard library's errors."""
        causes = list(_causes(error))
        for kind, fault, words, step in _NETWORK:
            for cause in causes:
                if isinstance(cause, kind):
                    said = words.format(cause=self._said(cause))
                    return fault(f"{self.heading}: {said}", next_step=step.format(tracker=self.tracker) + _STAY)
        if any("Timeout" in type(cause).__name__ for cause in causes):
            return NotReached(f"{self.heading}: no answer in time", next_step=_AGAIN + _STAY)
        return NotReached(f"{self.heading}: the connection failed: {type(error).__name__}", next_step=_AGAIN + _STAY)

    @property
    def heading(self) -> str:
        """How an error begins."""
        return f"{self.tracker.title} at {self.account.server}"

    def _said(self, cause: BaseException) -> str:
        words = getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) or type(cause).__name__
        return self.account.scrub(printable(str(words)))


_REDIRECTED = frozenset({"TooManyRedirects", "RedirectError"})
"""What requests and others raise where they must not follow: not every header of ours is known to be a secret."""
_STAY = "; the files are where they were, and what the ticket has already is not sent again"
_AGAIN = "check the network and the server, and try again"

_NETWORK: tuple[tuple[type[BaseException], type[AttachError], str, str], ...] = (
    # the first that is among the causes: error, ours, what it means, what to do
    (
        ssl.SSLCertVerificationError,
        NotTrusted,
        "its certificate is not trusted: {cause}",
        "if an authority of your own has signed it, name a file with that certificate in {tracker.trust}",
    ),
    (ssl.SSLError, NotTrusted, "TLS fails: {cause}", "check that {tracker.server} names a port that speaks TLS"),
    (socket.gaierror, NotReached, "its name is not known: {cause}", "check {tracker.server}, and the resolver"),
    (TimeoutError, NotReached, "no answer in time", _AGAIN),
    (ConnectionRefusedError, NotReached, "nobody listens there: {cause}", "check the port in {tracker.server}"),
    (ConnectionResetError, NotReached, "it cut the connection: {cause}", _AGAIN),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and all that is behind it: libraries chain, wrap, or keep the reason in an attribute."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
