"""Digests, cookie files, candidate cookies."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dissectors.cookie import CookieError, CookieJar, _md5, digest, read_cookie_file

# docs/protocol.md 2.5: both digests of one handshake with the cookie `k`, and one with a wrong cookie.
EXAMPLES = [
    (b"k", 0x3F049FE7, "dc92b5bf37f6a0c91942ee224aaded6c"),
    (b"k", 0x97950309, "8372bd45ffe19f1179787ac007c11518"),
    (b"bad", 0x145FF5E4, "b633cb1546ca4d9b814086b59d262ffd"),
]


@pytest.mark.parametrize(("cookie", "challenge", "expected"), EXAMPLES)
def test_digest(cookie: bytes, challenge: int, expected: str) -> None:
    """MD5 of the cookie and the challenge in decimal, as real nodes sent it."""
    assert digest(cookie, challenge).hex() == expected


def test_a_digest_does_without_openssl_and_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python may be built without its own MD5; where it has it, OpenSSL is not loaded."""
    script = "import sys; from dissectors.cookie import digest; digest(b'k', 1); sys.exit('_hashlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
    monkeypatch.setitem(sys.modules, "_md5", None)
    _md5.cache_clear()
    cookie, challenge, expected = EXAMPLES[0]
    assert digest(cookie, challenge).hex() == expected
    assert _md5().__module__ != "_md5"
    _md5.cache_clear()


@pytest.mark.parametrize(
    ("content", "cookie"),
    [
        (b"secret", b"secret"),
        (b"secret\n", b"secret"),
        (b"secret\r\nmore \xff", b"secret"),
        (b"secret \n", b"secret "),
        (b" secret", b" secret"),
        (b"x" * 255, b"x" * 255),
    ],
)
def test_cookie_file(content: bytes, cookie: bytes) -> None:
    """The first line counts, blanks at its ends too."""
    assert read_cookie_file(content) == cookie


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\nsecret", "empty"),
        (b"se\tcret", "not printable"),
        (b"\xef\xbb\xbfsecret", "not printable"),
        (b"x" * 256, "256 characters"),
    ],
)
def test_cookie_file_refused(content: bytes, reason: str) -> None:
    """What Erlang does not take is refused, and the reason does not show the content."""
    with pytest.raises(CookieError, match=reason) as raised:
        read_cookie_file(content)
    assert "secret" not in str(raised.value)


def test_jar_matches_and_hides() -> None:
    """The index of the cookie that fits, None if none does; nothing printable contains a cookie."""
    jar = CookieJar([b"bad", b"k"])
    assert jar.match(0x3F049FE7, bytes.fromhex(EXAMPLES[0][2])) == 1
    assert jar.match(0x145FF5E4, bytes.fromhex(EXAMPLES[2][2])) == 0
    assert jar.match(1, bytes(16)) is None
    assert CookieJar().match(1, bytes(16)) is None
    assert len(jar) == 2
    assert repr(jar) == str(jar) == f"{jar}" == "<CookieJar of 2>"
