"""Files to send: their names, their bytes, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from analyzer.attach import files
from analyzer.attach.files import NotAFile, TwoOfOneName, read, safe_name


def test_read(tmp_path: Path) -> None:
    """What is sent is what the digest says; the bytes are in no representation."""
    path = tmp_path / "report.html"
    path.write_bytes(b"<p>secret</p>")
    (upload,) = read([str(path)])
    assert (upload.name, upload.size, upload.suffix) == ("report.html", 13, ".html")
    assert upload.sha256 == hashlib.sha256(b"<p>secret</p>").hexdigest()
    assert "secret" not in repr(upload)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/tmp/report-1.2+x.html", "report-1.2+x.html"),
        ("größe der Störung.html", "gr_e_der_St_rung.html"),
        ("](javascript:alert(1)).md", "_javascript_alert_1_.md"),
        ("-rf", "rf"),
        ("..", "file"),
        ("a\r\nX-Header: b", "a_X-Header_b"),
        ("\udcff.json", "_.json"),
    ],
)
def test_names_are_harmless(path: str, name: str) -> None:
    """They stand in comments, headers and addresses."""
    assert safe_name(path) == name


def test_what_is_no_file(tmp_path: Path) -> None:
    """Missing, a folder, empty: exit status 3, and the file is named."""
    (tmp_path / "empty.html").touch()
    for name in ("missing.html", ".", "empty.html"):
        with pytest.raises(NotAFile) as caught:
            read([str(tmp_path / name)])
        assert caught.value.exit_status == 3
        assert str(tmp_path) in str(caught.value)


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most likely the capture, not its evidence; it is not even read."""
    path = tmp_path / "capture.pcap"
    path.write_bytes(b"x" * 11)
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    with pytest.raises(NotAFile, match="11 bytes are too many") as caught:
        read([str(path)])
    assert "evidence.pcapng" in str(caught.value)


def test_two_of_one_name(tmp_path: Path) -> None:
    """On the ticket nobody could tell them apart."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "report.html").write_text("x")
    with pytest.raises(TwoOfOneName, match="rename one of them"):
        read([str(tmp_path / "a/report.html"), str(tmp_path / "b/report.html")])
