"""A folder → an authority, its certificates, and the options of nodes that talk TLS with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.lab.processes import run

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
DAYS = "2"
EXPIRED = "-1"
"""Days of validity: it ended before it began."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a node shows, and the key that goes with it."""

    certificate: Path
    key: Path

    def with_key_of(self, other: Certificate) -> Certificate:
        """The wrong key."""
        return Certificate(self.certificate, other.key)

    @property
    def lost(self) -> Certificate:
        """A file name with a typing error."""
        return Certificate(self.certificate.with_suffix(".pen"), self.key)


class Authority:
    """Signs certificates."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = name
        self.certificate = folder / f"{name}.pem"
        run(
            (
                *("openssl", "req", "-x509", *KEY, "-keyout", str(self._key), "-out", str(self.certificate)),
                *("-days", DAYS, "-subj", f"/CN={name}"),
            )
        )

    @property
    def _key(self) -> Path:
        return self._folder / f"{self._name}.key"

    def issue(self, host: str, *, days: str = DAYS, padding: int = 0) -> Certificate:
        """For a host; ``padding`` is how many more names it bears, for a certificate that is large."""
        stem = self._folder / f"{self._name}-{host}-{days}"
        request, certificate, key = (stem.with_name(f"{stem.name}.{kind}") for kind in ("csr", "pem", "key"))
        names = ",".join(f"DNS:{name}" for name in (host, *(f"name-{number}.{host}" for number in range(padding))))
        run(
            (
                *("openssl", "req", *KEY, "-keyout", str(key), "-out", str(request)),
                *("-subj", f"/CN={host}", "-addext", f"subjectAltName={names}"),
            )
        )
        run(
            (
                *("openssl", "x509", "-req", "-in", str(request), "-out", str(certificate), "-days", days),
                *("-CA", str(self.certificate), "-CAkey", str(self._key), "-CAcreateserial"),
                *("-copy_extensions", "copy"),
            )
        )
        return Certificate(certificate, key)


def options(
    folder: Path,
    name: str,
    own: Certificate | None,
    trusted: Path | None,
    version: str,
    *more: str,
    strict: bool = True,
) -> tuple[str, ...]:
    """Of a node that shows ``own``, believes ``trusted``, and demands a certificate of who calls it.

    ``more`` are further options in Erlang's words, for both roles; without ``strict`` nobody's certificate is checked.
    """
    both = [f"{{versions, ['tlsv{version}']}}", f"{{verify, {'verify_peer' if strict else 'verify_none'}}}", *more]
    if own is not None:
        both += [f'{{certfile, "{own.certificate}"}}', f'{{keyfile, "{own.key}"}}']
    if trusted is not None:
        both += [f'{{cacertfile, "{trusted}"}}']
    server = [*both, "{fail_if_no_peer_cert, true}"] if strict else both
    file = folder / f"{name}.tls"
    file.write_text(f"[{{server, [{', '.join(server)}]}},\n {{client, [{', '.join(both)}]}}].\n", encoding="utf-8")
    return ("-proto_dist", "inet_tls", "-ssl_dist_optfile", str(file))
