"""What is known of a capture."""

from __future__ import annotations

from analyzer.capture.state import MOST_LOSSES, CaptureState, Loss


def test_breaking_off_is_a_flag_and_a_note() -> None:
    """One does not come without the other."""
    state = CaptureState("t.pcap")
    assert (state.cut, state.notes) == (False, [])
    state.breaks_off("cut at byte 7")
    assert (state.cut, state.notes) == (True, ["cut at byte 7"])


def test_behind_damage_nothing_counts() -> None:
    """Whatever was read ahead; what was noted before stays."""
    state = CaptureState("t.pcap")
    state.notes += ["before", "behind"]
    state.damaged("damaged at byte 7", 1)
    assert (state.cut, state.notes) == (True, ["before", "damaged at byte 7"])


def test_two_captures_with_equal_contents_are_two() -> None:
    """Identity, not equality: a state changes while it is read."""
    assert CaptureState("a") != CaptureState("a")


def test_losses_are_remembered_in_bounded_memory() -> None:
    """Those closest to one another become one; none is forgotten."""
    state = CaptureState("a")
    for second in range(2 * MOST_LOSSES):
        state.lose(10 * second, 10 * second + 1, 3)
    assert state.dropped == 6 * MOST_LOSSES == sum(loss.packets for loss in state.losses)
    assert len(state.losses) == MOST_LOSSES
    assert (state.losses[0].since, state.losses[-1].until) == (0, 10 * (2 * MOST_LOSSES - 1) + 1)
    one = CaptureState("b")
    one.lose(1, 2, 5)
    assert one.losses == [Loss(1, 2, 5)]
