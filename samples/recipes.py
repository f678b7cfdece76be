"""Recipes → the synthetic captures of the corpus.

``python -m samples.recipes`` writes them, ``--check`` compares them with the files that are there.  Two kinds:

* stories: failures that no software at hand could be made to show, told with :mod:`samples.conversation`;
* dresses: the packets of one real capture in another container or encapsulation, which must not change the diagnosis.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from dissectors.cookie import digest
from dissectors.epmd_messages import Alive2Req, Alive2Resp, NamesReq, NamesResp, Port2Req, Port2Resp
from dissectors.handshake_messages import (
    Challenge,
    ChallengeAck,
    ChallengeReply,
    Complement,
    SendName,
    SendNameOld,
    Status,
)
from samples import dresses
from samples.conversation import EPMD, Network, framed

HERE = Path(__file__).parent
ANN, BOB = "10.0.0.1", "10.0.0.2"
ROUTER = "10.0.0.254"
PUBLIC_ANN, PUBLIC_BOB = "11.11.11.1", "22.22.22.2"
PORT = 9100

# Flags as they are on the wire: docs/protocol.md 3.1.
OTP_23_3 = 0x1_03DF_7FBD
OTP_24 = 0xD_03DF_7FBD
OTP_26 = 0xD_07DF_7FBD
OTP_28 = 0x2D_07DF_7FBD
TICK = bytes(4)
LOW_32 = 0xFFFF_FFFF

Recipe = Callable[[], bytes]
RECIPES: dict[str, Recipe] = {}
"""Path below ``samples/`` → what makes the file."""


def story(path: str) -> Callable[[Callable[[Network], None]], Callable[[Network], None]]:
    """Declares the story of the capture at ``path``."""

    def declare(tell: Callable[[Network], None]) -> Callable[[Network], None]:
        def make() -> bytes:
            net = Network()
            tell(net)
            return net.pcapng()

        RECIPES[path] = make
        return tell

    return declare


def registered(name: str = "bob", *, highest: int = 6, lowest: int = 5) -> Port2Resp:
    """EPMD's answer for a node that listens on :data:`PORT`."""
    return Port2Resp(result=0, port=PORT, type=77, protocol=0, highest=highest, lowest=lowest, name=name)


def handshake(
    net: Network, ann: str, bob: str, *, cookie: bytes = b"ck", flags: tuple[int, int] = (OTP_26, OTP_26)
) -> None:
    """Ann looks up bob and connects; all well."""
    net.looks_up(ann, bob, Port2Req(name="bob"), registered())
    link = net.connect(ann, bob, PORT)
    link.initiator.sends(framed(SendName(flags=flags[0], creation=1790000002, name=f"ann@{ann}")))
    link.acceptor.sends(framed(Status(text="ok")))
    challenge = Challenge(flags=flags[1], challenge=341833188, creation=1790000001, name=f"bob@{bob}")
    link.acceptor.sends(framed(challenge))
    reply = ChallengeReply(challenge=2543125257, digest=digest(cookie, challenge.challenge))
    link.initiator.sends(framed(reply))
    link.acceptor.sends(framed(ChallengeAck(digest=digest(cookie, reply.challenge))))
    for end in (link.initiator, link.acceptor):
        end.sends(TICK)


@story("advice/cookie-well-known.pcapng")
def cookie_well_known(net: Network) -> None:
    """Both nodes have the cookie that a product comes with."""
    handshake(net, ANN, BOB, cookie=b"monster")


@story("advice/plaintext-across-networks.pcapng")
def plaintext_across_networks(net: Network) -> None:
    """The nodes connect over public addresses without TLS, and EPMD answers there."""
    handshake(net, PUBLIC_ANN, PUBLIC_BOB)


@story("advice/epmd-open-to-world.pcapng")
def epmd_open_to_world(net: Network) -> None:
    """Somebody from outside asks an EPMD on a public address what it knows."""
    net.looks_up(PUBLIC_ANN, PUBLIC_BOB, NamesReq(), NamesResp(epmd_port=EPMD, text=f"name bob at port {PORT}\n"))


@story("advice/release-gap.pcapng")
def release_gap(net: Network) -> None:
    """OTP 24 connects to 28: it works, and will not after one more upgrade."""
    handshake(net, ANN, BOB, flags=(OTP_24, OTP_28))


