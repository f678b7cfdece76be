"""A node tells EPMD its name, and other conversations with EPMD."""

from __future__ import annotations

from tests.lab.nodes import epmd, erlang
from tests.lab.nodes.releases import OTP25, OTP28, Release
from tests.lab.scenario import Scenario, declare, scenario
from tests.lab.stage import Stage


def _registered(node: Release, mapper: Release) -> None:
    def play(lab: Stage) -> None:
        epmd.start(lab.alpha, mapper)
        lab.watch(lab.alpha, "lo")
        erlang.start(lab.alpha, "ann", release=node)

    shows = f"A node of OTP {node} registers in an EPMD of OTP {mapper}"
    declare(Scenario(f"registered-{node}-{mapper}", shows, play, {"registered": 1}))


def _taken(second: Release, mapper: Release) -> None:
    def play(lab: Stage) -> None:
        epmd.start(lab.alpha, mapper)
        erlang.start(lab.alpha, "ann", release=mapper)
        lab.watch(lab.alpha, "lo")
        erlang.launch(lab.alpha, "ann", release=second, at="localhost.localdomain").process.wait()

    shows = f"A second node of the name, of OTP {second}, is started on a host; its EPMD is of OTP {mapper}"
    declare(
        Scenario(
            f"epmd-name-taken-{second}-{mapper}", shows, play, {"epmd-name-taken": 1}, {"name": "ann"}, certain=True
        )
    )


for _node in (OTP25, OTP28):
    for _mapper in (OTP25, OTP28):
        _registered(_node, _mapper)
        _taken(_node, _mapper)


@scenario("answered-names", "answered")
def _names(lab: Stage) -> None:
    """net_adm:names/1, asked from another host."""
    ann, _ = erlang.pair(lab)
    lab.watch()
    ann.ask("net_adm:names({10,77,2,1})")


@scenario("answered-stop", {"answered": 2})
def _tools(lab: Stage) -> None:
    """epmd -names, and an epmd -kill that is refused, as nodes are registered."""
    erlang.pair(lab, OTP28, OTP28)
    lab.watch(lab.alpha, "lo")
    lab.alpha.namespace.run((OTP28.epmd, "-names"))
    lab.alpha.start((OTP28.epmd, "-kill"), "epmd-kill").wait()
