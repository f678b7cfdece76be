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
    (r"(rabbit|rabbitmq.*|bunny)@", Product.RABBITMQ),
    (r"(ejabberd|ctl-.*-ejabberd|ejabberdctl.*)@?", Product.EJABBERD),
    (r"(couchdb|remsh.*couch.*)@", Product.COUCHDB),
    (r"(emqx.*|remsh.*emqx.*)@", Product.EMQX),
    (r"(rem-.*|iex.*)@", Product.ELIXIR),
)


def product_of(*names: str | None) -> Product | None:
    """The product of the first name that gives itself away; None where none does."""
    for name in names:
        for pattern, product in _NAMES:
            if name and re.match(pattern, name):
                return product
    return None
