"""Hellos of OTP 25 nodes, read and written."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cursor import Malformed, Truncated, WireError
from dissectors.tls_hello import (
    ALPN,
    HELLO_RETRY_RANDOM,
    SERVER_NAME,
    SUPPORTED_VERSIONS,
    ClientHello,
    Extension,
    ServerHello,
)

# tls-cert-no-client-cert-tls13, packet 14, behind the record and handshake headers
CLIENT_HELLO = bytes.fromhex(
    "0303"  # legacy_version
    "1f2b7934ce82f8c9a0242e5335eb00f12205e98e822b452375f8f29fdca7604f"  # random
    "20 6b6785efb4351a68b159a793059cd0021ab411df79c91fc77835edf8c3311ecb"  # session_id
    "000c 00ff 1302 1301 1303 1304 1305"  # cipher_suites
    "01 00"  # compression_methods
    "0081"  # extensions
    "0000 0012 0010 00 000d 626574612e6c61622e74657374"  # server_name: beta.lab.test
    "000d 0022 0020 08070808060305030403080b080a080908060805080406010501040102030201"  # signature_algorithms
    "0033 0026 0024 001d 0020 2282caa1e1465390cca9ae4333d02cb3930fdcba35936ac9c85d5ec129e38764"  # key_share
    "000a 000a 0008 001d 001e 0017 0018"  # supported_groups
    "000b 0002 01 00"  # ec_point_formats
    "002b 0003 02 0304"  # supported_versions
)

# the same capture, packet 16
SERVER_HELLO = bytes.fromhex(
    "0303"  # legacy_version
    "673a31bee706eee76ffce8cda1d24cfc70eb19f9ecdc3e00f4a3aa179531b8c3"  # random
    "20 6b6785efb4351a68b159a793059cd0021ab411df79c91fc77835edf8c3311ecb"  # session_id
    "1302"  # cipher_suite: TLS_AES_256_GCM_SHA384
    "00"  # compression_method
    "002e"  # extensions
    "002b 0002 0304"  # supported_versions
    "0033 0024 001d 0020 481288023ffa5bb4996d3eaaf23160a23aebe00b782112294f6df791ad6f8d6b"  # key_share
)

# tls-cert-unknown-ca-server-tls12, packet 16
SERVER_HELLO_1_2 = bytes.fromhex(
    "0303"  # legacy_version
    "6b0308d710efe926846de03b93340068f922d917bc53a64c11949bc82b2efacc"  # random
    "20 ea6d321eca53246f74bbc9f5c62b567566d77b27d890c6def8081d9f23c2ebdb"  # session_id
    "c030"  # cipher_suite: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    "00"  # compression_method
    "000b"  # extensions
    "ff01 0001 00"  # renegotiation_info
    "000b 0002 0100"  # ec_point_formats
)


def client_hello(*extensions: Extension) -> ClientHello:
    return ClientHello(0x0303, bytes(32), b"", (0xC030,), extensions=extensions or None)


def test_client_hello() -> None:
    """What an OTP 25 initiator with TLS 1.3 offers."""
    hello = ClientHello.read(CLIENT_HELLO)
    assert hello.legacy_version == 0x0303
    assert hello.versions == (0x0304,)
    assert hello.cipher_suites == (0x00FF, 0x1302, 0x1301, 0x1303, 0x1304, 0x1305)
    assert hello.server_name == "beta.lab.test"
    assert hello.alpn == ()
    assert [each.type for each in hello.extensions or ()] == [0, 13, 51, 10, 11, 43]


def test_server_hello() -> None:
    """TLS 1.3 is told by an extension only."""
    hello = ServerHello.read(SERVER_HELLO)
    assert (hello.version, hello.cipher_suite, hello.is_hello_retry) == (0x0304, 0x1302, False)


def test_server_hello_of_tls_1_2() -> None:
    """Without the extension the legacy version is the version."""
    hello = ServerHello.read(SERVER_HELLO_1_2)
    assert (hello.version, hello.cipher_suite, hello.is_hello_retry) == (0x0303, 0xC030, False)


def test_hello_retry() -> None:
    """A HelloRetryRequest is a ServerHello with a certain random."""
    assert HELLO_RETRY_RANDOM.hex() == "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
    assert ServerHello(0x0303, HELLO_RETRY_RANDOM, b"", 0x1301).is_hello_retry


@pytest.mark.parametrize("cls", [ClientHello, ServerHello])
@pytest.mark.parametrize("body", [CLIENT_HELLO, SERVER_HELLO, SERVER_HELLO_1_2])
def test_real_hellos_round_trip(cls: type[ClientHello] | type[ServerHello], body: bytes) -> None:
    """Writing gives the bytes that were read; a hello of the other kind is refused or kept whole."""
    try:
        assert cls.read(body).write() == body
    except WireError:
        assert (cls is ClientHello) == (body is not CLIENT_HELLO)


def test_without_extensions() -> None:
    """No extensions, and an empty list of them, are two different sequences of bytes."""
    bare = ClientHello(0x0301, bytes(32), b"", (0x002F,))
    empty = ClientHello(0x0301, bytes(32), b"", (0x002F,), extensions=())
    assert bare.write() + b"\0\0" == empty.write()
    assert ClientHello.read(bare.write()) == bare
    assert ClientHello.read(empty.write()) == empty
    assert (bare.versions, bare.server_name, bare.alpn) == ((0x0301,), None, ())


def test_alpn() -> None:
    """A browser tells itself apart from a node by its application protocols."""
    hello = client_hello(Extension(ALPN, b"\x00\x0c\x02h2\x08http/1.1"))
    assert hello.alpn == ("h2", "http/1.1")


def test_a_name_of_another_kind_is_no_host_name() -> None:
    """Only name_type 0 is a host name."""
    assert client_hello(Extension(SERVER_NAME, b"\x00\x06\x01\x00\x03abc")).server_name is None


@pytest.mark.parametrize("data", [b"", b"\x05", b"\x09\x09\x00", b"\xff" * 9])
def test_extensions_that_cannot_be_read_are_kept(data: bytes) -> None:
    """A bad extension costs what it would have said, not the hello."""
    hello = client_hello(Extension(SERVER_NAME, data), Extension(ALPN, data), Extension(SUPPORTED_VERSIONS, data))
    assert (hello.versions, hello.server_name, hello.alpn) == ((0x0303,), None, ())
    assert ClientHello.read(hello.write()) == hello


def test_a_version_that_cannot_be_read() -> None:
    """The legacy version stands in for a selected version that is cut."""
    assert ServerHello(0x0303, bytes(32), b"", 0x1301, extensions=(Extension(43, b"\x03"),)).version == 0x0303


@pytest.mark.parametrize("cls, body", [(ClientHello, CLIENT_HELLO), (ServerHello, SERVER_HELLO)])
def test_cut_anywhere(cls: type[ClientHello] | type[ServerHello], body: bytes) -> None:
    """A cut hello is refused, or was cut exactly in front of its extensions."""
    read = []
    for size in range(len(body)):
        try:
            read.append(cls.read(body[:size]))
        except Truncated:
            continue
    assert [hello.extensions for hello in read] == [None]


@pytest.mark.parametrize("cls, body", [(ClientHello, CLIENT_HELLO), (ServerHello, SERVER_HELLO)])
def test_trailing_junk(cls: type[ClientHello] | type[ServerHello], body: bytes) -> None:
    """A hello must fill its body."""
    with pytest.raises(Malformed, match="no more bytes wanted, 1 bytes found"):
        cls.read(body + b"\0")


extensions = st.none() | st.lists(st.builds(Extension, st.integers(0, 0xFFFF), st.binary(max_size=30)), max_size=5).map(
    tuple
)


@given(
    st.builds(
        ClientHello,
        legacy_version=st.integers(0, 0xFFFF),
        random=st.binary(min_size=32, max_size=32),
        session_id=st.binary(max_size=32),
        cipher_suites=st.lists(st.integers(0, 0xFFFF), max_size=20).map(tuple),
        compression_methods=st.binary(max_size=3),
        extensions=extensions,
    )
)
def test_any_client_hello_round_trips(hello: ClientHello) -> None:
    """Reading what was written gives the same, and the derived facts never raise."""
    assert ClientHello.read(hello.write()) == hello
    assert hello.versions is not None
    assert isinstance(hello.server_name, str | None)
    assert isinstance(hello.alpn, tuple)


@given(
    st.builds(
        ServerHello,
        legacy_version=st.integers(0, 0xFFFF),
        random=st.binary(min_size=32, max_size=32),
        session_id=st.binary(max_size=32),
        cipher_suite=st.integers(0, 0xFFFF),
        compression_method=st.integers(0, 255),
        extensions=extensions,
    )
)
def test_any_server_hello_round_trips(hello: ServerHello) -> None:
    """Reading what was written gives the same, and there is always a version."""
    assert ServerHello.read(hello.write()) == hello
    assert isinstance(hello.version, int)


@given(st.binary(max_size=120))
def test_any_bytes(data: bytes) -> None:
    """Bytes are a hello that writes itself back, or refused by the one error."""
    for cls in (ClientHello, ServerHello):
        with suppress(WireError):
            assert cls.read(data).write() == data
