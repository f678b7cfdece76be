"""TLS before the distribution handshake: mixed up with plain text, certificates, versions, what gets lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.lab.nodes import c_node, erlang, tls
from tests.lab.nodes.erlang import COOKIE, OTHER_COOKIE, QUICK, Node
from tests.lab.nodes.releases import OTP25, OTP28, Release
from tests.lab.nodes.tls import EXPIRED, Certificate
from tests.lab.scenario import Scenario, declare, scenario
from tests.lab.stage import Stage

VERSIONS = ("1.2", "1.3")
Options = tuple[str, ...]


class Setup:
    """An authority that both nodes believe, and what each of them shows."""

    def __init__(self, lab: Stage, version: str) -> None:
        self._lab = lab
        self.version = version
        self.ann_at, self.bob_at = lab.alpha.place.fqdn, lab.beta.place.fqdn
        self.authority = tls.Authority(lab.folder)
        self.stranger = tls.Authority(lab.folder, "stranger")
        self.ann = self.authority.issue(self.ann_at)
        self.bob = self.authority.issue(self.bob_at)

    def options(
        self, host: str, own: Certificate | None, *more: str, version: str = "", strict: bool = True
    ) -> Options:
        """Of one node."""
        trusted = self.authority.certificate
        return tls.options(self._lab.folder, host, own, trusted, version or self.version, *more, strict=strict)

    def nodes(self, calling: Options, called: Options, *, cookie: str = COOKIE) -> tuple[Node, Node]:
        """Both nodes, not yet connected."""
        return erlang.pair(self._lab, calling=calling, called=called, cookie=cookie, at=(self.ann_at, self.bob_at))


Certificates = Callable[[Setup], tuple[Certificate | None, Certificate | None]]


def _rejected(what: str, by: str, shows: str, certificates: Certificates, versions: Sequence[str] = VERSIONS) -> None:
    for version in versions:

        def play(lab: Stage, version: str = version) -> None:
            setup = Setup(lab, version)
            ann, bob = certificates(setup)
            calling, called = setup.options(setup.ann_at, ann), setup.options(setup.bob_at, bob)
            caller, acceptor = setup.nodes(calling, called)
            lab.watch()
            caller.fail_to_connect(acceptor)

        declare(
            Scenario(
                f"tls-certificate-rejected-{what}-tls-{version}",
                f"{shows} (TLS {version})",
                play,
                {"tls-certificate-rejected": 1},
                {"rejected_by": by},
            )
        )


_rejected(
    "expired-initiator",
    "acceptor",
    "The initiator's certificate has expired",
    lambda setup: (setup.authority.issue(setup.ann_at, days=EXPIRED), setup.bob),
)
_rejected(
    "expired-acceptor",
    "initiator",
    "The acceptor's certificate has expired",
    lambda setup: (setup.ann, setup.authority.issue(setup.bob_at, days=EXPIRED)),
)
_rejected(
    "unknown-authority-initiator",
    "acceptor",
    "The initiator's certificate is of an authority that the acceptor does not know",
    lambda setup: (setup.stranger.issue(setup.ann_at), setup.bob),
)
_rejected(
    "unknown-authority-acceptor",
    "initiator",
    "The acceptor's certificate is of an authority that the initiator does not know",
    lambda setup: (setup.ann, setup.stranger.issue(setup.bob_at)),
)
_rejected(
    "other-host",
    "initiator",
    "The acceptor's certificate is for another host",
    lambda setup: (setup.ann, setup.authority.issue("elsewhere.lab.test")),
)
_rejected(
    "none",
    "acceptor",
    "The initiator has no certificate, the acceptor demands one",
    lambda setup: (None, setup.bob),
)
_rejected(
    "other-key",
    "initiator",
    "The acceptor's key does not belong to its certificate",
    lambda setup: (setup.ann, setup.bob.with_key_of(setup.ann)),
    versions=("1.2",),
)


def _cookies(version: str) -> None:
    def play(lab: Stage) -> None:
        setup = Setup(lab, version)
        ann, bob = setup.nodes(
            setup.options(setup.ann_at, setup.ann), setup.options(setup.bob_at, setup.bob), cookie=OTHER_COOKIE
        )
        lab.watch()
        ann.fail_to_connect(bob)

    shows = f"The cookies differ, which nobody but the two can read: TLS {version}"
    detail = {"rejected_by": "acceptor"}
    declare(Scenario(f"cookie-mismatch-tls-{version}", shows, play, {"cookie-mismatch": 1}, detail))


def _mixed_up(version: str) -> None:
    def tls_to_plain(lab: Stage) -> None:
        setup = Setup(lab, version)
        ann, bob = setup.nodes((*setup.options(setup.ann_at, setup.ann), *QUICK), QUICK)
        lab.watch()
        ann.fail_to_connect(bob)

    def plain_to_tls(lab: Stage) -> None:
        setup = Setup(lab, version)
        ann, bob = setup.nodes((), setup.options(setup.bob_at, setup.bob))
        lab.watch()
        ann.fail_to_connect(bob)

    for name, play in (("tls-to-plain-listener", tls_to_plain), ("plain-to-tls-listener", plain_to_tls)):
        shows = f"Only one of the two nodes talks TLS ({version})"
        declare(Scenario(f"{name}-tls-{version}", shows, play, {name: 1}))


for _version in VERSIONS:
    _cookies(_version)
    _mixed_up(_version)


@scenario("plain-to-tls-listener-28", "plain-to-tls-listener")
def _plain_28(lab: Stage) -> None:
    """OTP 28 without TLS calls a TLS listener."""
    _plain_caller(lab, OTP28)


@scenario("plain-to-tls-listener-c-node", "plain-to-tls-listener")
def _plain_c_node(lab: Stage) -> None:
    """A C node, which can't talk TLS, calls a TLS listener."""
    setup = Setup(lab, "1.2")
    _, bob = setup.nodes((), setup.options(setup.bob_at, setup.bob))
    lab.watch()
    c_node.call(lab.alpha, bob)


