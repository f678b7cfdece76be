"""Names to products."""

from __future__ import annotations

import pytest

from analyzer.sessions.product import Product, product_of


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("rabbit@mq-1", Product.RABBITMQ),
        ("rabbitmqcli-35-rabbit@mq-1", Product.RABBITMQ),
        ("ejabberd@chat", Product.EJABBERD),
        ("ctl-7-ejabberd@chat", Product.EJABBERD),
        ("couchdb@10.0.0.1", Product.COUCHDB),
        ("emqx@10.0.0.1", Product.EMQX),
        ("emqx_ctl_9@10.0.0.1", Product.EMQX),
        ("rem-1a2b-app@host", Product.ELIXIR),
        ("iex-9@host", Product.ELIXIR),
        ("ann@rabbit", None),
        ("warren_rabbit@host", None),
        ("", None),
    ],
)
def test_a_name_gives_itself_away(name: str, product: Product | None) -> None:
    """By its beginning; the host says nothing."""
    assert product_of(name) is product


def test_the_first_name_that_tells() -> None:
    """The acceptor is asked first: its settings are the ones to change."""
    assert product_of("rabbit@a", "emqx@b") is Product.RABBITMQ
    assert product_of(None, "x@a", "emqx@b") is Product.EMQX
    assert product_of(None, None) is None
