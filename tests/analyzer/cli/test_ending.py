"""How a command ends."""

from __future__ import annotations

from pathlib import Path

from tests.analyzer.cli.command import run


def test_what_could_not_be_read_outweighs_a_problem(problem: Path, tmp_path: Path) -> None:
    """Each input on a line of its own on standard error, and nothing of it on standard output."""
    done = run("decode", problem, tmp_path / "absent.pcap", tmp_path / "gone.pcap")
    assert done.exit_code == 3
    lines = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines if "absent" in line or "gone" in line] == [
        "distscope",
        "distscope",
    ]
    assert "absent" not in done.stdout
