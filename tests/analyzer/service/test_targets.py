"""Targets through apprise: they get the message, and nobody gets to see their URLs."""

from __future__ import annotations

import builtins
import logging
import socket
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from analyzer.service.message import Message, facts_of, harmless
from analyzer.service.targets import VARIABLE, NoNotification, targets_of
from tests.analyzer.service.receiver import receiving
from tests.analyzer.service.test_incidents import judged
from tests.analyzer.test_pipeline import rejected

MESSAGE = Message("PROBLEM x: a → b", "one\ntwo", good=False)
SECRETS = ("pa55word", "t0ken", "user:")


def test_a_message_arrives() -> None:
    """As it is, with its kind."""
    with receiving() as receiver:
        [target], _ = targets_of([receiver.url], None, {})
        assert target.send(MESSAGE) is None
        assert target.send(Message("OK", "again", good=True)) is None
        first, second = receiver.got
    assert (first["title"], first["message"], first["type"]) == ("PROBLEM x: a → b", "one\ntwo", "failure")
    assert second["type"] == "success"


def test_why_it_failed_holds_no_secret(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """A status, or that nobody is there; whatever apprise and its libraries would say goes nowhere."""
    caplog.set_level(logging.DEBUG)
    with receiving() as receiver:
        receiver.status = 403
        [target], _ = targets_of([receiver.url], None, {})
        assert target.send(MESSAGE) == "it answers with status 403"
        url = receiver.url
    [target], _ = targets_of([url], None, {})
    assert target.send(MESSAGE) == "it can't be reached"
    said = "".join([*capfd.readouterr(), target.name, repr(target)])
    assert not [secret for secret in SECRETS if secret in said]
    assert target.name == "notification target 1 (json)"


def test_option_file_and_environment_are_one_list(tmp_path: Path) -> None:
    """Each target once; comments and blank lines are none."""
    file = tmp_path / "notify"
    file.write_text("# on call\n\njson://b.example/x\njson://a.example\n")
    file.chmod(0o600)
    targets, remarks = targets_of(
        ["json://a.example"], str(file), {VARIABLE: "json://c.example xml://d.example\njson://a.example"}
    )
    assert [each.name for each in targets] == [
        f"notification target {number} ({kind})" for number, kind in enumerate(("json", "json", "json", "xml"), 1)
    ]
    assert remarks == []
    file.chmod(0o644)
    assert "everybody can read it" in targets_of([], str(file), {})[1][0]


@pytest.mark.parametrize("url", ["no-such-kind://t0ken", "t0ken", "json://", "slack://t0ken"])
def test_what_apprise_can_not_use(url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Is named by its place, not by its content."""
    with pytest.raises(NoNotification) as caught:
        targets_of(["json://fine.example", url], None, {})
    assert str(caught.value).startswith("--notify, number 2: apprise knows no such target")
    file = tmp_path / "notify"
    file.write_text(f"# comment\n{url}\n")
    with pytest.raises(NoNotification, match="notify, line 2: ") as again:
        targets_of([], str(file), {})
    said = "".join([str(caught.value), str(again.value), *capfd.readouterr()])
    assert "t0ken" not in said


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    """Missing, or no text."""
    with pytest.raises(NoNotification, match="nothing: it can't be read: No such file"):
        targets_of([], str(tmp_path / "nothing"), {})
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(NoNotification, match="it is no text"):
        targets_of([], str(tmp_path / "bytes"), {})


def test_without_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told what to install; who wants no notification needs none."""
    real = builtins.__import__

    def without(name: str, *more: object, **others: object) -> object:
        if name == "apprise":
            raise ImportError
        return real(name, *more, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    assert targets_of([], None, {}) == ([], [])
    with pytest.raises(NoNotification, match=r"pip install 'distscope\[notify\]'"):
        targets_of(["json://a.example"], None, {})


HOSTILE = "*b* _i_ [click](http://evil.example) <script>alert(1)</script> <!channel> &lt; # h `c` ![p](x) ~~s~~|t|"


@pytest.mark.parametrize("form", ["text", "html", "markdown"])
def test_hostile_names_stay_text_in_every_format(form: str) -> None:
    """Read back as a browser or a Markdown reader would."""
    message = Message("t", harmless(HOSTILE) + "\nFix: " + facts_of(judged(rejected)).fix, good=False)
    with receiving() as receiver:
        [target], _ = targets_of([f"{receiver.url}?format={form}"], None, {})
        assert target.send(message) is None
        [got] = receiver.got
    shown = got["message"]
    if form == "markdown":
        shown = MarkdownIt("gfm-like", {"linkify": False}).render(shown)
    if form != "text":
        tags = {part.split(">")[0] for part in shown.split("<")[1:]}
        assert tags <= {"p", "/p", "br/", "br", "br /", "em", "/em"}, shown
    assert "script" in shown
    assert "evil.example" in shown


def test_a_target_that_hangs_is_given_up() -> None:
    """apprise waits a few seconds; the others wait as long."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        [target], _ = targets_of([f"json://127.0.0.1:{server.getsockname()[1]}/?rto=0.2&cto=0.2"], None, {})
        assert target.send(MESSAGE) == "it can't be reached"
