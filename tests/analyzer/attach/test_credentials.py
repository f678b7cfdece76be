"""Where server and secrets come from, and that they go nowhere else."""

from __future__ import annotations

import base64

import pytest

from analyzer.attach.credentials import Account, account_for
from analyzer.attach.failures import NotConfigured
from analyzer.attach.registry import all_trackers

TRACKERS = all_trackers()
RT, JIRA, GITLAB, GITHUB = (TRACKERS[name] for name in ("rt", "jira", "gitlab", "github"))
URL = {"RT_URL": "https://rt.example.com"}


class Ring(dict[tuple[str, str], str]):
    """A keyring."""

    def get_password(self, service_name: str, username: str) -> str | None:
        return self.get((service_name, username))


class Locked:
    """A keyring that can't be opened."""

    def get_password(self, service_name: str, username: str) -> str | None:
        raise RuntimeError("no D-Bus, and a secret: hunter2")


def test_environment() -> None:
    """The first way to log in that is complete."""
    both = {**URL, "RT_TOKEN": "1-14-x", "RT_USER": "ann", "RT_PASSWORD": "hunter2"}
    assert account_for(RT, both, lambda: None).secrets == {"RT_TOKEN": "1-14-x"}
    del both["RT_TOKEN"]
    assert account_for(RT, both, lambda: None).secrets == {"RT_USER": "ann", "RT_PASSWORD": "hunter2"}


def test_jira_has_two_kinds_of_tokens() -> None:
    """With a user it is one of the cloud, alone it is one of Data Center."""
    environment = {"JIRA_URL": "https://jira.example.com", "JIRA_TOKEN": "x"}
    assert list(account_for(JIRA, environment, lambda: None).secrets) == ["JIRA_TOKEN"]
    environment["JIRA_USER"] = "ann@example.com"
    assert list(account_for(JIRA, environment, lambda: None).secrets) == ["JIRA_USER", "JIRA_TOKEN"]


def test_keyring() -> None:
    """Under the name of the server, so that one secret can't go to another; the environment goes first."""
    ring = Ring({("distscope:rt.example.com:8443", "RT_TOKEN"): "from-the-ring"})
    url = {"RT_URL": "https://rt.example.com:8443/tracker/"}
    account = account_for(RT, url, lambda: ring)
    assert account.server == "https://rt.example.com:8443/tracker"
    assert (account.get("RT_TOKEN"), dict(account.sources)) == ("from-the-ring", {"RT_TOKEN": "the keyring"})
    assert account_for(RT, {**url, "RT_TOKEN": "mine"}, lambda: ring).get("RT_TOKEN") == "mine"
    with pytest.raises(NotConfigured):
        account_for(RT, URL, lambda: ring)


def test_the_systems_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package keyring is asked, with whatever backend it has."""
    import keyring

    class Backend:
        def get_password(self, service: str, username: str) -> str | None:
            return "of-the-system" if (service, username) == ("distscope:gitlab.com", "GITLAB_TOKEN") else None

    monkeypatch.setattr(keyring.core, "_keyring_backend", Backend())
    assert account_for(GITLAB, {}).get("GITLAB_TOKEN") == "of-the-system"


def test_a_keyring_that_is_locked() -> None:
    """Told beside what is missing; its own words may hold anything."""
    with pytest.raises(NotConfigured, match="the keyring can't be read: RuntimeError") as caught:
        account_for(RT, URL, Locked)
    assert "hunter2" not in str(caught.value)


def test_nothing_to_log_in_with() -> None:
    """The error names every way."""
    with pytest.raises(NotConfigured, match="RT_TOKEN, or RT_USER and RT_PASSWORD must be set") as caught:
        account_for(RT, URL, lambda: None)
    assert "keyring set distscope:rt.example.com RT_TOKEN" in str(caught.value)
    assert caught.value.exit_status == 3


def test_default_servers() -> None:
    """The public ones need no address."""
    assert account_for(GITLAB, {"GITLAB_TOKEN": "x"}, lambda: None).server == "https://gitlab.com"
    assert account_for(GITHUB, {"GH_TOKEN": "x"}, lambda: None).server == "https://api.github.com"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "RT_URL is not set"),
        ("rt.example.com", "is not the address of a server"),
        ("ftp://rt.example.com", "is not the address of a server"),
        ("https://", "is not the address of a server"),
        ("https://rt.example.com/?x=y", "is not the address of a server"),
        ("https://rt.example.com/\r\nX: y", "is not the address of a server"),
        ("https://[::1", "is not the address of a server"),
        ("https://ann:hunter2@rt.example.com", "holds credentials"),
        ("http://rt.example.com", "everybody on the way could read the credentials"),
    ],
)
def test_a_bad_address(url: str, says: str) -> None:
    """What it must look like, and never what it holds."""
    with pytest.raises(NotConfigured, match=says) as caught:
        account_for(RT, {"RT_URL": url, "RT_TOKEN": "x"}, lambda: None)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"])
def test_loopback_needs_no_tls(url: str) -> None:
    """Nobody is on the way."""
    assert account_for(RT, {"RT_URL": url, "RT_TOKEN": "x"}, lambda: None).server == url


def test_plain_http_on_purpose() -> None:
    """Whoever says so gets it."""
    environment = {"RT_URL": "http://rt.example.com", "RT_TOKEN": "x", "DISTSCOPE_ALLOW_HTTP": "1"}
    assert account_for(RT, environment, lambda: None).server == "http://rt.example.com"


def test_secrets_have_no_representation() -> None:
    """Nor do they survive in what others say."""
    account = Account("https://x", {"RT_USER": "ann", "RT_PASSWORD": "hunter2"}, {"RT_PASSWORD": "the keyring"})
    assert "hunter2" not in f"{account!r} {account}"
    basic = base64.b64encode(b"ann:hunter2").decode()
    assert account.scrub(f"ann sent Basic {basic}, hunter2") == "ann sent Basic [secret], [secret]"
