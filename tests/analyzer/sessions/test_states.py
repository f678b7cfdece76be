"""The transition table: every state with every event."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions import events
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.states import PROVES, TABLE, Stage, State, stage_of, step
from tests.analyzer.sessions.happening import event_classes, every_event

ORDER = list(State)
EVENTS = [event for leg in Leg for event in every_event(leg)]
LINK = {type(event): event for event in every_event(Leg.LINK)}
EPMD = {type(event): event for event in every_event(Leg.EPMD)}


def test_every_class_is_tried() -> None:
    """The catalogue of events has one of each class, so that the pairs below are really all."""
    assert {type(event) for event in EVENTS} == set(event_classes())


@pytest.mark.parametrize("state", State)
def test_every_pair_has_an_answer_and_never_goes_back(state: State) -> None:
    """An observer meets everything: no pair raises, none forgets what was proven."""
    for event in EVENTS:
        after = step(state, event)
        assert isinstance(after, State)
        assert ORDER.index(after) >= ORDER.index(state), (state, event.name, after)


@pytest.mark.parametrize("state", State)
def test_an_event_twice_is_an_event_once(state: State) -> None:
    """What was proven once is not proven further by a repetition."""
    for event in EVENTS:
        after = step(state, event)
        assert step(after, event) is after


@pytest.mark.parametrize("state", State)
def test_what_an_event_proves_holds_afterwards(state: State) -> None:
    """Whatever was or was not seen before, the state is at least the one that the event proves."""
    for event in EVENTS:
        proven = PROVES.get(type(event), (None, None))[event.leg is Leg.LINK]
        if proven is not None:
            assert ORDER.index(step(state, event)) >= ORDER.index(proven)


def test_a_whole_attempt() -> None:
    """Lookup, dial, handshake, data and close go through every stage in order, TLS aside."""
    story = [
        *(EPMD[kind] for kind in (events.Dialled, events.DialAnswered, events.Opened)),
        *(EPMD[kind] for kind in (events.EpmdAsked, events.EpmdAnswered, events.Closed)),
        *(LINK[kind] for kind in (events.Dialled, events.DialAnswered, events.Opened)),
        *(LINK[kind] for kind in (events.NameSent, events.StatusSent, events.ChallengeSent)),
        *(LINK[kind] for kind in (events.ReplySent, events.AckSent, events.DataStarted, events.Closed)),
    ]
    states = list(itertools.accumulate(story, step, initial=State.START))
    assert [stage for stage, _ in itertools.groupby(map(stage_of, states))] == [
        stage for stage in Stage if stage is not Stage.TLS
    ]
    assert set(states) == set(State) - {State.TLS}


@pytest.mark.parametrize("end", [events.Closed, events.WasReset])
@pytest.mark.parametrize("state", State)
def test_only_a_link_that_was_up_can_end(state: State, end: type[Event]) -> None:
    """A close in mid-handshake leaves the stage that it got to; EPMD's close never ends a link."""
    assert (step(state, LINK[end]) is State.ENDED) == (state in (State.CONNECTED, State.ENDED))
    assert step(state, EPMD[end]) is state


def test_an_ack_proves_all_before_it() -> None:
    """A capture that begins in mid-handshake still tells how far it got."""
    assert step(State.START, LINK[events.AckSent]) is State.ACKNOWLEDGED
    assert step(State.START, LINK[events.Ticked]) is State.CONNECTED


def test_epmd_says_nothing_of_the_link() -> None:
    """Events of the lookup can't move an attempt past the lookup."""
    for event in every_event(Leg.EPMD):
        assert stage_of(step(State.START, event)) is Stage.LOOKUP


def test_tls_alert_alone_proves_no_tls_handshake() -> None:
    """A plain listener that answers with an alert does not speak TLS with the initiator."""
    assert step(State.DIALLING, LINK[events.TlsAlert]) is State.OPEN


def test_tables_name_only_real_things() -> None:
    """No row of the tables is for an event that can't be on a timeline."""
    known = set(event_classes())
    assert set(PROVES) <= known
    assert all(set(row) <= known for row in TABLE.values())


@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_any_order_of_events(story: list[Event]) -> None:
    """Any story at all moves forward or stays, and every state has a stage."""
    states = list(itertools.accumulate(story, step, initial=State.START))
    for before, after in itertools.pairwise(states):
        assert ORDER.index(before) <= ORDER.index(after)
        assert list(Stage).index(stage_of(before)) <= list(Stage).index(stage_of(after))
