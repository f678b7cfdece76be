"""What all flavours share."""

from __future__ import annotations

import pytest

from analyzer.report.ticket import FLAVOURS


@pytest.mark.parametrize("name", FLAVOURS)
def test_names_in_a_sentence_stand_as_code(name: str) -> None:
    """Everything else of it is plain."""
    flavour = FLAVOURS[name]
    assert flavour.text("ann@h1 called bob@h2.") == f"{flavour.code('ann@h1')} called {flavour.code('bob@h2')}."
