"""Whether two sides can understand one another."""

from __future__ import annotations

import pytest

from analyzer.sessions.attempt import Attempt
from analyzer.sessions.compatibility import (
    MASK_CHANGES,
    challenge_form_refused,
    initiator_release,
    is_version_zero,
    missing_at_acceptor,
    missing_at_initiator,
    name_form_refused,
    wants_dynamic_name,
)
from analyzer.sessions.surroundings import Surroundings
from dissectors import epmd, flags, handshake
from dissectors.flags import Flag
from tests.analyzer.sessions.talking import (
    ANN,
    BACK,
    OTP_26,
    OUT,
    Clock,
    Talk,
    ask_epmd,
    attempts,
    framed,
    port2_resp,
)

OTP_17, OTP_19, OTP_22, OTP_23, OTP_24 = 0x37FFD, 0x77FFD, 0xDF7FBD, 0x1_03DF7FBD, 0xD_03DF7FBD
NAME = f"ann@{ANN}"


def told(talk: Talk) -> tuple[Attempt, Surroundings]:
    found = attempts(talk.clock)
    return found[0], Surroundings(found, {})


def dialled(highest: int | None = None) -> Talk:
    """A link; EPMD told this highest version of the acceptor."""
    clock = Clock()
    if highest is not None:
        ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(port2_resp(highest=highest)).fin(BACK).fin(OUT)
    return Talk(clock).dial()


def old_name(talk: Talk, version: int = 5, own: int = OTP_22) -> Talk:
    message = handshake.SendNameOld(version=version, flags=own & flags.LOW_HALF, name=NAME)
    return talk.send(OUT, framed(message))


def old_challenge(talk: Talk, version: int = 5, own: int = OTP_22) -> Talk:
    message = handshake.ChallengeOld(version=version, flags=own & flags.LOW_HALF, challenge=3, name="bob@10.0.0.2")
    return talk.send(BACK, framed(message))


# --- The form of a name -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("highest", "refused", "sure"),
    [(5, False, False), (6, True, True), (None, True, False)],
)
def test_an_old_name(highest: int | None, refused: bool, sure: bool) -> None:
    """OTP 22 and earlier take it; of what is newer some do not, and who is unknown may be newer."""
    refusal = name_form_refused(*told(old_name(dialled(highest))))
    assert (refusal is not None) is refused
    assert refusal is None or refusal.sure is sure


def test_a_new_name_to_an_old_node() -> None:
    """``N`` is a letter that OTP 22 does not know."""
    refusal = name_form_refused(*told(dialled(5).name()))
    assert refusal is not None and refusal.sure and "OTP 22" in refusal.why


@pytest.mark.parametrize("highest", [6, None])
def test_a_new_name_is_fine(highest: int | None) -> None:
    """For a new node, and while nothing says that it is old."""
    assert name_form_refused(*told(dialled(highest).name())) is None


def test_a_version_that_nobody_speaks() -> None:
    """Certain whatever the acceptor is; 0 says that the initiator found none in common."""
    refusal = name_form_refused(*told(old_name(dialled(5), version=9)))
    assert refusal is not None and refusal.sure and "version 9" in refusal.why
    attempt, around = told(old_name(dialled(5), version=0))
    assert is_version_zero(attempt)
    assert name_form_refused(attempt, around) is None
    assert not is_version_zero(told(old_name(dialled(5)))[0])


def test_no_name_no_refusal() -> None:
    """An initiator that said nothing said nothing wrong."""
    attempt, around = told(dialled(6))
    assert name_form_refused(attempt, around) is None
    assert challenge_form_refused(attempt) is None
    assert missing_at_initiator(attempt, around) == missing_at_acceptor(attempt) == ()


# --- The form of a challenge ------------------------------------------------------------------------------------------


