"""When a user is advised to hide an EPMD: where it answers somebody over a public address."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors import epmd
from tests.analyzer.rules.asking import said
from tests.analyzer.sessions.talking import ANN, BOB, Clock, ask_epmd, port2_resp

NAME = "epmd-open-to-world"
PUBLIC = "8.8.4.4"


@pytest.mark.parametrize(
    ("opener", "host", "told"), [(ANN, BOB, False), (PUBLIC, BOB, True), (ANN, PUBLIC, True), (PUBLIC, PUBLIC, True)]
)
def test_public(opener: str, host: str, told: bool) -> None:
    """On either side."""
    talk = ask_epmd(Clock(), opener, host).ask(epmd.Port2Req(name="bob")).answer(port2_resp())
    found = said(NAME, talk.clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.why) == (
            Certainty.LIKELY,
            f"EPMD at {host} answered {opener}, and {PUBLIC} is a public address",
        )


def test_a_node_that_registers() -> None:
    """It is on the same host, whatever address it takes for that."""
    request = epmd.Alive2Req(port=9100, type=77, protocol=0, highest=6, lowest=5, name="bob")
    talk = ask_epmd(Clock(), PUBLIC, PUBLIC).ask(request).answer(epmd.Alive2XResp(result=0, creation=1))
    assert said(NAME, talk.clock) is None
