"""Names of interfaces to taps, whichever library there is."""

from __future__ import annotations

import sys

import pytest

from analyzer.capture.tap import Refusal, Refused, open_tap


def test_what_is_refused_says_why() -> None:
    """With the interface, and what libpcap said where that is all there is."""
    error = Refused("eth9", Refusal.OTHER, "odd", "look")
    assert str(error) == "eth9: it can't be listened to (odd)\n  next: look"
    assert error.exit_status == 3


def test_without_any_library_it_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the two is needed."""
    for name in ("analyzer.capture.libpcap", "analyzer.capture.scapy_live"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Refused, match="pip install"):
        open_tap("lo")
