"""Certificates that nobody can be found by."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.redact.certificates import redact_certificate
from analyzer.redact.redactor import Redactor
from dissectors.certificate import read_certificate

DATA = Path(__file__).parents[2] / "dissectors" / "data"
CERTIFICATES = sorted(DATA.glob("*.der"))


@given(st.binary(max_size=200))
def test_total(data: bytes) -> None:
    """Whatever the bytes are: as many, and no error."""
    assert len(redact_certificate(data, Redactor(bytes(32)))) == len(data)


@pytest.mark.parametrize("path", CERTIFICATES, ids=lambda path: path.stem)
def test_a_certificate(path: Path) -> None:
    """Still one, for the same time; of somebody else."""
    der = path.read_bytes()
    redactor = Redactor(bytes(32))
    made = redact_certificate(der, redactor)
    old, new = read_certificate(der), read_certificate(made)
    assert (new.not_before, new.not_after) == (old.not_before, old.not_after)
    assert len(new.dns_names) == len(old.dns_names)
    assert new.dns_names == tuple(redactor.host(name.encode()).decode() for name in old.dns_names)
    assert new.serial != old.serial or len(old.serial) < 16
    assert der[-64:] not in made
    for name in (old.subject, old.issuer):
        assert name is None or name.encode() not in made


def test_nesting_is_bounded() -> None:
    """A hostile certificate is not followed for ever."""
    der = b""
    for _ in range(60):
        der = b"\x30" + (bytes([len(der)]) if len(der) < 128 else b"\x81" + bytes([len(der)])) + der
    assert len(redact_certificate(der, Redactor(bytes(32)))) == len(der)
