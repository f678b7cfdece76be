"""A report → the words of Erlang in it, explained: who reads an incident ticket may never have seen one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from analyzer.report.document import Case

WORDS: Mapping[str, str] = {
    "node": "an Erlang VM with a name, such as rabbit@host1; one server process. Nodes connect to each other to form a "
    "cluster.",
    "EPMD": "the Erlang port mapper daemon: a small program on every host, TCP port 4369, that tells on which port a "
    "node of that host listens. A node asks it before it connects.",
    "distribution": "the protocol between nodes. Each node listens on its distribution port, which is another one than "
    "the port that its clients use.",
    "handshake": "what two nodes tell each other before a connection is up: names, capabilities, and the proof that "
    "both know the cookie.",
    "cookie": "the secret that all nodes of a cluster share. It is never sent; each side proves that it knows it.",
    "challenge": "a random number that the other side has to answer with a digest of this number and the cookie.",
    "tick": "a sign of life on an idle connection, every 15 s by default.",
    "net_ticktime": "how long a node may be silent before the others give it up: 60 s by default.",
    "net_setuptime": "how long a connection may take to come up: 7 s by default.",
    "initiator": "the node that opens the connection.",
    "acceptor": "the node that is called.",
    "OTP": "Erlang with its libraries; its releases are numbered, such as OTP 27.",
    "VM": "the process that runs a node, beam.smp.",
    "RST": "a TCP packet that ends a connection, or refuses it, at once.",
    "FIN": "a TCP packet that closes one direction of a connection in good order.",
    "SYN": "the TCP packet that asks for a connection.",
}
"""In the order in which they are best read."""

_FORMS = {word: re.compile(rf"\b{word}s?\b", re.IGNORECASE if word.islower() else 0) for word in WORDS}


def words_of(case: Case) -> dict[str, str]:
    """What is said of a case in words that need an explanation, and the explanation of each."""
    finding = case.first.finding
    if finding is None:
        return {}
    said = " ".join(
        (finding.says, finding.why, *finding.fix, *finding.alternatives, *(each.says for each in finding.evidence))
    )
    return {word: meaning for word, meaning in WORDS.items() if _FORMS[word].search(said)}
