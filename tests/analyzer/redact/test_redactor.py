"""Pseudonyms of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.redact.redactor import Redactor
from analyzer.sessions.product import product_of

KEY = b"k" * 32


@given(st.binary(max_size=60))
def test_length_and_shape_stay(name: bytes) -> None:
    """What is no letter and no digit stays where it is: an ``@``, a dot, whatever a hostile node writes."""
    made = Redactor(KEY).node(name)
    assert len(made) == len(name)
    for old, new in zip(name, made, strict=True):
        if not (chr(old).isalnum() or old >= 0x80):
            assert new == old
        assert chr(old).isdigit() == chr(new).isdigit() or old >= 0x80


@given(st.lists(st.text("abcXYZ019-.", min_size=1, max_size=12), min_size=2, max_size=2, unique=True))
def test_names_stay_apart(names: list[str]) -> None:
    """No two nodes become one."""
    redactor = Redactor(KEY)
    one, two = (redactor.node(name.encode()) for name in names)
    assert one != two


def test_the_same_key_gives_the_same_names() -> None:
    """And another one others."""
    name = b"ann@node1.example.com"
    assert Redactor(KEY).node(name) == Redactor(KEY).node(name) != Redactor(b"x" * 32).node(name)


def test_a_host_is_the_same_short_and_long() -> None:
    """Label by label; also in a name."""
    redactor = Redactor(KEY)
    short, long = redactor.host(b"node1"), redactor.host(b"node1.example.com")
    assert long.split(b".")[0] == short
    assert redactor.node(b"ann@node1.example.com").endswith(b"@" + long)
    assert redactor.host(b"localhost") == b"localhost"


def test_an_address_in_a_name_is_the_address() -> None:
    """So whoever names nodes by address is seen to do so."""
    redactor = Redactor(KEY)
    new = ".".join(str(octet) for octet in redactor.address(bytes((10, 77, 0, 1)))).encode()
    assert redactor.node(b"ann@10.77.0.1").partition(b"@")[2] == new
    assert redactor.host(b"::ffff:10.77.0.1") != b"::ffff:10.77.0.1"


@pytest.mark.parametrize(
    "name", ["rabbit@db-7", "rabbitmqcli-4711-rabbit@db-7", "ejabberd@h1", "ctl-3-ejabberd@h1", "couchdb@h1", "emqx@h1"]
)
def test_the_product_stays(name: str) -> None:
    """Its operators need their own words; the rest of the name goes."""
    made = Redactor(KEY).node(name.encode()).decode()
    assert product_of(made) == product_of(name) is not None
    assert made != name


def test_mac_addresses() -> None:
    """Locally administered ones, which no vendor has; groups stay groups."""
    made = Redactor(KEY).mac(bytes.fromhex("00163e112233"))
    assert len(made) == 6
    assert made[0] & 3 == 2
    for kept in ("ffffffffffff", "01005e000001", "000000000000"):
        assert Redactor(KEY).mac(bytes.fromhex(kept)).hex() == kept


def test_the_way_back() -> None:
    """Every pseudonym with what it stands for."""
    redactor = Redactor(KEY)
    made = redactor.node(b"ann@10.77.0.1").decode()
    assert redactor.known["nodes"] == {made: "ann@10.77.0.1"}
    assert redactor.known["addresses"] == {made.partition("@")[2]: "10.77.0.1"}
