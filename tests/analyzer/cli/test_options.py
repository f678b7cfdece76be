"""What several commands take: the same of each."""

from __future__ import annotations

import pytest

from tests.analyzer.cli.command import run


@pytest.mark.parametrize("command", ["analyze", "decode"])
def test_a_selection_is_the_same_everywhere(command: str) -> None:
    """Who narrows an analysis can list its messages with the same words."""
    text = run(command, "--help").stdout
    for option in (
        "--epmd-port",
        "--dist-port",
        "--node",
        "--host",
        "--since",
        "--until",
        "--keep-digests",
        "--redact",
    ):
        assert option in text


@pytest.mark.parametrize("port", ["0", "65536", "epmd"])
def test_a_port_is_one(port: str) -> None:
    """And the message names the option."""
    done = run("analyze", "--epmd-port", port, "x.pcap")
    assert done.exit_code == 2
    assert "--epmd-port" in done.stderr
