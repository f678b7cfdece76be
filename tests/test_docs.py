"""What the documents say is so: the README's report is real, lists are complete, links and citations lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest

from analyzer import rules
from analyzer.cli import COMMANDS, cli
from analyzer.report.handbook import HOME, page_of
from analyzer.service.metrics import LOOPBACK, Address, Metrics
from docs.generate import EVENTS, PAGES
from tests.analyzer.sessions.happening import event_classes
from tests.corpus import ROOT

README = ROOT / "README.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("samples/*.md")])
SOURCES = sorted(
    path for folder in ("analyzer", "dissectors", "docs", "samples", "tests") for path in (ROOT / folder).rglob("*.py")
)
SHOWN = "samples/handshake/cookie-mismatch.pcap"

SECTIONS = (
    "What happens",
    "Why",
    "How to confirm",
    "Looks alike",
    "How to fix",
    "Example",
    "Seen in",
    "References",
)
"""Of the page of a rule."""

_REPORT = re.compile(r"(?<=<!-- report: make golden -->\n```text\n).*?(?=```\n<!-- end of report -->)", re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
_ANCHOR = re.compile(r"\]\((?!https?://)([^)#]*)#([^)]+)\)")
_TITLE = re.compile(r"^#+ (.+)$", re.MULTILINE)
_TYPED = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EXAMPLES = re.compile(r"^  Examples:\n((?:    .*\n)+)", re.MULTILINE)
_COMMAND = re.compile(r"^[^#\n]*\bdistscope ([^|#\n]+)", re.MULTILINE)
_HEADING = re.compile(r"#{2,3} (\d+(?:\.\d+)?)\.? ")
_CITATION = re.compile(r"docs/protocol\.md (?:sections? )?(\d+(?:\.\d+)?)")


def test_readme_shows_a_real_report(update_golden: bool) -> None:
    """Exactly what ``make demo`` prints, in 80 columns and without colour."""
    printed = _printed("analyze", SHOWN)
    text = README.read_text(encoding="utf-8")
    if update_golden:
        text = _REPORT.sub(lambda _: printed, text)
        README.write_text(text, encoding="utf-8")
    shown = _REPORT.search(text)
    assert shown is not None
    assert shown[0] == printed


def _printed(*arguments: str) -> str:
    """What distscope prints in 80 columns and without colour."""
    command = [sys.executable, "-m", "analyzer", *arguments]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False).stdout


def test_readme_names_every_rule_and_no_other() -> None:
    """Each verdict and each advice; what looks like one is one."""
    text = README.read_text(encoding="utf-8")
    section = text[text.index("## What it recognises") : text.index("## How to capture")]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", section)) - {"global"}
    assert named == {rule.name for rule in rules.all_rules()}


def test_changelog_names_every_code() -> None:
    """Ranges like LKP001–007 cover all codes: a new, changed or retired one is something that users see."""
    listed: set[str] = set()
    for stage, first, last in re.findall(
        r"\b([A-Z]{3})(\d{3})(?:–(\d{3}))?\b", (ROOT / "CHANGELOG.md").read_text("utf-8")
    ):
        listed |= {f"{stage}{number:03}" for number in range(int(first), int(last or first) + 1)}
    assert listed == {rule.id for rule in rules.all_rules()}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link is a file of the project."""
    links = _LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_anchors_lead_somewhere(path: Path) -> None:
    """A link into a document ends at one of its headings."""
    links = _ANCHOR.findall(path.read_text(encoding="utf-8"))
    targets = [(path.parent / file if file else path, anchor) for file, anchor in links]
    assert [f"{target.name}#{anchor}" for target, anchor in targets if anchor not in _anchors(target)] == []


@cache
def _anchors(path: Path) -> frozenset[str]:
    """What a forge makes of the headings of a document."""
    titles = _TITLE.findall(path.read_text(encoding="utf-8"))
    return frozenset(re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles)


def test_citations_of_the_protocol_lead_somewhere() -> None:
    """The code cites docs/protocol.md by section."""
    sections = _sections((ROOT / "docs" / "protocol.md").read_text(encoding="utf-8"))
    lost = {
        f"{path.relative_to(ROOT)}: {section}"
        for path in SOURCES
        for section in _CITATION.findall(path.read_text(encoding="utf-8"))
        if section not in sections
    }
    assert lost == set()


