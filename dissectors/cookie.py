"""Cookie and challenge to digest; cookie file to cookie; candidate cookies to the one that made a digest.

docs/protocol.md 2.5.  A cookie is never shown: nothing here has a representation that contains one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Protocol

COOKIE_LIMIT = 255
"""A cookie is an atom, and an atom has no more characters."""


if TYPE_CHECKING:

    class _Hash(Protocol):
        def digest(self) -> bytes: ...


class CookieError(ValueError):
    """A cookie file that Erlang would not take; the text says why, without what was in it."""


def digest(cookie: bytes, challenge: int) -> bytes:
    """The 16 bytes that prove, to the node that sent ``challenge``, that the sender knows ``cookie``."""
    return _md5()(cookie + str(challenge).encode(), usedforsecurity=False).digest()


@cache
def _md5() -> Callable[..., _Hash]:
    """Python's own implementation where it was built with it: to load OpenSSL, as hashlib does, takes longer than to
    diagnose a small capture."""
    try:
        from _md5 import md5
    except ImportError:
        from hashlib import md5
    made: Callable[..., _Hash] = md5
    return made


def read_cookie_file(content: bytes) -> bytes:
    """The cookie in a ``.erlang.cookie`` file; a blank before the end of the line belongs to it.

    Raises :class:`CookieError` where Erlang would refuse to start.
    """
    cookie = re.split(rb"[\r\n]", content, maxsplit=1)[0]
    if not cookie:
        raise CookieError("the cookie is empty: the first line has no characters")
    if not re.fullmatch(rb"[ -~]+", cookie):
        raise CookieError("the first line has characters that are not printable ASCII")
    if len(cookie) > COOKIE_LIMIT:
        raise CookieError(f"the cookie has {len(cookie)} characters, {COOKIE_LIMIT} are possible")
    return cookie


class CookieJar:
    """Candidate cookies, in the order in which they were given; they can be tried and counted, not seen."""

    __slots__ = ("__cookies",)

    def __init__(self, cookies: Iterable[bytes] = ()) -> None:
        self.__cookies = tuple(cookies)

    def __len__(self) -> int:
        return len(self.__cookies)

    def __repr__(self) -> str:
        return f"<CookieJar of {len(self)}>"

    def match(self, challenge: int, digest_seen: bytes) -> int | None:
        """Index of the first cookie that makes this digest of this challenge, None if none does."""
        candidates = enumerate(self.__cookies)
        return next((index for index, cookie in candidates if digest(cookie, challenge) == digest_seen), None)