@story("handshake/mandatory-flags-missing-after-complement.pcapng")
def after_complement(net: Network) -> None:
    """OTP 23.3 without EPMD calls 26: the refusal comes after the challenge, when the high flags are known (2.4)."""
    link = net.connect(ANN, BOB, PORT)
    link.initiator.sends(framed(SendNameOld(version=5, flags=OTP_23_3 & LOW_32, name=f"ann@{ANN}")))
    link.acceptor.sends(framed(Status(text="ok")))
    challenge = Challenge(flags=OTP_26, challenge=1057267687, creation=1790000001, name=f"bob@{BOB}")
    link.acceptor.sends(framed(challenge))
    reply = ChallengeReply(challenge=2543125257, digest=digest(b"k", challenge.challenge))
    link.initiator.sends(framed(Complement(flags_high=OTP_23_3 >> 32, creation=1790000002), reply))
    link.acceptor.sends(framed(Status(text="not_allowed")))
    link.acceptor.closes()
    link.initiator.closes()


@story("handshake/duplicate-name-otp24.pcapng")
def duplicate_name_24(net: Network) -> None:
    """An acceptor of OTP 24 waits for the end of the old link, which it does not see, until the initiator gives up."""
    net.looks_up(ANN, BOB, Port2Req(name="bob"), registered())
    link = net.connect(ANN, BOB, PORT)
    link.initiator.sends(framed(SendName(flags=OTP_24, creation=1790000002, name=f"ann@{ANN}")))
    link.acceptor.sends(framed(Status(text="alive")))
    link.initiator.sends(framed(Status(text="true")))
    net.wait(6.995)
    link.initiator.closes()
    link.acceptor.closes()


@story("lookup/epmd-version-range-otp24.pcapng")
def version_range_24(net: Network) -> None:
    """OTP 23 and 24 find no common version in EPMD's answer and crash with the connection open (1.5)."""
    net.looks_up(ANN, BOB, Port2Req(name="bob"), registered(highest=4, lowest=4))
    link = net.connect(ANN, BOB, PORT)
    link.initiator.closes()
    link.acceptor.closes()


@story("connect/dist-port-unreachable-old-kernel.pcapng")
def old_kernel(net: Network) -> None:
    """The firewall drops the distribution port; the initiator's kernel repeats its SYN after 1 and 3 s only."""
    for _ in range(2):
        net.looks_up(ANN, BOB, Port2Req(name="bob"), registered())
        net.dial(ANN, BOB, PORT).unanswered()
        net.wait(60)


@story("connect/dist-port-prohibited-by-router.pcapng")
def by_router(net: Network) -> None:
    """A router on the way answers the SYN: host unreachable."""
    net.looks_up(ANN, BOB, Port2Req(name="bob"), registered())
    net.dial(ANN, BOB, PORT).unreachable(ROUTER)


@story("registration/registered-otp22.pcapng")
def registered_22(net: Network) -> None:
    """A node of OTP 22 registers: the old answer with a creation of 16 bits (1.2)."""
    link = net.connect("127.0.0.1", "127.0.0.1", EPMD)
    request = Alive2Req(port=PORT, type=77, protocol=0, highest=5, lowest=5, name="ann")
    link.initiator.sends(framed(request))
    link.acceptor.sends(Alive2Resp(result=0, creation=2).write())


for _name, _dress in dresses.DRESSES.items():
    RECIPES[f"shapes/{_name}"] = _dress


def same(path: Path, made: bytes) -> bool:
    """The file holds what the recipe makes; compressed ones by their content, since compressors differ."""
    if not path.exists():
        return False
    if path.read_bytes() == made:
        return True
    unpack = dresses.COMPRESSED.get(path.suffix)
    return unpack is not None and unpack(path.read_bytes()) == unpack(made)


def main(arguments: list[str] | None = None) -> int:
    """Writes, or checks, every recipe's file."""
    parser = argparse.ArgumentParser(prog="python -m samples.recipes", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="only say which files differ from their recipe")
    check: bool = parser.parse_args(arguments).check
    stale = [path for path, make in RECIPES.items() if not same(HERE / path, make())]
    for path in stale:
        print(f"{'differs' if check else 'written'}: {path}")
        if not check:
            (HERE / path).parent.mkdir(exist_ok=True)
            (HERE / path).write_bytes(RECIPES[path]())
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
