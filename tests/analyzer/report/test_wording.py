"""Words that every renderer shares, and what is never told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report import wording
from analyzer.sessions import events
from analyzer.sessions.attempt import Quality, Stage
from analyzer.sessions.events import Leg
from dissectors import handshake
from dissectors.dialogue import Side
from tests.analyzer.report.building import packet

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.frozensets(st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=10,
)


def test_every_stage_and_quality_is_worded() -> None:
    """Whoever adds one is reminded of its words."""
    assert set(wording.STAGES) == {stage.value for stage in Stage}
    assert set(wording.QUALITIES) == {quality.value for quality in Quality}


@given(ANYTHING)
def test_plain_values_are_json_and_harmless(value: object) -> None:
    """Whatever a rule puts into its detail, JSON can hold it and a terminal can show it."""
    text = json.dumps(wording.plain(value), ensure_ascii=False, allow_nan=False)
    assert text.isprintable()


def test_digests_are_scrubbed_at_any_depth() -> None:
    """By the name of their key; None stays None."""
    value = {"a": [{"digest": "00ff"}], "digest": None}
    assert wording.plain(value, keep_digests=False) == {"a": [{"digest": wording.SCRUBBED}], "digest": None}
    assert wording.plain(value, keep_digests=True) == value


def test_facts_scrub_the_digest_of_a_message() -> None:
    """Unless it is asked for."""
    message = handshake.ChallengeAck(digest=bytes(range(16)))
    event = events.AckSent(packet=packet(1), side=Side.ACCEPTOR, leg=Leg.LINK, message=message)
    assert wording.facts(event, keep_digests=False)["digest"] == "scrubbed"
    assert wording.facts(event, keep_digests=True)["digest"] == bytes(range(16)).hex()


@pytest.mark.parametrize(
    ("leg", "problem", "shown"),
    [
        (Leg.LINK, "malformed", "001572"),
        (Leg.LINK, "truncated", "001572"),
        (Leg.LINK, "out-of-step", "scrubbed"),
        (Leg.EPMD, "malformed", "001572" + "ab" * 20),
    ],
)
def test_bytes_that_may_hold_a_digest_are_cut(leg: Leg, problem: str, shown: str) -> None:
    """A reply that breaks off is not understood, and half a digest helps to guess as well."""
    event = events.NotUnderstood(
        packet=packet(1),
        side=Side.INITIATOR,
        leg=leg,
        problem=problem,
        reason="r",
        data=bytes.fromhex("001572" + "ab" * 20),
        offset=0,
        length=23,
    )
    assert wording.facts(event, keep_digests=False)["data"] == shown
    assert wording.facts(event, keep_digests=True)["data"] == "001572" + "ab" * 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the acceptor closed", "The acceptor closed."),
        ("ann@h closed", "ann@h closed."),
        ("10.0.0.1 closed!", "10.0.0.1 closed!"),
        ("\x1b[31mred", "\\x1b[31mred."),
        ("", ""),
    ],
)
def test_sentence(text: str, said: str) -> None:
    """A capital and a full stop, and no node gets another name."""
    assert wording.sentence(text) == said


def test_by_product_folds_only_where_the_product_is_unknown() -> None:
    """A list for five products hides what holds for all."""
    general, rabbit, emqx = "Open the port.", "RabbitMQ: Open 25672.", "EMQX: Open 4370."
    assert wording.by_product([general, rabbit]) == ((general, rabbit), ())
    assert wording.by_product([general, rabbit, emqx, rabbit]) == ((general,), ("RabbitMQ", "EMQX"))
    assert wording.by_product([]) == ((), ())


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ((25, 27, "OTP"), "OTP 25 to 27"),
        ((22, 22, "erl_interface"), "erl_interface 22"),
        ((29, None, None), "like OTP 29 or later"),
    ],
)
def test_release(release: tuple[int, int | None, str | None], said: str) -> None:
    """A range, one, or an open end."""
    assert wording.release(*release) == said


def test_counted() -> None:
    """Singular, plural, thousands."""
    assert [wording.counted(n, "byte") for n in (0, 1, 1234)] == ["0 bytes", "1 byte", "1,234 bytes"]


def test_a_silence_of_the_default_setup_time_is_named() -> None:
    """It is how one recognises the timer; other silences are just long."""
    second = 10**9
    assert wording.silence(7_002_000_000, link_up=False).endswith("(net_setuptime is 7 s by default)")
    assert wording.silence(8 * second, link_up=False) == "8.0 s without a message"
    assert wording.silence(7 * second, link_up=True).startswith("7.0 s of a link that is up")
