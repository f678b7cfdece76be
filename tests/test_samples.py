"""Each capture of the corpus gives its golden report and the verdicts of its provenance; no rule fires elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from typing import Any

import jsonschema
import pytest

from analyzer import rules
from analyzer.findings import Severity
from samples import dresses, provenance, recipes
from samples.provenance import HERE, README, STAGES
from tests.corpus import EVERY_SAMPLE, ROOT, SAMPLES, golden_comment, golden_text, report

GOLDEN = ROOT / "tests" / "golden"
SCHEMA = json.loads((ROOT / "analyzer" / "report" / "schema-1.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA, format_checker=jsonschema.FormatChecker())

RULES = {rule.name: rule for rule in rules.all_rules()}
FOLDER = {path.stem.replace("_", "-"): path.parent.name for path in (ROOT / "analyzer" / "rules").glob("*/[a-z]*.py")}
"""Rule → folder that it is in."""

COMMENTS = [
    ("handshake/cookie-mismatch", "github"),
    ("handshake/cookie-mismatch", "jira"),
    ("lookup/epmd-no-reply-frozen", "gitlab"),
    ("shapes/mixed-sessions", "github"),
    ("shapes/mixed-sessions", "jira"),
]
"""Samples and flavours whose comment for a ticket is kept: each shape of it once."""

OF_NO_CONCERN = {rule.name for rule in RULES.values() if rule.severity is Severity.INFO}
TRUE_OF_THE_HEALTHY = {"cookie-well-known"}
"""Several of them have a cookie that is in every list: secret."""

NO_SAMPLE: dict[str, str] = {}
"""Rule → why there is no capture in which it fires."""

WITHOUT_FOLDER = {"inconclusive": "it is what a capture lacks, not what happened: its captures are among the shapes"}
"""Verdict → why no capture in a folder of that stage is named for it."""


# --- One capture, one report -----------------------------------------------------------------------------------------


@EVERY_SAMPLE
def test_golden_report(name: str, update_golden: bool) -> None:
    """The report is what it was; make golden writes it anew."""
    path = GOLDEN / f"{name}.json"
    if update_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(golden_text(name), encoding="utf-8")
    assert path.exists(), "no golden report: run make golden, and read what it says"
    assert golden_text(name) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "flavour"), COMMENTS)
def test_golden_report_for_a_ticket(name: str, flavour: str, update_golden: bool) -> None:
    """The comment is what it was; make golden writes it anew."""
    path = GOLDEN / f"{name}.{flavour}.md"
    if update_golden:
        path.write_text(golden_comment(name, flavour), encoding="utf-8")
    assert path.exists(), "no golden comment: run make golden, and read what it says"
    assert golden_comment(name, flavour) == path.read_text(encoding="utf-8")


@EVERY_SAMPLE
def test_verdicts_are_those_of_the_provenance(name: str) -> None:
    """What really happened, found as often as it happened; and what the capture lacks."""
    found = report(name)
    flags = {flag for part in (*found["captures"], *found["attempts"]) for flag in part["flags"]}
    assert found["summary"]["verdicts"] == SAMPLES[name].verdicts
    assert flags == set(SAMPLES[name].flags)


@EVERY_SAMPLE
def test_report_follows_the_schema(name: str) -> None:
    """The published schema describes every report."""
    VALIDATOR.validate(report(name))


@EVERY_SAMPLE
def test_every_finding_has_its_proof(name: str) -> None:
    """Evidence names packets that are in the capture, and times between the first and the last of them."""
    found = report(name)
    captures = {capture["path"]: capture for capture in found["captures"]}
    for attempt in found["attempts"]:
        for finding in attempt["findings"]:
            assert finding["evidence"], f"{finding['name']} proves nothing"
            for item in finding["evidence"]:
                capture = captures[item["capture"]]
                assert 1 <= item["packet"] <= capture["packets"]
                assert capture["first_packet_at"] <= item["at"] <= capture["last_packet_at"]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("healthy/")])
def test_healthy_captures_are_silent(name: str) -> None:
    """Not one false alarm; the only advice is what is true of these nodes."""
    found = report(name)
    assert found["summary"]["ok"] == found["summary"]["attempts"] > 0
    warned = {finding["name"] for attempt in found["attempts"] for finding in attempt["findings"]} - OF_NO_CONCERN
    assert warned <= TRUE_OF_THE_HEALTHY


def test_the_command_says_the_same() -> None:
    """The installed command gives the golden report, byte for byte, and exits with 1 for a problem."""
    name = "handshake/cookie-mismatch"
    command = [sys.executable, "-m", "analyzer", "analyze", "--format", "json", f"samples/{name}.pcap"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == report(name)


# --- The cross table -------------------------------------------------------------------------------------------------


def test_cross_table() -> None:
    """Each verdict on the captures that show it, and on no other."""
    expected: dict[str, set[str]] = defaultdict(set)
    given: dict[str, set[str]] = defaultdict(set)
    for name, sample in SAMPLES.items():
        for slug in sample.verdicts:
            expected[slug].add(name)
        for slug in report(name)["summary"]["verdicts"]:
            given[slug].add(name)
    assert {slug: sorted(names) for slug, names in given.items()} == {
        slug: sorted(names) for slug, names in expected.items()
    }


@pytest.mark.parametrize("slug", RULES)
def test_every_rule_fires_on_a_sample(slug: str) -> None:
    """A rule that has never fired on a capture is a guess."""
    fires = any(slug in found_in(name) for name in SAMPLES)
    assert fires is (slug not in NO_SAMPLE), NO_SAMPLE.get(slug, "there is no capture in which it fires")


@pytest.mark.parametrize("slug", RULES)
def test_every_rule_has_a_capture_of_its_name(slug: str) -> None:
    """Who looks for a verdict or an advice finds its capture in the folder of its stage."""
    named = [name for name in SAMPLES if slug_of(name) == slug]
    assert bool(named) is (slug not in NO_SAMPLE and slug not in WITHOUT_FOLDER)


@pytest.mark.parametrize(
    "name", [name for name, sample in SAMPLES.items() if sample.stage not in ("healthy", "shapes")]
)
def test_captures_are_named_for_their_rule(name: str) -> None:
    """``<folder of the rule>/<slug>[-<variant>]``, and that rule fires."""
    slug = slug_of(name)
    assert FOLDER[slug] == SAMPLES[name].stage
    assert slug in SAMPLES[name].verdicts or slug in found_in(name)


def slug_of(name: str) -> str:
    """The rule that a sample is named for: the longest slug that its file name begins with; else empty."""
    stem = name.partition("/")[2] + "-"
    return max((slug for slug in RULES if stem.startswith(f"{slug}-")), key=len, default="")


def found_in(name: str) -> set[str]:
    """Verdicts and advice that the report of a sample has findings of."""
    return {finding["name"] for attempt in report(name)["attempts"] for finding in attempt["findings"]}


# --- Dresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("shapes/dress-")])
def test_the_dress_does_not_change_the_diagnosis(name: str) -> None:
    """Container, compression, order and encapsulation: the same attempt, step by step."""
    assert _story(report(name)) == _story(report(dresses.BASE.removesuffix(".pcap")))


def _story(found: Any) -> list[Any]:
    keys = ("kind", "initiator", "acceptor", "called", "stage", "verdict", "outcome", "certainty", "detail", "flags")
    return [
        [attempt[key] for key in keys] + [(step["from"], step["event"], step["fields"]) for step in attempt["timeline"]]
        for attempt in found["attempts"]
    ]


# --- The corpus as files ---------------------------------------------------------------------------------------------


def test_provenance_knows_every_file() -> None:
    """No capture without provenance, no entry without its capture, no golden report without its entry."""
    held = {
        path.relative_to(HERE).as_posix() for stage in STAGES for path in (HERE / stage).rglob("*") if path.is_file()
    }
    listed = [file for sample in SAMPLES.values() for file in sample.files]
    assert len(listed) == len(set(listed))
    assert held == set(listed)
    golden = {path.relative_to(GOLDEN).with_suffix("").as_posix() for path in GOLDEN.rglob("*.json")}
    assert golden == set(SAMPLES)


@EVERY_SAMPLE
def test_provenance_entry_is_well_formed(name: str) -> None:
    """Named for its files, in a known folder, with an origin; a real one says how it was captured."""
    sample = SAMPLES[name]
    assert sample.stage in STAGES
    for file in sample.files:
        assert file.startswith(f"{name}." if len(sample.files) == 1 else f"{name}/")
    assert sample.origin in ("real", "recipe")
    assert (sample.origin == "real") is bool(sample.captured)
    assert (sample.origin == "recipe") is any(file in recipes.RECIPES for file in sample.files)


def test_readme_table_is_fresh() -> None:
    """samples/README.md shows what provenance.toml says."""
    text = README.read_text(encoding="utf-8")
    assert text == provenance.readme_with_table(text, list(SAMPLES.values())), "run python -m samples.provenance"


def test_recipes_make_the_committed_bytes() -> None:
    """The synthetic captures are what their recipes make."""
    assert recipes.main(["--check"]) == 0, "run make samples"
