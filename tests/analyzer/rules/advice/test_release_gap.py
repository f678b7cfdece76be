"""When a user is advised to upgrade: where two OTP nodes are further apart than is promised to work."""

from __future__ import annotations

import pytest

from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import Clock, Talk

NAME = "release-gap"
OTP_22, OTP_24, OTP_25, OTP_28, OTP_29 = 0xDF7FBD, 0xD_03DF7FBD, 0xD_07DF7FBD, 0x2D_07DF7FBD, 0x6D_07DF7FBD
C_NODE_17, C_NODE_25 = 0x3499C, 0x4_07074F9C


@pytest.mark.parametrize(
    ("one", "other", "apart", "spans"),
    [
        (OTP_24, OTP_28, 4, ("24", "28")),
        (OTP_28, OTP_24, 4, ("28", "24")),
        (OTP_22, OTP_24, 2, ("22", "24")),
        (OTP_24, OTP_29, 5, ("24", "29 or later")),
        (OTP_22, OTP_25, 3, ("22", "25 to 27")),
        (OTP_25, OTP_29, 2, ("25 to 27", "29 or later")),
        (OTP_24, OTP_25, 0, ("", "")),
        (OTP_25, OTP_28, 0, ("", "")),
        (OTP_28, OTP_29, 0, ("", "")),
        (OTP_24, OTP_24, 0, ("", "")),
    ],
)
def test_by_their_flags(one: int, other: int, apart: int, spans: tuple[str, str]) -> None:
    """The least distance that both sets of flags allow, from two releases on."""
    found = said(NAME, Talk(Clock()).dial().name(flags=one).status().challenge(flags=other).reply().ack().clock)
    assert (found is not None) is (apart > 0)
    if found is not None:
        assert f"at least {apart} releases apart" in found.why
        assert shown(found) == [f"flags of OTP {span}" for span in spans]


@pytest.mark.parametrize(("one", "other"), [(C_NODE_17, C_NODE_25), (C_NODE_17, OTP_28), (OTP_28, C_NODE_17)])
def test_of_others_nothing_is_promised(one: int, other: int) -> None:
    """C nodes, on one side or both."""
    talk = Talk(Clock()).dial().name(flags=one).status().challenge(flags=other).reply().ack()
    assert said(NAME, talk.clock) is None


def test_before_the_ack_it_does_not_work_at_all() -> None:
    """Then another verdict says why."""
    assert said(NAME, Talk(Clock()).dial().name(flags=OTP_24).status().challenge(flags=OTP_28).reply().clock) is None
