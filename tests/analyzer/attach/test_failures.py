"""What went wrong, in words: by HTTP status, and by what is behind an error of the network."""

from __future__ import annotations

import socket
import ssl
from itertools import pairwise

import pytest

from analyzer.attach import failures
from analyzer.attach.credentials import Account
from analyzer.attach.failures import AttachError, Place
from analyzer.attach.registry import all_trackers

PLACE = Place(
    all_trackers()["rt"],
    "4711",
    Account("https://rt.example.com", {"RT_TOKEN": "hunter2"}, {"RT_TOKEN": "the keyring"}),
)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, failures.NotLoggedIn, "check RT_TOKEN"),
        (403, failures.NotAllowed, "the account may not do this on rt:4711"),
        (404, failures.NoSuchTicket, "it has no rt:4711"),
        (413, failures.TooLarge, "a file is larger than it takes"),
        (429, failures.Refused, "too many requests"),
        (500, failures.Refused, "it has a problem of its own"),
        (503, failures.Refused, "it has a problem of its own"),
        (418, failures.Refused, "it refused (HTTP 418)"),
        (None, failures.Refused, "it refused"),
    ],
)
def test_status(status: int | None, kind: type[AttachError], says: str) -> None:
    """Each names the server, says that the files stay, and exits with 3."""
    error = PLACE.failed(status)
    assert type(error) is kind
    assert says in str(error)
    assert str(error).startswith("Request Tracker at https://rt.example.com: ")
    assert "the files are where they were" in str(error)
    assert error.exit_status == 3


def test_the_servers_words() -> None:
    """On one line, short, fit for a terminal, without what we have sent in confidence."""
    error = PLACE.failed(400, "no\n\x1b[31m  token hunter2 " + "x" * 1000)
    assert ": no \\x1b[31m token [secret] xxx" in str(error)
    assert len(str(error)) < 600


def chained(*errors: BaseException) -> BaseException:
    """The last one, behind which are the others."""
    for inner, outer in pairwise(errors):
        outer.__cause__ = inner
    return errors[-1]


@pytest.mark.parametrize(
    ("cause", "kind", "says"),
    [
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), failures.NotTrusted, "SSL_CERT_FILE"),
        (ssl.SSLError(1, "wrong version number"), failures.NotTrusted, "TLS fails: wrong version number"),
        (socket.gaierror(-2, "Name or service not known"), failures.NotReached, "its name is not known"),
        (TimeoutError(), failures.NotReached, "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), failures.NotReached, "nobody listens there"),
        (ConnectionResetError(104, "Connection reset by peer"), failures.NotReached, "it cut the connection"),
        (OSError(5, "Input/output error"), failures.NotReached, "the connection failed: Wrapped"),
    ],
)
def test_network(cause: BaseException, kind: type[AttachError], says: str) -> None:
    """Whatever the library has wrapped around it: as cause, as argument, or as its reason."""

    class Wrapped(Exception):
        reason: BaseException | None = None

    around = Wrapped("somewhere")
    around.reason = cause
    for error in (chained(cause, Wrapped(), Wrapped()), Wrapped(Wrapped(cause)), around):
        told = PLACE.unreached(error)
        assert type(told) is kind
        assert says in str(told)


def test_what_a_library_raises_stays_within() -> None:
    """Known errors are translated, others named by their kind alone."""

    def translate(place: Place, error: Exception) -> AttachError | None:
        return place.failed(404) if isinstance(error, KeyError) else None

    for raised, kind in ((KeyError("x"), failures.NoSuchTicket), (ValueError("hunter2"), failures.Refused)):
        with pytest.raises(kind) as caught, PLACE.told(translate):
            raise raised
        assert "hunter2" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_an_answer_that_is_no_json() -> None:
    """The library requests calls that an error of the network; it is not."""

    class JSONDecodeError(OSError, ValueError):
        pass

    with pytest.raises(failures.Refused, match="does not speak its protocol"), PLACE.told(lambda place, error: None):
        raise JSONDecodeError()


def test_a_missing_library_is_no_fault_of_the_server() -> None:
    """It goes on, to be told with what to install."""
    with pytest.raises(ModuleNotFoundError), PLACE.told(lambda place, error: None):
        raise ModuleNotFoundError("x", name="x")
