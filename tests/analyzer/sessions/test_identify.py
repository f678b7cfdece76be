"""Ports and first bytes to what a connection speaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions.identify import Expectation, FirstBytes, Identity, Speech, identify
from dissectors import epmd, handshake
from dissectors.dialogue import DECIDED_BY, Side
from tests.analyzer.sessions.talking import DATA, TICK, framed, port2_resp

EPMD = Expectation(Speech.EPMD, "port 4369 is EPMD's")
NODE = Expectation(Speech.HANDSHAKE, "EPMD named port 41123")
EXPECTATIONS = (None, EPMD, NODE)
NAME = framed(handshake.SendName(flags=1, creation=1, name="ann@host"))
OLD_NAME = framed(handshake.SendNameOld(version=5, flags=1, name="ann@host"))
STATUS = framed(handshake.Status(text="ok"))
ASKED = framed(epmd.Port2Req(name="bob"))
HELLO = bytes.fromhex("16030100310100002d0303") + bytes(32) + bytes.fromhex("0000021301010000020000")
HTTP = b"GET / HTTP/1.1\r\n\r\n"


def tell(
    opener: bytes = b"",
    listener: bytes = b"",
    expected: Expectation | None = None,
    *,
    beginning: bool = True,
    finished: bool = False,
) -> Identity | None:
    """What these first bytes are."""
    said = {Side.INITIATOR: bytearray(opener), Side.ACCEPTOR: bytearray(listener)}
    return identify(FirstBytes(said, beginning, finished), expected)


def speech(*args: bytes | Expectation | None, beginning: bool = True, finished: bool = False) -> Speech | None:
    """The same, in one word."""
    found = tell(*args, beginning=beginning, finished=finished)  # type: ignore[arg-type]
    return None if found is None else found.speech


@pytest.mark.parametrize("opener", [b"", NAME, HELLO, HTTP, ASKED])
def test_epmd_port_is_epmd(opener: bytes) -> None:
    """Whatever is said on EPMD's port, and before anything is said, is judged as EPMD."""
    assert speech(opener, b"", EPMD) is Speech.EPMD


@pytest.mark.parametrize(
    ("opener", "anywhere", "at_a_node"),
    [
        (NAME, Speech.HANDSHAKE, Speech.HANDSHAKE),
        (OLD_NAME, Speech.HANDSHAKE, Speech.HANDSHAKE),
        (ASKED, Speech.EPMD, Speech.EPMD),
        (HELLO, Speech.NOT_OURS, Speech.TLS),
        (HTTP, Speech.NOT_OURS, Speech.HANDSHAKE),
        (b"\xff" * 40, Speech.NOT_OURS, Speech.HANDSHAKE),
    ],
)
def test_by_the_openers_first_bytes(opener: bytes, anywhere: Speech, at_a_node: Speech) -> None:
    """On any port only what is unmistakable; where a node listens, everything."""
    assert speech(opener) is anywhere
    assert speech(opener, b"", NODE) is at_a_node


@pytest.mark.parametrize("opener", [NAME, OLD_NAME, ASKED, HELLO, HTTP])
@pytest.mark.parametrize("expected", EXPECTATIONS)
def test_any_prefix_waits_or_is_right(opener: bytes, expected: Expectation | None) -> None:
    """However few bytes are there, what is said of them stays true when the rest comes."""
    whole = speech(opener, b"", expected)
    for size in range(len(opener)):
        assert speech(opener[:size], b"", expected) in (None, whole), size


def test_every_answer_has_its_reason() -> None:
    """The report says why a connection was taken for Erlang's."""
    for opener in (NAME, ASKED, HTTP, HELLO, b""):
        for expected in EXPECTATIONS:
            found = tell(opener, b"", expected, finished=True)
            assert found is not None and found.why


def test_the_end_decides() -> None:
    """Once no more will come there is an answer, however little there was."""
    assert speech(b"\0") is None
    assert speech(b"\0", finished=True) is Speech.NOT_OURS
    assert speech(b"\0", b"", NODE) is None
    assert speech(b"\0", b"", NODE, finished=True) is Speech.HANDSHAKE
    assert speech(b"", b"", NODE, finished=True) is Speech.HANDSHAKE


def test_a_server_that_speaks_first() -> None:
    """It is not ours, once it has said enough; a node that hears it first is told by the handshake dialogue."""
    banner = b"SSH-2.0-OpenSSH_9.6\r\n"
    assert speech(b"", banner) is None
    assert speech(b"", banner * 40) is Speech.NOT_OURS
    assert speech(b"", banner, NODE) is Speech.HANDSHAKE


def test_only_the_acceptors_half() -> None:
    """A status at the start of the listener's half can be nothing else."""
    assert speech(b"", STATUS + bytes(DECIDED_BY)) is Speech.HANDSHAKE
    assert speech(b"", STATUS, finished=True) is Speech.HANDSHAKE


# --- Joined in the middle ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initiators", "acceptors"),
    [
        (NAME, b""),
        (b"", STATUS),
        (framed(handshake.ChallengeReply(challenge=1, digest=bytes(16))), b""),
        (b"", framed(handshake.ChallengeAck(digest=bytes(16)))),
        (framed(handshake.Complement(flags_high=1, creation=1)), b""),
    ],
)
def test_mid_stream_tells_the_sides(initiators: bytes, acceptors: bytes) -> None:
    """A message that only one side can say tells which side is which, however the stream guessed."""
    right, wrong = tell(initiators, acceptors, beginning=False), tell(acceptors, initiators, beginning=False)
    assert right is not None and not right.swapped
    assert wrong is not None and wrong.swapped
    assert right.speech is wrong.speech is Speech.LINK


@pytest.mark.parametrize("frames", [DATA, DATA + TICK, DATA * 3, TICK])
def test_frames_in_mid_stream(frames: bytes) -> None:
    """Traffic after the handshake, of either side."""
    for opener, listener in ((frames, b""), (b"", frames)):
        found = tell(opener, listener, beginning=False)
        assert found is not None and found.speech is Speech.LINK and not found.swapped


def test_frames_at_the_beginning_are_none() -> None:
    """A connection whose beginning is in the capture can't begin with frames."""
    assert speech(DATA) is Speech.NOT_OURS


def test_mid_stream_of_something_else() -> None:
    """Half of a web page is not ours."""
    assert speech(HTTP, b"", beginning=False) is not Speech.LINK
    assert speech(HTTP, b"", beginning=False, finished=True) is Speech.NOT_OURS


def test_epmd_in_mid_stream() -> None:
    """EPMD's port decides, even if all that is there is an answer."""
    assert speech(b"", port2_resp().write(), EPMD, beginning=False) is Speech.EPMD


@given(
    st.binary(max_size=DECIDED_BY + 10),
    st.binary(max_size=DECIDED_BY + 10),
    st.sampled_from(EXPECTATIONS),
    st.booleans(),
)
def test_any_bytes(opener: bytes, listener: bytes, expected: Expectation | None, beginning: bool) -> None:
    """Never an exception; an answer at the latest when no more will come, or when the opener has said enough."""
    assert tell(opener, listener, expected, beginning=beginning, finished=True) is not None
    if len(opener) >= DECIDED_BY:
        assert tell(opener, listener, expected, beginning=beginning) is not None
