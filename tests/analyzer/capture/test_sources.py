"""Files, folders, patterns and standard input."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzer.capture.sources import Input, expand, natural, unusable
from analyzer.errors import CaptureForbidden, CaptureMissing, UnusableInput


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("trace10.pcap", "trace2.pcap", "sub/deep/x.pcap", "sub/a.pcap", "[odd].pcap", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def paths(*arguments: str) -> list[str]:
    """What the arguments name."""
    return [source.path for source in expand(arguments).inputs]


def test_files_keep_the_order_in_which_they_are_named(folder: Path) -> None:
    """The report counts them so."""
    assert paths("trace10.pcap", "-", "trace2.pcap") == ["trace10.pcap", "-", "trace2.pcap"]


def test_sizes_are_known_of_files_only(folder: Path) -> None:
    """A stream has none."""
    assert [source.size for source in expand(["trace2.pcap", "-"]).inputs] == [11, None]


def test_a_folder_is_searched_with_all_below_it(folder: Path) -> None:
    """Sorted, 2 before 10; each input knows that it was found, not named."""
    found = expand(["."]).inputs
    assert [source.path for source in found] == [
        "[odd].pcap",
        "notes.txt",
        "trace2.pcap",
        "trace10.pcap",
        "sub/a.pcap",
        "sub/deep/x.pcap",
    ]
    assert {source.folder for source in found} == {"."}


def test_pipes_in_a_folder_are_left_alone(folder: Path) -> None:
    """Opening one would wait for a writer; named outright it is read."""
    os.mkfifo(folder / "sub" / "pipe")
    assert paths("sub") == ["sub/a.pcap", "sub/deep/x.pcap"]
    assert paths("sub/pipe") == ["sub/pipe"]


def test_links_in_a_circle_end(folder: Path) -> None:
    """Links to folders are not followed; links to files are, and to nothing are an error of that name."""
    (folder / "sub" / "again").symlink_to(folder)
    (folder / "sub" / "link.pcap").symlink_to(folder / "trace2.pcap")
    (folder / "sub" / "nothing.pcap").symlink_to(folder / "gone")
    found = expand(["sub"])
    assert [source.path for source in found.inputs] == ["sub/a.pcap", "sub/link.pcap", "sub/deep/x.pcap"]
    assert [error.path for error in found.errors] == ["sub/nothing.pcap"]


def test_patterns_that_the_shell_left_alone_are_expanded(folder: Path) -> None:
    """On Windows, or in quotes."""
    assert paths("trace*.pcap") == ["trace2.pcap", "trace10.pcap"]
    assert paths("**/*.pcap") == ["[odd].pcap", "sub/a.pcap", "sub/deep/x.pcap", "trace2.pcap", "trace10.pcap"]
    assert paths(str(folder / "trace?.pcap")) == [str(folder / "trace2.pcap")]


def test_a_file_with_a_name_like_a_pattern_is_that_file(folder: Path) -> None:
    """Its own name comes first."""
    assert paths("[odd].pcap") == ["[odd].pcap"]


def test_a_file_named_twice_is_read_once(folder: Path) -> None:
    """By two names, through a link, in a folder, by a pattern: once, where it was named first, with a note."""
    (folder / "link.pcap").symlink_to(folder / "trace2.pcap")
    found = expand(["trace2.pcap", "./trace2.pcap", "link.pcap", "trace*.pcap", "-", "-"])
    assert [source.path for source in found.inputs] == ["trace2.pcap", "trace10.pcap", "-"]
    assert len(found.notes) == 4
    assert found.notes[0] == "./trace2.pcap was named more than once; it is read once"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("gone.pcap", "there is no such file"),
        ("gone*.pcap", "no file matches this pattern"),
        ("notes.txt/x", "there is no such file"),
        ("nul\0.pcap", "there is no such file"),
        ("n" * 300, "it can't be read: File name too long"),
    ],
)
def test_what_is_not_there_is_an_error_of_its_own(folder: Path, argument: str, message: str) -> None:
    """The others are found all the same."""
    found = expand([argument, "trace2.pcap"])
    assert [source.path for source in found.inputs] == ["trace2.pcap"]
    assert [error.message for error in found.errors] == [message]
    assert found.errors[0].next_step


def test_a_file_that_goes_before_it_is_opened(folder: Path) -> None:
    """An error for people, too."""
    with pytest.raises(CaptureMissing, match=r"gone\.pcap: there is no such file"):
        Input("gone.pcap", 1).open(io.BytesIO())


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may read everything: become somebody else for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_no_permission(folder: Path) -> None:
    """It is there, and closed to us."""
    folder.chmod(0o755)
    (folder / "trace2.pcap").chmod(0)
    with ordinary_user(), pytest.raises(CaptureForbidden, match="no permission"):
        Input("trace2.pcap", 1).open(io.BytesIO())


def test_a_folder_without_permission(folder: Path) -> None:
    """It is named; what else there is, is found."""
    folder.chmod(0o755)
    (folder / "sub" / "deep").chmod(0)
    with ordinary_user():
        found = expand(["sub"])
    (folder / "sub" / "deep").chmod(0o755)
    assert [source.path for source in found.inputs] == ["sub/a.pcap"]
    assert [(type(error), error.path) for error in found.errors] == [(CaptureForbidden, "sub/deep")]


def test_other_errors_say_what_the_system_said() -> None:
    """A disk that fails, for one."""
    error = unusable("x.pcap", OSError(5, "Input/output error"))
    assert type(error) is UnusableInput
    assert "Input/output error" in str(error)


def test_a_terminal_is_no_capture() -> None:
    """``distscope analyze -`` without a pipe would wait for ever."""
    main, terminal = os.openpty()
    try:
        with (
            os.fdopen(terminal, "rb", buffering=0) as stdin,
            pytest.raises(UnusableInput, match="standard input is a terminal"),
        ):
            Input("-", None).open(stdin)
    finally:
        os.close(main)


def test_names_sort_by_their_numbers() -> None:
    """And then as text."""
    names = ["b", "a10", "a2b", "a2a", "a", "2", "10"]
    assert sorted(names, key=natural) == ["2", "10", "a", "a2a", "a2b", "a10", "b"]
