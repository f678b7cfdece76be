"""Alert names."""

from __future__ import annotations

import pytest

from dissectors.tls_alerts import ALERT_NAMES, ALERT_NUMBERS, alert_name


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "close_notify"),
        (10, "unexpected_message"),
        (40, "handshake_failure"),
        (45, "certificate_expired"),
        (48, "unknown_ca"),
        (70, "protocol_version"),
        (71, "insufficient_security"),
        (116, "certificate_required"),
    ],
)
def test_names_that_otp_sends(number: int, name: str) -> None:
    """The alerts of docs/protocol.md 4.3."""
    assert alert_name(number) == name


def test_an_unknown_number_keeps_its_number() -> None:
    """There is a name for every byte."""
    assert alert_name(255) == "alert_255"


def test_names_and_numbers_are_inverse() -> None:
    """No name stands twice."""
    assert {number: name for name, number in ALERT_NUMBERS.items()} == ALERT_NAMES