def _sections(text: str) -> set[str]:
    """``2``, ``2.4``, and the entries of numbered lists: ``0.6`` is the sixth of section 0."""
    found = set()
    section = ""
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            section = heading[1]
            found.add(section)
        elif entry := re.match(r"(\d+)\. ", line):
            found.add(f"{section}.{entry[1]}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_that_the_code_names_exist(path: Path) -> None:
    """A document that is named can be read."""
    named = re.findall(r"\bdocs/[a-z-]+\.md\b", path.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_samples_readme_explains_every_verdict_that_was_captured() -> None:
    """How its captures were made; but for what any two nodes show."""
    text = (ROOT / "samples" / "README.md").read_text(encoding="utf-8")
    told = text[text.index("## How the real ones were made") : text.index("## The captures")]
    untold = {rule.name for rule in rules.all_rules() if rule.outcome is not None and rule.name not in told}
    assert untold <= {"answered", "connected", "closed-normally", "idle-no-name", "inconclusive", "malformed-handshake"}


# --- Written by docs/generate.py -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_generated_document_is_fresh(name: str) -> None:
    """It says what the code declares today."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs, and read the diff"


def test_every_rule_has_its_page() -> None:
    """Where reports say that it is, so that tickets can link to it; the index leads to each, and there is no other."""
    names = [rule.name for rule in rules.all_rules()]
    assert all((ROOT / page_of(name).removeprefix(HOME)).is_file() for name in names)
    assert sorted(re.findall(r"\]\(verdicts/(.+?)\.md\)", PAGES["rules.md"]())) == sorted(names)
    assert sorted(path.stem for path in (ROOT / "docs" / "verdicts").iterdir()) == sorted(names)


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("verdicts/")])
def test_page_of_a_rule_says_all(name: str) -> None:
    """What happens, why, how to confirm, what to change, a report that shows it, where it was seen."""
    titles = [title for title in _TITLE.findall(PAGES[name]()) if title != "PROBLEM"]
    slug, *sections = titles
    assert name == f"verdicts/{slug}.md"
    assert sections == [title for title in SECTIONS if title in sections]
    assert set(SECTIONS) - set(sections) <= {"Looks alike", "References"}


def test_states_page_has_every_event() -> None:
    """The events come from what their package offers: none that the tests know is left out."""
    assert set(EVENTS) == set(event_classes())


def test_commands_page_has_every_command() -> None:
    """A heading for each, and what it prints on a terminal of 80 columns."""
    page = PAGES["cli.md"]()
    assert _TITLE.findall(page) == ["Commands", "distscope", *(f"distscope {name}" for name in COMMANDS)]
    for name in ("", *COMMANDS):
        assert f"```text\n{_printed(*name.split(), '--help')}```\n" in page


# --- Command lines ---------------------------------------------------------------------------------------------------


def _command_lines() -> set[str]:
    """All that the README's blocks and the examples of the help tell to type."""
    typed = [found[1] for found in _TYPED.finditer((ROOT / "README.md").read_text(encoding="utf-8"))]
    examples = [found[1] for found in _EXAMPLES.finditer(PAGES["cli.md"]())]
    return {found.strip() for text in (*typed, *examples) for found in _COMMAND.findall(text)}


@pytest.mark.parametrize("line", sorted(_command_lines()))
def test_command_lines_of_documents_are_understood(line: str) -> None:
    """The command exists, and so does each option; what it reads need not."""
    name, *arguments = shlex.split(line)
    with click.Context(cli, info_name="distscope") as top:
        command = cli.get_command(top, name)
        assert command is not None
        command.make_context(name, arguments, parent=top)


# --- The service -----------------------------------------------------------------------------------------------------

UNIT = ROOT / "docs" / "systemd" / "distscope.service"


def test_the_unit_of_systemd_runs_what_there_is() -> None:
    """Its command line is understood, and it gets one capability."""
    lines = [line.partition("=") for line in UNIT.read_text(encoding="utf-8").splitlines() if re.match(r"\w+=", line)]
    settings = {key: value for key, _, value in lines}
    program, name, *arguments = shlex.split(settings["ExecStart"])
    assert (Path(program).name, name) == ("distscope", "sniff")
    with click.Context(cli, info_name="distscope") as top:
        command = cli.get_command(top, name)
        assert command is not None
        command.make_context(name, arguments, parent=top)
    assert settings["AmbientCapabilities"] == settings["CapabilityBoundingSet"] == "CAP_NET_RAW"


def test_alerts_ask_for_metrics_that_there_are() -> None:
    """And docs/service.md names all of them."""
    families = [family for family in Metrics(Address(LOOPBACK, 0)).collect() if family.name != "distscope"]
    served = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    asked = set(re.findall(r"distscope_\w+", (UNIT.parent / "alerts.yml").read_text(encoding="utf-8")))
    told = set(re.findall(r"`(distscope_\w+)", (UNIT.parents[1] / "service.md").read_text(encoding="utf-8")))
    assert asked < served
    assert told == served | {"distscope_info"}
