"""tshark as a second opinion: where it decodes EPMD and the handshake, it reads the same fields as we do.

Its limits (docs/protocol.md 8) are why a frame that only we decode is no disagreement: it knows EPMD on port 4369
alone, puts no split message together, reads one handshake message per frame, and follows one connection per lookup.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

from analyzer import pipeline
from analyzer.sessions.events import Event
from dissectors import epmd_messages as epmd
from dissectors import handshake_messages as handshake
from dissectors.wire import Message
from tests.conftest import WITHOUT_TSHARK
from tests.corpus import SAMPLES, opened

pytestmark = pytest.mark.skipif(WITHOUT_TSHARK, reason="WITHOUT_TSHARK is set: no second opinion on decoding")

Fields = dict[str, str | int]
Frame = tuple[int, int]
"""Index of the file, number of the packet."""

ASKED = (
    "frame.number",
    *(f"epmd.{field}" for field in ("type", "result", "port_no", "node_type", "protocol", "creation")),
    *(f"epmd.{field}" for field in ("dist_high", "dist_low", "name", "elen")),
    *(f"erldp.{field}" for field in ("tag", "version", "flags_v5", "flags_v6", "creation", "challenge")),
    *(f"erldp.{field}" for field in ("digest", "name", "status")),
)
"""Fields of tshark 4.0 and later."""

TEXTS = {"epmd.name", "erldp.name", "erldp.status", "erldp.digest"}

UNREADABLE = (".xz", ".lz4", ".zst")
"""Compressions that not every tshark is built with."""

MISREAD = {"shapes/tiny-segments": "it takes a piece of a split message for a whole one"}
"""Sample → why tshark is wrong about it."""

AT_LEAST = 1100
"""Frames on which both had something to say, in the whole corpus; fewer, and this compares nothing."""


# --- What tshark says ------------------------------------------------------------------------------------------------


@cache
def _tshark(path: str) -> list[Fields]:
    """The fields of each frame with EPMD, or a handshake message, in it."""
    wanted = "(epmd.type || erldp.tag) && !tcp.analysis.retransmission && !tcp.analysis.out_of_order"
    command = ["tshark", "-n", "-r", path, "-Y", wanted, "-T", "fields", "-E", "occurrence=f"]
    for field in ASKED:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    assert done.returncode in (0, 2), done.stderr  # 2: the file is cut off in a packet
    rows = [dict(zip(ASKED, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]
    return [{field: _read(field, value) for field, value in row.items() if value} for row in rows]


def _read(field: str, value: str) -> str | int:
    """Numbers are written in decimal, in hexadecimal, or as a character in quotes, as versions of tshark like it."""
    if field in TEXTS:
        return value
    return ord(value[1]) if value.startswith("'") else int(value, 0)


@pytest.fixture(scope="session", autouse=True)
def all_opinions() -> None:
    """Asks for every file beforehand, on all cores: a tshark takes a third of a second to start."""
    if not WITHOUT_TSHARK:
        assert shutil.which("tshark"), "tshark is missing: apt-get install tshark (or set WITHOUT_TSHARK=1)"
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(
                pool.map(
                    _tshark, [str(path) for sample in SAMPLES.values() for path in sample.paths if _readable(path.name)]
                )
            )


def _readable(name: str) -> bool:
    return not name.endswith(UNREADABLE)


# --- What we say, in tshark's words ----------------------------------------------------------------------------------


def _registration(message: Any) -> Fields:
    return {
        "epmd.port_no": message.port,
        "epmd.node_type": message.type,
        "epmd.protocol": message.protocol,
        "epmd.dist_high": message.highest,
        "epmd.dist_low": message.lowest,
        "epmd.name": message.name,
        "epmd.elen": len(message.extra),
    }


def _name(message: Any) -> Fields:
    return {"erldp.flags_v6": message.flags, "erldp.creation": message.creation, "erldp.name": message.name}


def _old_name(message: Any) -> Fields:
    return {"erldp.version": message.version, "erldp.flags_v5": message.flags, "erldp.name": message.name}


def _challenge(message: Any) -> Fields:
    return {"erldp.challenge": message.challenge}


def _digest(message: Any) -> Fields:
    return {"erldp.digest": message.digest.hex()}


TRANSLATIONS: dict[type[Message], list[Callable[[Any], Fields]]] = {
    epmd.Alive2Req: [_registration],
    epmd.Alive2Resp: [lambda m: {"epmd.result": m.result, "epmd.creation": m.creation}],
    epmd.Port2Req: [lambda m: {"epmd.name": m.node}],
    epmd.Port2Resp: [lambda m: {"epmd.result": m.result}, _registration],
    epmd.Port2Refusal: [lambda m: {"epmd.result": m.result}],
    epmd.NamesReq: [],
    handshake.SendName: [_name],
    handshake.SendNameOld: [_old_name],
    handshake.Status: [lambda m: {"erldp.status": m.text}],
    handshake.Challenge: [_name, _challenge],
    handshake.ChallengeOld: [_old_name, _challenge],
    handshake.ChallengeReply: [_challenge, _digest],
    handshake.ChallengeAck: [_digest],
}
"""Message → its fields, but for the first byte."""


def _translated(message: Message) -> Fields:
    tag = "epmd.type" if type(message).__module__ == epmd.__name__ else "erldp.tag"
    fields: Fields = {tag: message.write()[0]}
    for part in TRANSLATIONS[type(message)]:
        fields |= part(message)
    return fields


def _ours(name: str) -> dict[Frame, list[Fields]]:
    found: dict[Frame, list[Fields]] = defaultdict(list)
    with opened(name) as (source, options):
        for said in pipeline.decode(source, options):
            message = _message_of(said.event)
            if type(message) in TRANSLATIONS:
                assert message is not None
                found[said.event.packet.capture, said.event.packet.number].append(_translated(message))
    return found


def _message_of(event: Event) -> Message | None:
    message = getattr(event, "message", None)
    return message if isinstance(message, Message) else None


# --- Both ------------------------------------------------------------------------------------------------------------


@cache
def _compared(name: str) -> tuple[int, list[str]]:
    """How many frames both decode, and where they differ."""
    ours = _ours(name)
    both, differences = 0, []
    for index, path in enumerate(SAMPLES[name].paths):
        for theirs in _tshark(str(path)) if _readable(path.name) else []:
            fields = {field: value for field, value in theirs.items() if field != "frame.number"}
            mine = ours.get((index, int(theirs["frame.number"])), [])
            both += bool(mine)
            if mine and fields not in mine:
                differences.append(f"frame {theirs['frame.number']}: tshark {fields}; we {mine}")
    return both, differences


@pytest.mark.parametrize("name", SAMPLES)
def test_both_read_the_same(name: str) -> None:
    """Every field of every frame that both decode."""
    differences = _compared(name)[1]
    assert bool(differences) is (name in MISREAD), differences


def test_both_had_something_to_say() -> None:
    """The comparison is not empty."""
    assert sum(_compared(name)[0] for name in SAMPLES) >= AT_LEAST
