"""A folder → a distribution carrier that fails after the handshake, and the options of a node that uses it.

No limit of a node can be reached on purpose without reaching others first.  So the carrier is OTP's own, inet_tcp_dist,
read from its debug information, with one call replaced: the one that gets the port of the connection fails.
"""

from __future__ import annotations

from pathlib import Path

from tests.lab.nodes.releases import OTP25
from tests.lab.processes import run

MAKE = """
{ok, {_, [{abstract_code, {_, Forms}}]}} = beam_lib:chunks(code:which(inet_tcp_dist), [abstract_code]),
Change = fun
    Change({atom, Line, inet_tcp_dist}) -> {atom, Line, limited_tcp_dist};
    Change({attribute, Line, module, _}) -> {attribute, Line, module, limited_tcp_dist};
    Change({call, Line, {remote, _, {atom, _, inet}, {atom, _, getll}}, _}) ->
        {tuple, Line, [{atom, Line, error}, {atom, Line, emfile}]};
    Change({'fun', Line, {function, {atom, _, inet}, {atom, _, getll}, _}}) ->
        {'fun', Line, {clauses, [{clause, Line, [{var, Line, '_'}], [],
            [{tuple, Line, [{atom, Line, error}, {atom, Line, emfile}]}]}]}};
    Change(Term) when is_tuple(Term) -> list_to_tuple(Change(tuple_to_list(Term)));
    Change([First | Rest]) -> [Change(First) | Change(Rest)];
    Change(Term) -> Term
end,
{ok, limited_tcp_dist, Beam} = compile:forms(Change(Forms), []),
ok = file:write_file("FOLDER/limited_tcp_dist.beam", Beam),
halt().
"""


def without_resources(folder: Path) -> tuple[str, ...]:
    """Options of a node of OTP 25."""
    run((OTP25.erl, "-noinput", "-boot", "start_clean", "-eval", " ".join(MAKE.replace("FOLDER", str(folder)).split())))
    return ("-pa", str(folder), "-proto_dist", "limited_tcp")
