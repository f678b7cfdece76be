"""The distribution handshake by record sizes, checked against captures whose keys tell the truth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.dialogue import Side
from dissectors.tls_carried import Carried, CarriedHandshake, EncryptedAlertGuess, Inferred, Step

INI, ACC = Side.INITIATOR, Side.ACCEPTOR
Sizes = list[tuple[Side, int]]

# Application data records as captured.
CONNECTED_1_2: Sizes = [  # tls-keylog-connected-tls12, packets 25 to 33
    (INI, 60),
    (ACC, 31),
    (ACC, 63),
    (INI, 49),
    (ACC, 45),
    (ACC, 322),
    (INI, 322),
]
SERVER_FLIGHT: Sizes = [(ACC, 23), (ACC, 105), (ACC, 1705), (ACC, 281), (ACC, 69)]
CLIENT_FLIGHT: Sizes = [(INI, 1707), (INI, 281), (INI, 69)]
REJECTED_1_3: Sizes = [  # tls-keylog-cookie-mismatch-tls13, packets 16 to 29
    *SERVER_FLIGHT,
    *CLIENT_FLIGHT,
    (INI, 53),
    (ACC, 24),
    (ACC, 56),
    (INI, 42),
]
AES_256_GCM_1_2, AES_256_GCM_1_3, AES_128_GCM_1_3 = 0xC030, 0x1302, 0x1301


def infer(sizes: Sizes, version: int | None = 0x0304, suite: int | None = AES_256_GCM_1_3) -> list[Carried]:
    carried = CarriedHandshake(version, suite)
    return [item for side, length in sizes for item in carried.record(side, length)]


def steps(items: list[Carried]) -> list[Step]:
    return [item.step for item in items if isinstance(item, Inferred)]


def all_certain(items: list[Carried]) -> bool:
    return all(item.certain for item in items if isinstance(item, Inferred))


def test_connected_over_tls_1_2() -> None:
    """The decrypted records of this capture are exactly these messages."""
    assert infer(CONNECTED_1_2, 0x0303, AES_256_GCM_1_2) == [
        Inferred(Step.NAME, INI, name_length=len("ann@near.lab.test")),
        Inferred(Step.STATUS_OK, ACC),
        Inferred(Step.CHALLENGE, ACC, name_length=len("bob@far.lab.test")),
        Inferred(Step.REPLY, INI),
        Inferred(Step.ACK, ACC),
        Inferred(Step.DATA, ACC),
        Inferred(Step.DATA, INI),
    ]


def test_cookie_mismatch_over_tls_1_3() -> None:
    """The flights of TLS itself are told apart; here the name is 53 bytes long, as a Finished with SHA-256 would be."""
    assert infer(REJECTED_1_3) == [
        Inferred(Step.NAME, INI, name_length=17),
        Inferred(Step.STATUS_OK, ACC),
        Inferred(Step.CHALLENGE, ACC, name_length=16),
        Inferred(Step.REPLY, INI),
    ]


def test_a_name_as_long_as_a_finished() -> None:
    """With SHA-256 the first record of 53 bytes is the Finished, the second the name."""
    sizes: Sizes = [(ACC, 23), (ACC, 53), (INI, 53), (INI, 53), (ACC, 24)]
    assert steps(infer(sizes, suite=AES_128_GCM_1_3)) == [Step.NAME, Step.STATUS_OK]


@pytest.mark.parametrize(
    ("client_flight", "told"),
    [
        ([(INI, 25), (INI, 69)], [Inferred(Step.NO_CERTIFICATE, INI)]),
        ([(INI, 910), (INI, 281), (INI, 69)], []),
    ],
    ids=["without a certificate", "with one"],
)
def test_a_rejection_by_the_acceptor(client_flight: Sizes, told: list[Inferred]) -> None:
    """tls-cert-no-client-cert-tls13, tls-cert-unknown-ca-client-tls13: the initiator has sent its name already."""
    assert infer([*SERVER_FLIGHT, *client_flight, (INI, 54), (ACC, 19)]) == [
        *told,
        Inferred(Step.NAME, INI, name_length=18),
        EncryptedAlertGuess(ACC, rejection=True),
    ]


def test_a_rejection_by_the_initiator() -> None:
    """tls-cert-expired-server-tls13: an alert instead of the initiator's flight."""
    assert infer([*SERVER_FLIGHT, (INI, 19)]) == [EncryptedAlertGuess(INI, rejection=True)]


