"""The interfaces of this host."""

from __future__ import annotations

import sys

from analyzer.capture.devices import devices


def test_the_loopback_interface_is_there_and_those_that_are_up_come_first() -> None:
    """With its address; ``any`` on Linux."""
    found = devices()
    loopback = next(device for device in found if "127.0.0.1" in device.addresses)
    assert loopback.up
    assert [device.up for device in found] == sorted((device.up for device in found), reverse=True)
    assert (found[0].name == "any") is sys.platform.startswith("linux")
