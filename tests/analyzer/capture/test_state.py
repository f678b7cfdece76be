"""What is known of a capture."""

from __future__ import annotations

from analyzer.capture.state import CaptureState


def test_breaking_off_is_a_flag_and_a_note() -> None:
    """One does not come without the other."""
    state = CaptureState("t.pcap")
    assert (state.cut, state.notes) == (False, [])
    state.breaks_off("cut at byte 7")
    assert (state.cut, state.notes) == (True, ["cut at byte 7"])


def test_two_captures_with_equal_contents_are_two() -> None:
    """Identity, not equality: a state changes while it is read."""
    assert CaptureState("a") != CaptureState("a")
