"""What ``--to`` takes, and what it answers to anything else."""

from __future__ import annotations

import pytest

from analyzer.attach.target import BadTarget, parse


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        ("rt:4711", "rt", "4711"),
        ("RT:4711", "rt", "4711"),
        ("jira:OPS-17", "jira", "OPS-17"),
        ("gitlab:group/sub/project#12", "gitlab", "group/sub/project#12"),
        ("github:owner/repo.name#12", "github", "owner/repo.name#12"),
        ("redmine:1234", "redmine", "1234"),
    ],
)
def test_a_ticket(text: str, name: str, key: str) -> None:
    """Tracker and key; the name of the tracker in any case."""
    target = parse(text)
    assert (target.tracker.name, target.key) == (name, key)
    assert str(target) == f"{name}:{key}"


@pytest.mark.parametrize("text", ["", "4711", "bugzilla:1", ":1", "rt", "\x1b[31m:1"])
def test_no_tracker(text: str) -> None:
    """Every tracker is named with an example."""
    with pytest.raises(BadTarget) as caught:
        parse(text)
    assert caught.value.exit_status == 2
    assert "gitlab:group/project#12" in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "rt:",
        "rt:0",
        "rt:47 11",
        "rt:4711/comment",
        "rt:../user/root",
        "jira:OPS",
        "jira:OPS-17/../../x",
        "gitlab:project#12",
        "gitlab:group/../x#1",
        "gitlab:group/project",
        "github:owner/repo/x#1",
        "github:owner/repo#1?x=y",
        "redmine:12.json",
        "redmine:١٢",
    ],
)
def test_no_key(text: str) -> None:
    """A key becomes part of an address: nothing passes that would name something else there."""
    with pytest.raises(BadTarget, match="this is no key of"):
        parse(text)


def test_an_address_is_no_key() -> None:
    """Credentials go to one server, and a key can't name another."""
    with pytest.raises(BadTarget, match="the server comes from JIRA_URL"):
        parse("jira:https://evil.example/browse/OPS-17")