def _plain_caller(lab: Stage, release: Release) -> None:
    setup = Setup(lab, "1.3")
    called = setup.options(setup.bob_at, setup.bob)
    ann, _ = erlang.pair(lab, release, OTP25, called=called, at=(setup.ann_at, setup.bob_at))
    lab.watch()
    ann.fail_to_connect(f"bob@{setup.bob_at}")


@scenario("tls-negotiation-failed-versions", "tls-negotiation-failed", detail={"rejected_by": "acceptor"})
def _versions(lab: Stage) -> None:
    """The initiator talks TLS 1.2 only, the acceptor TLS 1.3 only."""
    setup = Setup(lab, "1.3")
    ann, bob = setup.nodes(
        setup.options(setup.ann_at, setup.ann, version="1.2"), setup.options(setup.bob_at, setup.bob)
    )
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("tls-negotiation-failed-versions-down", "tls-negotiation-failed", detail={"rejected_by": "acceptor"})
def _versions_down(lab: Stage) -> None:
    """The initiator talks TLS 1.3 only, the acceptor TLS 1.2 only."""
    setup = Setup(lab, "1.2")
    ann, bob = setup.nodes(
        setup.options(setup.ann_at, setup.ann, version="1.3"), setup.options(setup.bob_at, setup.bob)
    )
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("tls-negotiation-failed-slow", "tls-negotiation-failed", detail={"rejected_by": "acceptor"})
def _slow_alert(lab: Stage) -> None:
    """The same, and the acceptor has so much to do that its alert comes seconds later: it was no timer all the same."""
    setup = Setup(lab, "1.2")
    ann, bob = setup.nodes(
        setup.options(setup.ann_at, setup.ann, version="1.3"), setup.options(setup.bob_at, setup.bob)
    )
    bob.freeze()
    lab.watch()
    call = ann.tell(f"net_kernel:connect_node('{bob}')")
    lab.silence(3)
    bob.thaw()
    ann.answer(call)


@scenario("tls-negotiation-failed-ciphers", "tls-negotiation-failed", detail={"rejected_by": "acceptor"})
def _ciphers(lab: Stage) -> None:
    """The cipher suites of both have nothing in common."""
    setup = Setup(lab, "1.2")
    ann, bob = setup.nodes(
        setup.options(setup.ann_at, setup.ann, '{ciphers, ["ECDHE-ECDSA-AES128-GCM-SHA256"]}'),
        setup.options(setup.bob_at, setup.bob, '{ciphers, ["ECDHE-ECDSA-AES256-GCM-SHA384"]}'),
    )
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("tls-listener-misconfigured-file-missing", "tls-listener-misconfigured")
def _file_missing(lab: Stage) -> None:
    """The acceptor's options name a certificate file that does not exist."""
    setup = Setup(lab, "1.2")
    ann, bob = setup.nodes(setup.options(setup.ann_at, setup.ann), setup.options(setup.bob_at, setup.bob.lost))
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("tls-listener-misconfigured-no-certificate", "tls-listener-misconfigured")
def _no_certificate(lab: Stage) -> None:
    """The acceptor's options name no certificate."""
    setup = Setup(lab, "1.2")
    ann, bob = setup.nodes(setup.options(setup.ann_at, setup.ann), setup.options(setup.bob_at, None, strict=False))
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("no-dial-after-lookup-tls-options", "no-dial-after-lookup")
def _client_options(lab: Stage) -> None:
    """The initiator's client options ask for verify_peer and name no authority: a good lookup, and no dial."""
    setup = Setup(lab, "1.2")
    calling = tls.options(lab.folder, setup.ann_at, setup.ann, None, "1.2")
    ann, bob = setup.nodes(calling, setup.options(setup.bob_at, setup.bob))
    lab.watch()
    ann.fail_to_connect(bob)


@scenario("tls-stalled-frozen", "tls-stalled")
def _frozen(lab: Stage) -> None:
    """The acceptor's VM is stopped: TCP takes the ClientHello, no ServerHello comes."""
    setup = Setup(lab, "1.2")
    ann, bob = setup.nodes(setup.options(setup.ann_at, setup.ann), setup.options(setup.bob_at, setup.bob))
    bob.freeze()
    lab.watch()
    ann.fail_to_connect(bob)
    lab.silence(1.5)


@scenario("tls-stalled-mtu", "tls-stalled")
def _mtu(lab: Stage) -> None:
    """A router drops the acceptor's large packets without a word; its certificate is large, so TLS 1.2 stalls."""
    setup = Setup(lab, "1.2")
    large = setup.authority.issue(setup.bob_at, padding=80)
    ann, bob = setup.nodes(setup.options(setup.ann_at, setup.ann), setup.options(setup.bob_at, large))
    lab.network.router.firewall("iifname far meta length > 1000 drop", "forward")
    lab.watch()
    ann.fail_to_connect(bob)
