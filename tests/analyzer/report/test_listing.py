"""The lines of ``distscope decode``."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.report import listing
from analyzer.sessions import events
from analyzer.sessions.events import Leg
from dissectors import handshake
from dissectors.dialogue import Side
from tests.analyzer.report.building import ANN, BOB, packet

REPLY = events.ReplySent(
    packet=packet(14, 3.4),
    side=Side.INITIATOR,
    leg=Leg.LINK,
    message=handshake.ChallengeReply(challenge=7, digest=bytes(16)),
    packets=(packet(13, 3.3), packet(14, 3.4)),
)


@pytest.mark.parametrize(("several", "number"), [(False, "    14"), (True, "  1:14")])
def test_line(several: bool, number: str) -> None:
    """Packet, time, ends, what it says; the capture's number where there are several."""
    assert listing.line(REPLY, ANN, BOB, several=several) == (
        f"{number}  2026-10-31 15:10:37.339058  10.77.0.1:50878 > 10.77.0.2:41123"
        "  challenge reply, with the digest of its cookie"
    )


def test_ipv6_addresses_have_brackets() -> None:
    """Or the port would look like a part of them."""
    assert "[fe80::1]:4369 > " in listing.line(REPLY, Endpoint("fe80::1", 4369), BOB)


def test_details_show_every_field_and_no_digest() -> None:
    """Unless it is asked for."""
    assert list(listing.details(REPLY)) == [
        "        event      challenge-reply",
        "        message    ChallengeReply",
        "        challenge  7",
        "        digest     scrubbed",
        "        packets    13, 14",
    ]
    assert "        digest     " + "00" * 16 in list(listing.details(REPLY, keep_digests=True))
    fin = events.Closed(packet=packet(1), side=Side.INITIATOR, leg=Leg.LINK)
    assert list(listing.details(fin)) == ["        event  fin"]


def test_details_show_values_for_people() -> None:
    """Yes and no, lists, and nothing."""
    alert = events.TlsEncryptedAlert(packet=packet(1), side=Side.ACCEPTOR, leg=Leg.LINK, rejection=True)
    assert "        rejection  yes" in list(listing.details(alert))
    status = events.StatusSent(packet=packet(1), side=Side.ACCEPTOR, leg=Leg.LINK, text=None)
    assert "        status    -" in list(listing.details(status))
