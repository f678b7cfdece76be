"""Environment and system keyring → account: the server to talk to, and the secrets that open it.

Secrets come from nowhere else, and go nowhere else than to that server: a key of a ticket can't name another one.  They
have no representation, and :meth:`Account.scrub` takes them out of whatever others say.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, urlsplit

from analyzer.attach.failures import NotConfigured
from dissectors.dataclass import dataclass, field

if TYPE_CHECKING:
    from analyzer.attach.tracker import Tracker

ALLOW_HTTP = "DISTSCOPE_ALLOW_HTTP"
"""Set to 1: credentials may go over a network unencrypted."""
ENVIRONMENT, KEYRING = "the environment", "the keyring"
HIDDEN = "[secret]"
_NAME = "_USER"
"""How the name of a variable ends that holds no secret, but who we are."""
_SHORTEST = 4
"""Characters: what is shorter is no secret, and part of every other word."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Keyring(Protocol):
    """The module ``keyring``, or what stands for it."""

    def get_password(self, service_name: str, username: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """A server, and what we log in with."""

    server: str
    """Its address, without a slash at the end."""
    secrets: Mapping[str, str] = field(repr=False)
    """By name of the variable."""
    sources: Mapping[str, str]
    """Where each came from; this may be shown."""

    def get(self, variable: str) -> str | None:
        return self.secrets.get(variable)

    def scrub(self, text: str) -> str:
        """``text`` without our secrets, in the forms that HTTP gives them."""
        hidden = [value for name, value in self.secrets.items() if not name.endswith(_NAME) and len(value) >= _SHORTEST]
        pairs = [f"{user}:{value}" for user in self.secrets.values() for value in hidden]
        forms = [*hidden, *(base64.b64encode(pair.encode()).decode() for pair in pairs)]
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return text


def account_for(
    tracker: Tracker, environment: Mapping[str, str] = os.environ, keyring: Callable[[], Keyring | None] | None = None
) -> Account:
    """The first way to log in of which everything is known.  Raises NotConfigured, which names the variables."""
    server, place = _server(tracker, environment)
    ring = _Ring(keyring or _installed_keyring, f"distscope:{place.netloc}")
    for login in tracker.logins:
        secrets: dict[str, str] = {}
        sources: dict[str, str] = {}
        for variable in login:
            if value := environment.get(variable):
                secrets[variable], sources[variable] = value, ENVIRONMENT
            elif value := ring.get(variable):
                secrets[variable], sources[variable] = value, KEYRING
            else:
                break
        else:
            return Account(server, secrets, sources)
    ways = ", or ".join(" and ".join(login) for login in tracker.logins)
    raise NotConfigured(
        f"nothing to log in to {server} with: {ways} must be set{ring.trouble}",
        next_step=f"put it into the environment, or run: keyring set {ring.service} {tracker.logins[0][-1]}",
    )


def _server(tracker: Tracker, environment: Mapping[str, str]) -> tuple[str, SplitResult]:
    server = (environment.get(tracker.server) or tracker.default_server or "").rstrip("/")
    example = f"export {tracker.server}={tracker.server_example}"
    if not server:
        raise NotConfigured(f"{tracker.server} is not set: which {tracker.title} is it?", next_step=example)
    try:
        place = urlsplit(server)
        odd = place.scheme not in ("https", "http") or not place.hostname or place.query or place.fragment
    except ValueError:
        odd = True
    if odd or not server.isprintable() or " " in server:
        raise NotConfigured(f"{tracker.server} is not the address of a server", next_step=example)
    if place.username is not None or place.password is not None:
        raise NotConfigured(
            f"{tracker.server} holds credentials, and addresses end up in logs", next_step=f"leave them out: {example}"
        )
    if place.scheme == "http" and place.hostname not in _LOOPBACK and environment.get(ALLOW_HTTP) != "1":
        raise NotConfigured(
            f"{tracker.server} begins with http: everybody on the way could read the credentials",
            next_step=f"use https, or set {ALLOW_HTTP}=1 if you trust the way",
        )
    return server, place


class _Ring:
    """The keyring, opened when it is first asked; one that can't be opened holds nothing, and says so."""

    def __init__(self, opened: Callable[[], Keyring | None], service: str) -> None:
        self._opened = opened
        self.service = service
        self.trouble = ""

    def get(self, variable: str) -> str | None:
        try:
            ring = self._opened()
            return None if ring is None else ring.get_password(self.service, variable)
        except Exception as error:  # every backend has errors of its own
            self.trouble = f" (the keyring can't be read: {type(error).__name__})"
            return None


def _installed_keyring() -> Keyring | None:
    try:
        import keyring
    except ImportError:
        return None
    return keyring
