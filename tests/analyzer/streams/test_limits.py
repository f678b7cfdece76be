"""The bounds fit together."""

from __future__ import annotations

from analyzer.streams.limits import SECOND, Limits
from dissectors.dataclass import fields_of


def test_the_defaults_fit_together() -> None:
    """All are positive, one direction cannot fill the whole, and patience is ordered."""
    limits = Limits()
    assert all(getattr(limits, field.name) > 0 for field in fields_of(type(limits)))
    assert limits.held_bytes < limits.held_bytes_overall
    assert limits.copy_span < limits.acknowledged_wait < limits.hole_wait < limits.linger


def test_ticks_do_not_look_like_an_end() -> None:
    """A dial that takes net_setuptime's 120 s (docs/protocol.md 6) is still tracked."""
    assert Limits().unanswered >= 120 * SECOND