@pytest.mark.parametrize("side", Side)
def test_an_alert_after_the_status_is_a_farewell(side: Side) -> None:
    """A close_notify has the same size, but comes later."""
    assert infer([*REJECTED_1_3, (side, 19)])[-1] == EncryptedAlertGuess(side, rejection=False)


def test_refusal_by_status() -> None:
    """not_allowed has a size of its own, early and (docs/protocol.md 2.4) late."""
    early = infer([*SERVER_FLIGHT, *CLIENT_FLIGHT, (INI, 54), (ACC, 33)])
    assert early[-1] == Inferred(Step.STATUS_NOT_ALLOWED, ACC)
    late = infer([*REJECTED_1_3[:-1], (INI, 30), (INI, 42), (ACC, 33)])
    assert steps(late)[-3:] == [Step.COMPLEMENT, Step.REPLY, Step.STATUS_NOT_ALLOWED]
    assert all_certain(late)


@pytest.mark.parametrize(("name", "length"), [("nok", 25), ("alive", 27), ("ok_simultaneous", 37)])
def test_other_statuses(name: str, length: int) -> None:
    """A length field, the tag, the text and 17 bytes of TLS 1.3."""
    assert length == 4 + 1 + len(name) + 17
    items = infer([*SERVER_FLIGHT, *CLIENT_FLIGHT, (INI, 54), (ACC, length)])
    assert items[-1] == Inferred(Step.STATUS_OTHER, ACC)


def test_the_alive_dialogue() -> None:
    """``alive``, the initiator's ``true``, then the challenge."""
    items = infer([*SERVER_FLIGHT, *CLIENT_FLIGHT, (INI, 54), (ACC, 27), (INI, 26), (ACC, 57), (INI, 42), (ACC, 38)])
    assert steps(items) == [
        Step.NAME,
        Step.STATUS_OTHER,
        Step.STATUS_OTHER,
        Step.CHALLENGE,
        Step.REPLY,
        Step.ACK,
    ]
    assert all_certain(items)


def test_tickets_before_the_status() -> None:
    """Session tickets look like a strange status, which is not certain; the true status is."""
    items = infer([*SERVER_FLIGHT, *CLIENT_FLIGHT, (ACC, 250), (INI, 54), (ACC, 24), (ACC, 57)])
    assert items[0] == Inferred(Step.STATUS_OTHER, ACC, certain=False)
    assert steps(items[1:]) == [Step.NAME, Step.STATUS_OK, Step.CHALLENGE]
    assert all_certain(items[1:])


def test_flights_put_into_one_record_each() -> None:
    """Where no Finished shows, the status proves that the initiator's last record was its name."""
    items = infer([(ACC, 2100), (INI, 2000), (INI, 54), (ACC, 24), (ACC, 57)])
    assert items == [
        Inferred(Step.NAME, INI, name_length=18, certain=False),
        Inferred(Step.STATUS_OK, ACC),
        Inferred(Step.CHALLENGE, ACC, name_length=17),
    ]


def test_ticks_and_data() -> None:
    """A tick is a frame of nothing; TLS 1.3 may also change keys, which is no message."""
    connected: Sizes = [*REJECTED_1_3, (ACC, 38)]
    items = infer([*connected, (INI, 21), (ACC, 21), (INI, 22), (ACC, 300)])
    assert items[5:] == [Inferred(Step.TICK, INI), Inferred(Step.TICK, ACC), Inferred(Step.DATA, ACC)]
    assert infer([*CONNECTED_1_2, (INI, 28)], 0x0303, AES_256_GCM_1_2)[-1] == Inferred(Step.TICK, INI)


