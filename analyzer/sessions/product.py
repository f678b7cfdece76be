"""Which product a node belongs to, as far as its name says: chooses the words of a fix, never a verdict."""

from __future__ import annotations

import re
from enum import Enum


class Product(Enum):
    """Software whose operators find the same setting under another name."""

    ELIXIR = "Elixir/Phoenix release"
    RABBITMQ = "RabbitMQ"
    EJABBERD = "ejabberd"
    COUCHDB = "CouchDB"
    EMQX = "EMQX"


_NAMES = (
    # what the pattern does not fit without, the pattern, the product
    (("rabbit", "bunny"), r"(rabbit|rabbitmq.*|bunny)@", Product.RABBITMQ),
    (("ejabberd",), r"(ejabberd|ctl-.*-ejabberd|ejabberdctl.*)@?", Product.EJABBERD),
    (("couch",), r"(couchdb|remsh.*couch.*)@", Product.COUCHDB),
    (("emqx",), r"(emqx.*|remsh.*emqx.*)@", Product.EMQX),
    (("rem-", "iex"), r"(rem-.*|iex.*)@", Product.ELIXIR),
)


def product_of(*names: str | None) -> Product | None:
    """The product of the first name that gives itself away; None where none does."""
    for name in filter(None, names):
        for signs, pattern, product in _NAMES:
            # Few names have any of the signs, and to compile a pattern takes longer than to look for them.
            if any(sign in name for sign in signs) and re.match(pattern, name):
                return product
    return None
