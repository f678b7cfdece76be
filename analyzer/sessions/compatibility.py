"""Whether two sides understand one another: handshake forms, versions and mandatory flags (docs/protocol.md 2.4, 3).

Several rules need the answer, some to speak and some to stay silent, so it is worked out in one place.
"""

from __future__ import annotations

from analyzer.sessions.attempt import Attempt
from analyzer.sessions.surroundings import Surroundings
from dissectors import flags, handshake
from dissectors.dataclass import dataclass
from dissectors.epmd import Port2Resp
from dissectors.flags import Flag

FIRST_NEW_FORM = 23
"""OTP release that brought ``N`` and EPMD version 6."""
NEW_FORM_ONLY = 25
"""From here on an initiator sends and takes only ``N``."""
SPOKEN_VERSION = 5
"""The version field of every real ``n`` (docs/protocol.md 2.2)."""
MASK_CHANGES = (20, 21, 23, 25, 26)
"""Releases that made more flags mandatory."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one side cannot take what the other said."""

    why: str
    sure: bool
    """The packets prove the release of the refusing side."""


def name_form_refused(attempt: Attempt, around: Surroundings) -> Refusal | None:
    """Why the acceptor cannot understand the form of the initiator's name; None where it can, or no reason is known."""
    name = attempt.send_name
    release = around.acceptor_release(attempt)
    if isinstance(name, handshake.SendNameOld):
        if name.version not in (0, SPOKEN_VERSION):
            return Refusal(
                f"its send_name names distribution version {name.version}, which no OTP release speaks", True
            )
        if release is not None and release.highest is not None and release.highest < FIRST_NEW_FORM:
            return None
        return Refusal(
            "its send_name has the old form (n, version 5), which OTP 25.0 to 25.2 and C nodes of OTP 25 and later do"
            " not take",
            release is not None,
        )
    newest = None if release is None else release.highest
    if isinstance(name, handshake.SendName) and newest is not None and newest < FIRST_NEW_FORM:
        return Refusal(
            "its send_name has the new form (N), which OTP 22 and earlier do not understand, and the acceptor is one of"
            " them by its EPMD registration or its flags",
            True,
        )
    return None


def challenge_form_refused(attempt: Attempt) -> Refusal | None:
    """Why the initiator cannot take the acceptor's challenge as it is formed."""
    challenge, name = attempt.challenge, attempt.send_name
    if not isinstance(challenge, handshake.ChallengeOld):
        return None
    if challenge.version != SPOKEN_VERSION and not (
        isinstance(name, handshake.SendNameOld) and name.version == challenge.version
    ):
        return Refusal(
            f"the challenge names distribution version {challenge.version}, which no OTP release speaks", True
        )
    release = initiator_release(attempt)
    if isinstance(name, handshake.SendName) and (release is None or release.lowest >= NEW_FORM_ONLY):
        return Refusal("the challenge has the old form (n), which OTP 25 and later do not take from an acceptor", True)
    return None


def initiator_release(attempt: Attempt) -> flags.Estimate | None:
    """OTP releases that the initiator may be, by its flags."""
    own = attempt.initiator_flags
    return None if own is None else flags.estimate(own)


def missing_at_initiator(attempt: Attempt, around: Surroundings) -> tuple[str, ...]:
    """Flags that the acceptor demands and the initiator lacks; empty where it has all that any release demands.

    Where the acceptor's release is not known, the first mask that the initiator fails is taken: the refusal itself then
    is what shows that the acceptor demands it."""
    own = attempt.initiator_flags
    if own is None:
        return ()
    release = around.acceptor_release(attempt)
    lowest = release.lowest if release is not None else 0
    highest = release.highest if release is not None and release.highest is not None else 999
    if release is not None and release.lowest == release.highest:
        return flags.missing(own, flags.mandatory_mask(release.lowest))
    for change in MASK_CHANGES:
        if change <= highest and (lacking := flags.missing(own, flags.mandatory_mask(max(change, lowest)))):
            return lacking
    return ()


def missing_at_acceptor(attempt: Attempt) -> tuple[str, ...]:
    """Flags that the initiator demands and the acceptor's challenge lacks (docs/protocol.md 3)."""
    challenge, own = attempt.challenge, attempt.initiator_flags
    release = initiator_release(attempt)
    if challenge is None or own is None or release is None:
        return ()
    mask = flags.mandatory_mask(release.lowest)
    if isinstance(challenge, handshake.ChallengeOld):
        # An old challenge carries the low half only.
        mask &= flags.LOW_HALF
    return flags.missing(challenge.flags, mask)


def wants_dynamic_name(attempt: Attempt) -> bool:
    """The initiator asks the acceptor for a name (docs/protocol.md 7.2)."""
    name = attempt.send_name
    return isinstance(name, handshake.SendName) and bool(name.flags & Flag.NAME_ME) and "@" not in name.name


def has_no_common_version(response: Port2Resp) -> bool:
    """EPMD's range holds neither of the versions that any node speaks (docs/protocol.md 1.3, 1.5)."""
    return (
        response.highest < SPOKEN_VERSION or response.lowest > SPOKEN_VERSION + 1 or response.lowest > response.highest
    )


def is_version_zero(attempt: Attempt) -> bool:
    """The initiator found no common version in EPMD's range and says so (docs/protocol.md 1.5)."""
    name = attempt.send_name
    return isinstance(name, handshake.SendNameOld) and name.version == 0
