"""Alert names."""

from __future__ import annotations

import ssl

import pytest

from dissectors.tls_alerts import ALERT_NAMES, ALERT_NUMBERS, FATAL, WARNING, alert_name


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


def test_names_are_those_of_openssl() -> None:
    """Python knows most alerts by OpenSSL's numbers; the others are obsolete, or newer than that list."""
    theirs = {each.value: each.name.removeprefix("ALERT_DESCRIPTION_").lower() for each in ssl.AlertDescription}
    assert theirs[90] == "user_cancelled"
    theirs[90] = "user_canceled"  # as RFC 8446 spells it
    assert (
        theirs
        | {
            21: "decryption_failed",
            30: "decompression_failure",
            41: "no_certificate",
            60: "export_restriction",
            86: "inappropriate_fallback",
            109: "missing_extension",
            116: "certificate_required",
            120: "no_application_protocol",
            121: "ech_required",
        }
        == ALERT_NAMES
    )
    assert (WARNING, FATAL) == (1, 2)


def test_an_unknown_number_keeps_its_number() -> None:
    """There is a name for every byte."""
    assert alert_name(255) == "alert_255"


def test_names_and_numbers_are_inverse() -> None:
    """No name stands twice."""
    assert {number: name for name, number in ALERT_NUMBERS.items()} == ALERT_NAMES