def test_an_old_challenge_to_a_new_node() -> None:
    """OTP 25 and later do not take it; 23 and 24 do."""
    assert challenge_form_refused(told(old_challenge(dialled().name().status()))[0]) is not None
    assert challenge_form_refused(told(old_challenge(dialled().name(flags=OTP_24).status()))[0]) is None
    assert challenge_form_refused(told(old_challenge(old_name(dialled()).status()))[0]) is None


def test_a_new_challenge_is_fine() -> None:
    """The form that all since OTP 23 take."""
    assert challenge_form_refused(told(dialled().name().status().challenge())[0]) is None


def test_a_challenge_of_no_known_version() -> None:
    """Unless it echoes the version of the name."""
    refusal = challenge_form_refused(told(old_challenge(old_name(dialled()).status(), version=7))[0])
    assert refusal is not None and refusal.sure
    assert challenge_form_refused(told(old_challenge(old_name(dialled(), version=7).status(), version=7))[0]) is None


# --- Flags ------------------------------------------------------------------------------------------------------------


def test_releases_by_flags() -> None:
    """What the initiator's flags say."""
    release = initiator_release(told(dialled().name())[0])
    assert release is not None and (release.lowest, release.highest) == (25, 27)
    assert initiator_release(told(dialled(6))[0]) is None


def test_nothing_is_missing_between_equals() -> None:
    """Two nodes of one release."""
    attempt, around = told(dialled(6).name().status().challenge())
    assert missing_at_initiator(attempt, around) == ()
    assert missing_at_acceptor(attempt) == ()


def test_an_initiator_too_old() -> None:
    """What the acceptor of OTP 28 demands and OTP 19 lacks, named."""
    talk = old_name(dialled(6), own=OTP_19).send(BACK, framed(handshake.Status(text="not_allowed")))
    missing = missing_at_initiator(*told(talk))
    assert "BIG_CREATION" not in missing
    assert missing


def test_an_initiator_without_utf8_atoms_and_an_unknown_acceptor() -> None:
    """The refusal itself shows that the flag was demanded: the first mask that fails is taken."""
    attempt, around = told(old_name(dialled(), own=OTP_19 & ~Flag.UTF8_ATOMS))
    assert missing_at_initiator(attempt, around) == ("UTF8_ATOMS",)


def test_all_masks_are_tried() -> None:
    """Every release that demands more than the one before it, since the first that are still met."""
    changes = [each for each in range(11, 40) if flags.mandatory_mask(each) != flags.mandatory_mask(each - 1)]
    assert list(MASK_CHANGES) == changes


@pytest.mark.parametrize(("highest", "lacks"), [(5, ()), (6, ("BIG_CREATION",)), (None, ("BIG_CREATION",))])
def test_what_later_releases_demand(highest: int | None, lacks: tuple[str, ...]) -> None:
    """An acceptor before OTP 23, as EPMD tells, does not demand it."""
    attempt, around = told(old_name(dialled(highest), own=OTP_22 & ~Flag.BIG_CREATION))
    assert missing_at_initiator(attempt, around) == lacks


def test_an_acceptor_too_old() -> None:
    """The initiator of OTP 26 demands what OTP 17 lacks; of an old challenge only the low half counts."""
    missing = missing_at_acceptor(told(old_challenge(dialled().name().status(), own=OTP_17))[0])
    assert "BIG_CREATION" in missing
    assert "V4_NC" not in missing
    assert missing_at_acceptor(told(dialled().name().status().challenge(flags=OTP_23))[0]) == (), "25 takes 23"


def test_a_dynamic_name_is_wanted() -> None:
    """The flag, and a host where the name should be."""
    wanted = OTP_26 | Flag.NAME_ME
    assert wants_dynamic_name(told(dialled().name("host", flags=wanted))[0])
    assert not wants_dynamic_name(told(dialled().name(NAME, flags=wanted))[0])
    assert not wants_dynamic_name(told(dialled().name())[0])
    assert not wants_dynamic_name(told(dialled(6))[0])
