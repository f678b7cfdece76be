"""``distscope sniff``, run as a user runs it: on real interfaces, with real connections."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.analyzer.cli.command import run
from tests.analyzer.cli.test_analyze import SCHEMA
from tests.analyzer.live.namespaces import PATIENCE, ROOT, Namespace, namespace, needs_namespaces, pair, sniffing

PEERS = (sys.executable, "-m", "tests.analyzer.live.peers")
SCRAPE = (
    "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9404/metrics', timeout=10).read().decode())"
)
ATTEMPT = {**SCHEMA["properties"]["attempts"]["items"], "$defs": SCHEMA["$defs"]}


@pytest.fixture
def network() -> Iterator[tuple[Namespace, Namespace]]:
    """A node that takes no cookie in the second namespace."""
    with pair() as (one, other), other.started(*PEERS, "listen", "10.77.0.2") as node:
        assert node.stdout is not None
        assert node.stdout.readline() == "ready\n"
        yield one, other


def call(where: Namespace, address: str = "10.77.0.2") -> None:
    """One attempt with a wrong cookie; the listener may need a moment."""
    done = where.run(*PEERS, "call", address)
    assert done.returncode == 0, done.stderr


@needs_namespaces
def test_a_verdict_falls_with_the_fin_and_the_recording_says_the_same(
    network: tuple[Namespace, Namespace], tmp_path: Path
) -> None:
    """Live, in the report, in the kept packets, and in what tcpdump would have recorded."""
    one, _ = network
    evidence, report = tmp_path / "e.pcapng", tmp_path / "r.json"
    with sniffing(one, "-i", "left", "--write", evidence, "-o", report) as sniffer:
        call(one)
        sniffer.wait_for("cookie-mismatch")
        assert sniffer.end() == 1
        assert "1 problem found" in sniffer.output()
    document = json.loads(report.read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["summary"]["verdicts"] == {"cookie-mismatch": 1}
    assert [(each["path"], each["format"]) for each in document["captures"]] == [("left", "live")]
    again = run("analyze", evidence, "--format", "json")
    live, file = document["attempts"][0], json.loads(again.stdout)["attempts"][0]
    for key in ("verdict", "certainty", "detail", "stage", "initiator", "acceptor", "flags"):
        assert live[key] == file[key]


@needs_namespaces
def test_json_lines_follow_the_schema_and_until_problem_ends_it(network: tuple[Namespace, Namespace]) -> None:
    """Each line an attempt, written at once."""
    one, _ = network
    with sniffing(one, "-i", "any", "--format", "json", "--until-problem") as sniffer:
        call(one)
        assert sniffer.process.wait(PATIENCE) == 1
        [line] = sniffer.output().splitlines()
    attempt = json.loads(line)
    jsonschema.validate(attempt, ATTEMPT)
    assert attempt["verdict"] == "cookie-mismatch"


@needs_namespaces
def test_loopback_and_a_cable_are_one_story(network: tuple[Namespace, Namespace]) -> None:
    """Two interfaces, a node on each."""
    one, _ = network
    with (
        one.started(*PEERS, "listen", "127.0.0.1") as node,
        sniffing(one, "-i", "lo", "-i", "left", "--format", "json", "--count", "2") as sniffer,
    ):
        assert node.stdout is not None
        assert node.stdout.readline() == "ready\n"
        call(one, "127.0.0.1")
        call(one)
        assert sniffer.process.wait(PATIENCE) == 1
        attempts = [json.loads(line) for line in sniffer.output().splitlines()]
    assert [(each["verdict"], each["timeline"][0]["capture"]) for each in attempts] == [
        ("cookie-mismatch", "lo"),
        ("cookie-mismatch", "left"),
    ]


@needs_namespaces
def test_an_interface_that_goes_down_ends_it_with_what_is_known(network: tuple[Namespace, Namespace]) -> None:
    """Status 3, for the capture is not what was asked for; the report is there."""
    one, _ = network
    with sniffing(one, "-i", "left") as sniffer:
        call(one)
        sniffer.wait_for("cookie-mismatch")
        one.ip("link", "set", "left", "down")
        assert sniffer.process.wait(PATIENCE) == 3
        assert "distscope: left: The interface went down" in sniffer.errors()
        assert "ip link show left" in sniffer.errors()
        assert "1 problem found" in sniffer.output()


@needs_namespaces
def test_others_go_on_without_it(network: tuple[Namespace, Namespace]) -> None:
    """The one that is left is enough."""
    one, _ = network
    with sniffing(one, "-i", "lo", "-i", "left") as sniffer:
        one.ip("link", "set", "lo", "down")
        sniffer.wait_for("lo: The interface went down", sniffer.errors)
        call(one)
        sniffer.wait_for("cookie-mismatch")
        assert sniffer.end() == 1
        assert "nothing was captured from it after that" in sniffer.output()


@needs_namespaces
def test_a_reader_that_goes_away_ends_it(network: tuple[Namespace, Namespace], tmp_path: Path) -> None:
    """``| head -1``: the report is written all the same."""
    one, _ = network
    report = tmp_path / "r.json"
    command = f"{sys.executable} -m analyzer sniff -i left --format json -o {report} | head -n 1"
    process = subprocess.Popen(
        ["ip", "netns", "exec", one.name, "sh", "-c", command],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    assert "listening" in process.stderr.readline()
    for _ in range(3):
        call(one)
    out, err = process.communicate(timeout=PATIENCE)
    assert (len(out.splitlines()), err) == (1, "")
    assert json.loads(report.read_text())["summary"]["problem"] >= 2


@needs_namespaces
def test_a_report_without_room_costs_no_other(network: tuple[Namespace, Namespace], tmp_path: Path) -> None:
    """Standard output has it, and so have the files that can be written; each failure is told."""
    one, _ = network
    report, devices = tmp_path / "r.json", (tmp_path / "one.json", tmp_path / "two.json")
    tmp_path.chmod(0o755)
    for each in devices:
        each.symlink_to("/dev/full")
    with sniffing(one, "-i", "left", "-o", devices[0], "-o", devices[1], "-o", report) as sniffer:
        call(one)
        sniffer.wait_for("cookie-mismatch")
        assert sniffer.end() == 2
        assert "1 problem found" in sniffer.output()
        assert sniffer.errors().count("No space left on device\n  next: make room") == 2
    assert json.loads(report.read_text())["summary"]["problem"] == 1


@needs_namespaces
def test_duration_ends_it() -> None:
    """With nothing heard there is no problem."""
    with namespace() as net, sniffing(net, "-i", "lo", "--duration", "1s") as sniffer:
        assert sniffer.process.wait(PATIENCE) == 0
        assert "No attempt of an Erlang node" in sniffer.output()


@needs_namespaces
def test_an_interface_that_is_not_there_is_3() -> None:
    """With those there are."""
    with namespace() as net:
        done = net.run(sys.executable, "-m", "analyzer", "sniff", "-i", "eth9")
    assert (done.returncode, done.stdout) == (3, "")
    assert "eth9: there is no such interface\n  next: name one of these with -i: any, lo" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-i", "lo", "--write-size", "1M"),
        ("-i", "lo", "--write", "e.pcapng", "--write-files", "2"),
        ("-i", "lo", "--duration", "soon"),
        ("-i", "lo", "--duration", "0s"),
        ("-i", "lo", "-o", "report.odd"),
        ("-i", "lo", "-o", "report.pcapng"),
    ],
)
def test_a_wrong_command_line_is_2(arguments: tuple[str, ...]) -> None:
    """Before anything is listened to."""
    assert run("sniff", *arguments).exit_code == 2


@needs_namespaces
def test_metrics_and_notifications_of_a_real_run(network: tuple[Namespace, Namespace], tmp_path: Path) -> None:
    """Scraped over HTTP, sent over HTTP; a target that is not there costs nothing, and no secret is seen anywhere."""
    one, _ = network
    targets = tmp_path / "notify"
    with one.started(sys.executable, "-m", "tests.analyzer.service.receiver") as receiver:
        assert receiver.stdout is not None
        url = receiver.stdout.readline().strip()
        targets.write_text(f"# nobody there:\njson://127.0.0.1:1/t0ken\n{url}\n")
        targets.chmod(0o600)
        with sniffing(one, "-i", "left", "--metrics", "9404", "--notify-file", targets) as sniffer:
            for _ in range(3):
                call(one)
            told = receiver.stdout.readline()
            sniffer.wait_for("it can't be reached; notifications wait", sniffer.errors)
            sniffer.wait_for("3", lambda: sniffer.output().count("cookie-mismatch"))
            sniffer.wait_for('result="sent"} 1.0', partial(one.python, SCRAPE))
            families = {
                (sample.name, *sample.labels.values()): sample.value
                for family in text_string_to_metric_families(one.python(SCRAPE))
                for sample in family.samples
            }
            command_line = Path(f"/proc/{sniffer.process.pid}/cmdline").read_text()
            threads = list(Path(f"/proc/{sniffer.process.pid}/task").glob("*/status"))
            capable = [each for each in threads if "CapEff:\t0000000000000000" not in each.read_text()]
            assert sniffer.end() == 1
            said = sniffer.output() + sniffer.errors() + command_line
    assert json.loads(told)["title"].startswith("PROBLEM cookie-mismatch: ann@")
    assert families["distscope_problems_total", "cookie-mismatch"] == families["distscope_attempts_total",] == 3
    assert families["distscope_notifications_total", "sent"] == 1
    assert families["distscope_notifications_total", "failed"] >= 1
    assert "notification target 1 (json): 1 notification not delivered" in said
    assert not [secret for secret in ("t0ken", "pa55word") if secret in said]
    assert (len(threads) > 1, capable) == (True, [])


def test_what_the_service_can_not_use_is_told_first(tmp_path: Path) -> None:
    """Before an interface is opened; a secret is not repeated."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = run("sniff", "-i", "lo", "--metrics", address)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"--metrics {address}: Address already in use" in done.stderr
    done = run("sniff", "-i", "lo", "--notify", "no-such-kind://t0ken")
    assert (done.exit_code, "t0ken" in done.stderr) == (2, False)
    assert "--notify, number 1: apprise knows no such target of the kind no-such-kind" in done.stderr
