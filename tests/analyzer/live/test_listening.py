"""Interfaces that can't be listened to: an error with the very command to run."""

from __future__ import annotations

import os
import sys

import pytest

from analyzer.capture import tap
from analyzer.capture.tap import Refusal, Refused
from analyzer.live import listening
from analyzer.live.listening import listen
from tests.analyzer.live.scripted import ScriptedTap


def refusing(refusal: Refusal) -> object:
    """An opener that refuses."""

    def open_tap(name: str, **more: int) -> tap.Tap:
        raise Refused(name, refusal)

    return open_tap


def test_an_unknown_interface_names_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be copied."""
    monkeypatch.setattr(listening, "open_tap", refusing(Refusal.NO_SUCH))
    with pytest.raises(Refused) as caught:
        listen(["eth9"])
    assert "eth9: there is no such interface\n  next: name one of these with -i: " in str(caught.value)
    assert "lo" in str(caught.value)


def test_the_missing_right_gives_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole command line behind sudo, but for secrets; and what to give the interpreter instead."""
    monkeypatch.setattr(listening, "open_tap", refusing(Refusal.FORBIDDEN))
    monkeypatch.setattr(sys, "argv", ["/opt/x y/distscope", "sniff", "-i", "eth0"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Refused) as caught:
        listen(["eth0"])
    assert "next: sudo '/opt/x y/distscope' sniff -i eth0\n" in str(caught.value)
    assert "sudo setcap cap_net_raw+ep " in str(caught.value)
    monkeypatch.setattr(
        sys, "argv", ["/opt/x y/distscope", "sniff", "--notify", "json://t0ken", "--notify=json://t0ken"]
    )
    with pytest.raises(Refused) as caught:
        listen(["eth0"])
    assert "sudo '/opt/x y/distscope' sniff --notify URL --notify=URL\n" in str(caught.value)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Refused, match="NET_RAW"):
        listen(["eth0"])


def test_an_interface_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """How to change that."""
    monkeypatch.setattr(listening, "open_tap", refusing(Refusal.DOWN))
    with pytest.raises(Refused, match="sudo ip link set eth0 up"):
        listen(["eth0"])


def test_each_is_opened_once_and_closed_again_if_another_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever fails leaves nothing open."""
    opened: list[ScriptedTap] = []

    def open_tap(name: str) -> tap.Tap:
        if name == "bad":
            raise Refused(name, Refusal.OTHER)
        opened.append(ScriptedTap([], name=name))
        return opened[-1]

    monkeypatch.setattr(listening, "open_tap", open_tap)
    assert [each.name for each in listen(["a", "b", "a"])] == ["a", "b"]
    with pytest.raises(Refused):
        listen(["c", "bad"])
    assert opened[-1].closed
