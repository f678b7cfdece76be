"""A host, a name, a release → a real Erlang node that does what it is asked to, one expression at a time."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Mapping, Sequence

from tests.lab.nodes import epmd
from tests.lab.nodes.releases import OTP25, Release
from tests.lab.processes import PATIENCE, LabError, Process
from tests.lab.stage import Host, Stage

COOKIE = "lab-cookie-1"
OTHER_COOKIE = "lab-cookie-2"
QUICK = ("-kernel", "net_setuptime", "4")
"""For what waits until a timer fires, where it does not matter which.  The default is 7 s; within 4 s any kernel
repeats a SYN twice, which is what it takes to call a port silent."""

ON_REQUEST = ("-kernel", "dist_auto_connect", "never")
"""No connection but those that are asked for: global and others like to try again when one is lost."""

ONE_LOOP = """
net_kernel:verbose(1),
Loop = fun Next() ->
    case io:get_line("") of
        Line when is_list(Line) ->
            {ok, Tokens, _} = erl_scan:string(Line),
            {ok, Parsed} = erl_parse:parse_exprs(Tokens),
            {value, {Number, Do}, _} = erl_eval:exprs(Parsed, []),
            Result = try Do() catch Class:Reason -> {Class, Reason} end,
            io:format("~n@@~w ~0p@@~n", [Number, Result]),
            Next();
        _ -> halt()
    end
end,
Loop().
"""
"""Reads ``{Number, fun() -> Expression end}.``, and says what became of it."""

FRUGAL = ("+S", "1:1", "+SDio", "1", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none")
"""Many nodes share few processors: one scheduler each, and no waiting in a busy loop."""


class Node:
    """A running node."""

    def __init__(self, process: Process, name: str) -> None:
        self.process = process
        self.name = name
        self._numbers = itertools.count(1)

    def tell(self, expression: str) -> int:
        """Have it evaluate ``expression``, and go on; the number is for :meth:`answer`."""
        number = next(self._numbers)
        self.process.say(f"{{{number}, fun() -> {expression} end}}.")
        return number

    def answer(self, number: int, patience: float = PATIENCE) -> str:
        """What came out, as Erlang prints it."""
        mark = f"@@{number} "
        text = self.process.wait_for(mark, patience)
        while "@@\n" not in text.partition(mark)[2]:
            text = self.process.text
        return text.partition(mark)[2].partition("@@\n")[0]

    def ask(self, expression: str, patience: float = PATIENCE) -> str:
        """The value of ``expression``."""
        return self.answer(self.tell(expression), patience)

    def dial(self, other: Node | str) -> str:
        """``net_kernel:connect_node/1``: true or false."""
        return self.ask(f"net_kernel:connect_node('{other}')")

    def connect(self, other: Node | str) -> None:
        """Dial, and it must work; from then on the end of the link is noticed."""
        if (result := self.dial(other)) != "true":
            raise LabError(f"{self} does not get through to {other}: {result}")
        self.ask(f"erlang:monitor_node('{other}', true)")

    def fail_to_connect(self, other: Node | str) -> None:
        """Dial, and it must not work."""
        if (result := self.dial(other)) != "false":
            raise LabError(f"{self} was not meant to get through to {other}: {result}")

    def wait_for_nodedown(self, other: Node | str, patience: float = PATIENCE) -> None:
        """Until the link that :meth:`connect` made has ended on this side."""
        self.ask(f"receive {{nodedown, '{other}'}} -> ok end", patience)

    def disconnect(self, other: Node | str) -> None:
        """``erlang:disconnect_node/1``, until the link is gone on this side."""
        self.ask(f"erlang:disconnect_node('{other}')")
        self.wait_for_nodedown(other)

    @property
    def port(self) -> int:
        """Where it listens."""
        base = self.name.partition("@")[0]
        return int(self.ask(f'begin {{port, Port, _}} = erl_epmd:port_please("{base}", {{127,0,0,1}}), Port end'))

    def freeze(self) -> None:
        """Its VM stops; its kernel goes on."""
        self.process.freeze()

    def thaw(self) -> None:
        """It goes on."""
        self.process.send(signal.SIGCONT)

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()

    def __str__(self) -> str:
        return self.name


def start(
    host: Host,
    base: str,
    *,
    release: Release = OTP25,
    at: str | None = None,
    cookie: str = COOKIE,
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Node:
    """``base@ADDRESS`` of the host, or ``base@at``; it is up, and registered in EPMD, when this returns."""
    node = launch(host, base, release=release, at=at, cookie=cookie, options=options, env=env)
    node.ask("ok")
    return node


def launch(
    host: Host,
    base: str,
    *,
    release: Release = OTP25,
    at: str | None = None,
    cookie: str = COOKIE,
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Node:
    """The same without waiting, for a node that may not come up."""
    where = host.place.ipv4 if at is None else at
    name = f"{base}@{where}"
    process = host.start(
        (
            *(release.erl, *FRUGAL, "-noshell", "-start_epmd", "false"),
            *("-name" if "." in where else "-sname", name, "-setcookie", cookie),
            *options,
            *("-eval", " ".join(ONE_LOOP.split())),
        ),
        f"node-{base}-{host.place.name}",
        env={**release.env, **(env or {})},
        conversing=True,
    )
    return Node(process, name)


def pair(
    lab: Stage,
    initiator: Release = OTP25,
    acceptor: Release = OTP25,
    *,
    cookie: str = COOKIE,
    calling: Sequence[str] = (),
    called: Sequence[str] = (),
    at: tuple[str, str] | None = None,
) -> tuple[Node, Node]:
    """Ann on alpha, who is going to call, and bob on beta; ``cookie`` is ann's."""
    epmd.start(lab.alpha, initiator)
    epmd.start(lab.beta, acceptor)
    ann_at, bob_at = at or (lab.alpha.place.ipv4, lab.beta.place.ipv4)
    ann = launch(lab.alpha, "ann", release=initiator, at=ann_at, cookie=cookie, options=calling)
    bob = launch(lab.beta, "bob", release=acceptor, at=bob_at, options=called)
    ann.ask("ok")
    bob.ask("ok")
    return ann, bob


def caller(lab: Stage, release: Release = OTP25, *, options: Sequence[str] = (), at: str | None = None) -> Node:
    """Ann alone; nothing runs on beta yet."""
    epmd.start(lab.alpha, release)
    return start(lab.alpha, "ann", release=release, at=at, options=options)