def test_chacha20_in_tls_1_2() -> None:
    """Eight bytes less than GCM, throughout."""
    less: Sizes = [(side, length - 8) for side, length in CONNECTED_1_2]
    assert infer(less, 0x0303, 0xCCA8) == infer(CONNECTED_1_2, 0x0303, AES_256_GCM_1_2)


@pytest.mark.parametrize("less", [0, 8])
def test_an_unknown_suite_is_learned_from_the_status(less: int) -> None:
    """Without the ServerHello the first exact size tells the overhead; from there on the names have lengths again."""
    sizes: Sizes = [(side, length - less) for side, length in CONNECTED_1_2]
    items = infer(sizes, 0x0303, None)
    assert items[0] == Inferred(Step.NAME, INI, name_length=None)
    assert items[1:] == infer(CONNECTED_1_2, 0x0303, AES_256_GCM_1_2)[1:]


def test_blocks() -> None:
    """CBC shows sizes in steps of 16: the order still tells the steps, but little is certain."""
    items = infer([(INI, 64), (ACC, 48), (ACC, 80), (INI, 64), (ACC, 64), (INI, 48)], 0x0303, 0xC014)
    assert steps(items) == [Step.NAME, Step.STATUS_OK, Step.CHALLENGE, Step.REPLY, Step.ACK, Step.TICK]
    assert [item.certain for item in items if isinstance(item, Inferred)] == [True, False, True, False, False, False]
    assert [item.name_length for item in items if isinstance(item, Inferred)] == [None] * 6


def test_no_version_is_never_certain() -> None:
    """Neither hello was captured."""
    items = infer(CONNECTED_1_2, None, None)
    assert steps(items) == steps(infer(CONNECTED_1_2, 0x0303, None))
    assert not any(item.certain for item in items if isinstance(item, Inferred))


def test_one_side_only() -> None:
    """Half a conversation shows its half, not certain where it answers what was not seen."""
    acceptor = infer([each for each in CONNECTED_1_2 if each[0] is ACC], 0x0303, AES_256_GCM_1_2)
    assert steps(acceptor) == [Step.STATUS_OK, Step.CHALLENGE, Step.ACK, Step.DATA]
    assert [item.certain for item in acceptor if isinstance(item, Inferred)] == [False, False, False, True]
    initiator = infer([each for each in REJECTED_1_3 if each[0] is INI])
    assert steps(initiator) == [Step.NAME, Step.REPLY]


def test_a_hole_makes_everything_uncertain() -> None:
    """After a hole the order proves nothing."""
    carried = CarriedHandshake(0x0303, AES_256_GCM_1_2)
    carried.gap(ACC)
    assert carried.record(INI, 60) == (Inferred(Step.NAME, INI, name_length=17, certain=False),)


def test_sizes_that_fit_nothing() -> None:
    """They are data that is out of place."""
    items = infer([(INI, 60), (ACC, 31), (INI, 200), (ACC, 63), (ACC, 99)], 0x0303, AES_256_GCM_1_2)
    assert items[2] == Inferred(Step.DATA, INI, certain=False)
    assert items[4] == Inferred(Step.DATA, ACC, certain=False)
    assert infer([(INI, 3)], 0x0303, AES_256_GCM_1_2) == [Inferred(Step.NAME, INI, certain=False)]


@given(
    st.lists(st.tuples(st.sampled_from(Side), st.one_of(st.integers(0, 90), st.integers(0, 20_000))), max_size=30),
    st.sampled_from([None, 0x0301, 0x0303, 0x0304]),
    st.sampled_from([None, 0xC030, 0xCCA8, 0xC014, 0x1302, 0x1305, 0xFFFF]),
)
def test_any_sizes(sizes: Sizes, version: int | None, suite: int | None) -> None:
    """Any sequence of sizes has a reading: at most two items a record, and names no longer than names are."""
    carried = CarriedHandshake(version, suite)
    for side, length in sizes:
        items = carried.record(side, length)
        assert len(items) <= 2
        for item in items:
            if isinstance(item, Inferred) and item.name_length is not None:
                assert 1 <= item.name_length <= 512
                assert item.step in (Step.NAME, Step.CHALLENGE)
