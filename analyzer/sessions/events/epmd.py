"""Requests to EPMD and its answers, as events."""

from __future__ import annotations

from typing import ClassVar

from analyzer.sessions.events.event import Event, Fields, describe
from dissectors import epmd
from dissectors.dataclass import dataclass

EpmdRequestMessage = (
    epmd.Alive2Req
    | epmd.Port2Req
    | epmd.NamesReq
    | epmd.DumpReq
    | epmd.KillReq
    | epmd.StopReq
    | epmd.AliveReq
    | epmd.PortReq
)
EpmdResponseMessage = (
    epmd.Alive2Resp
    | epmd.Alive2XResp
    | epmd.Port2Resp
    | epmd.Port2Refusal
    | epmd.NamesResp
    | epmd.DumpResp
    | epmd.KillResp
    | epmd.StopResp
    | epmd.AliveResp
    | epmd.PortResp
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpmdAsked(Event):
    """A request to EPMD (docs/protocol.md 1.2)."""

    name: ClassVar[str] = "epmd-request"
    message: EpmdRequestMessage

    def fields(self) -> Fields:
        return describe(self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpmdAnswered(Event):
    """An answer of EPMD (docs/protocol.md 1.2)."""

    name: ClassVar[str] = "epmd-response"
    message: EpmdResponseMessage

    def fields(self) -> Fields:
        return describe(self.message)
