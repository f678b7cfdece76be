"""HTML reports in a real browser: they fit, work by mouse and keyboard, are accessible, and fetch nothing.

Debian's chromium and chromium-driver, one browser for all pages.  axe-core judges accessibility.
"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options as ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.report import html, view
from tests import scenes
from tests.conftest import WITHOUT_BROWSER
from tests.corpus import opened

pytestmark = pytest.mark.skipif(WITHOUT_BROWSER, reason="WITHOUT_BROWSER is set: nobody looks at the HTML reports")

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # chromium does not start without it where we are root; what it loads is made here
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
SAMPLES = {
    "cookie": "handshake/cookie-mismatch",
    "tls": "tls/tls-certificate-rejected-unknown-ca-server-tls12",
    "silence": "link/tick-timeout",
    "stalled": "tls/tls-stalled",
}
SCENES = {"cluster": scenes.five_nodes, "many": scenes.many_attempts, "hostile": scenes.hostile}
PAGES = (*SAMPLES, *SCENES)

DESKTOP, PHONE, PAPER = 1280, 360, 703
"""Pixels across; the last is A4 without its margins."""

ODD_BOXES = (Path(__file__).parent / "odd_boxes.js").read_text(encoding="utf-8")
"""Says what overlaps, sticks out or is cut off."""


class Browser:
    """Chromium, and what it did."""

    def __init__(self, profile: str) -> None:
        options = ChromeOptions()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium") or "chromium"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(shutil.which("chromedriver") or "chromedriver"))

    def open(
        self, path: Path, *, width: int = DESKTOP, dark: bool = False, media: str = "", script: bool = True
    ) -> None:
        """Show a page, and forget what was before."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
        self.command("Emulation.setEmulatedMedia", media=media, features=features)
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.command("Emulation.setScriptExecutionDisabled", value=not script)
        self.driver.get("about:blank")
        self.said()
        self.requested()
        self.driver.get(path.as_uri())

    def command(self, name: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def said(self) -> list[str]:
        """Errors and warnings: of scripts, of the policy, of the network."""
        return [entry["message"] for entry in self._log("browser")]

    def requested(self) -> list[str]:
        """Addresses of all that was asked for."""
        messages = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def _log(self, name: str) -> list[dict[str, Any]]:
        """What was logged since the last time."""
        return list(self.driver.get_log(name))  # type: ignore[no-untyped-call]

    def press(self, *keys: str) -> None:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all pages, with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        started = Browser(profile)
        yield started
        started.driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports, as files."""
    folder = tmp_path_factory.mktemp("reports")
    made = {}
    for name, sample in SAMPLES.items():
        with opened(sample) as (source, options):
            made[name] = html.render(view.build(pipeline.analyze(source, options)))
    for name, scene in SCENES.items():
        capture = folder / f"{name}.pcapng"
        capture.write_bytes(scene())
        with open_source([str(capture)], stdin=io.BytesIO()) as source:
            made[name] = html.render(view.build(pipeline.analyze(source)))
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


# --- How it looks ----------------------------------------------------------------------------------------------------

LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"dark": True},
    "phone": {"width": PHONE},
    "print": {"media": "print", "width": PAPER},
}


LOOKED_AT = [
    *((name, look) for name in PAGES for look in ("light", "phone", "print")),
    *((name, "dark") for name in ("cookie", "tls", "cluster", "many")),
]
"""Dark is but other colours, about which axe has more to say."""
UNFOLDED = 12
"""Enough to see the diagrams of all kinds."""


@pytest.mark.parametrize(("name", "look"), LOOKED_AT)
def test_nothing_overlaps_or_sticks_out(browser: Browser, pages: dict[str, Path], name: str, look: str) -> None:
    """As it opens, and with all lists and diagrams unfolded; the page itself never scrolls sideways."""
    browser.open(pages[name], **LOOKS[look])
    assert browser.run(ODD_BOXES) == []
    browser.run(
        "[...document.querySelectorAll('details.case')].slice(0, arguments[0]).forEach(each => {"
        "  for (const one of [each, ...each.querySelectorAll('details')]) one.open = true; })",
        UNFOLDED,
    )
    assert browser.run(ODD_BOXES) == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_leaves_the_page(browser: Browser, pages: dict[str, Path], name: str) -> None:
    """One file is read; neither a script nor the policy complains."""
    browser.open(pages[name])
    assert browser.requested() == [pages[name].as_uri()]
    assert browser.said() == []
    assert browser.run("return document.querySelectorAll('script, style').length") == 2


def test_what_leaves_a_page_is_seen(browser: Browser, tmp_path: Path) -> None:
    """Else the test above would show nothing: a request is seen, and the policy stops it and says so."""
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        address = f"http://127.0.0.1:{closed_soon.getsockname()[1]}/x.png"
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
    for head, complaint in (("", "ERR_CONNECTION_REFUSED"), (policy, "Content Security Policy")):
        page = tmp_path / "leaks.html"
        page.write_text(f"<!DOCTYPE html>{head}<img src='{address}'>", encoding="utf-8")
        browser.open(page)
        assert browser.run("return document.images.length") == 1
        assert address in browser.requested()
        assert any(complaint in message for message in browser.said())


def test_what_overlaps_is_seen(browser: Browser, tmp_path: Path) -> None:
    """Else the tests above would show nothing."""
    page = tmp_path / "odd.html"
    page.write_text(
        "<!DOCTYPE html><p style='width: 2000px'>wide</p><svg class=ladder width=100 height=50>"
        "<text x=0 y=20>one over</text><text x=5 y=22>the other</text><text x=80 y=45>sticks out</text></svg>",
        encoding="utf-8",
    )
    browser.open(page)
    odd = " / ".join(browser.run(ODD_BOXES))
    assert all(words in odd for words in ("scrolls sideways", "one over overlaps the other", "sticks out leaves"))


def test_a_pdf_has_the_report(browser: Browser, pages: dict[str, Path]) -> None:
    """Printed without the controls, with every case that is open."""
    browser.open(pages["cookie"])
    made = browser.command("Page.printToPDF", preferCSSPageSize=True)
    document = base64.b64decode(made["data"])
    assert document.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", document)) <= 4
    browser.open(pages["many"], media="print", width=PAPER)
    assert [each.is_displayed() for each in browser.all("form.filter, button")].count(True) == 0
    assert browser.one("svg.ladder").is_displayed()


# --- Who can use it --------------------------------------------------------------------------------------------------

AXE = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "look", "options"),
    [
        ("cookie", "light", {}),
        ("cookie", "dark", {}),
        ("cookie", "phone", {}),
        ("cluster", "light", {"exclude": [["details.case"]]}),
    ],
)
def test_accessible(browser: Browser, pages: dict[str, Path], name: str, look: str, options: dict[str, Any]) -> None:
    """axe finds no violation: neither in a case with everything unfolded, nor in matrix, strip and filter."""
    browser.open(pages[name], **LOOKS[look])
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    browser.run(AXE)
    found = browser.driver.execute_async_script(
        "axe.run({include: [['html']], ...arguments[0]}, {resultTypes: ['violations']}).then(arguments[1])", options
    )
    assert len(found["passes"]) > 20
    told = [(each["id"], each["nodes"][0]["html"], each["nodes"][0]["failureSummary"]) for each in found["violations"]]
    assert told == []


def test_the_diagram_has_words(browser: Browser, pages: dict[str, Path]) -> None:
    """A title and a description for those who do not see it, and a list with the same steps."""
    browser.open(pages["cookie"])
    title, description = browser.run(
        "const svg = document.querySelector('svg.ladder');"
        "return svg.getAttribute('aria-labelledby').split(' ').map(id => document.getElementById(id).textContent)"
    )
    assert title == "Who said what to whom in attempt A1"
    assert "12 steps" in description
    assert len(browser.all("details.list tbody tr")) == 12


# --- What it does ----------------------------------------------------------------------------------------------------


def _shown(browser: Browser) -> list[str]:
    """Verdicts of the cases that can be seen."""
    found = browser.run(
        "return [...document.querySelectorAll('section.cases [data-case]')]"
        ".filter(each => each.checkVisibility()).map(each => each.dataset.verdict)"
    )
    return list(found)


def test_the_filter_works_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    """By verdict and by node, both at once; what is shown is said."""
    browser.open(pages["many"])
    cases = _shown(browser)
    verdict = browser.one("#by-verdict")
    verdict.send_keys("cookie")
    assert _shown(browser) == ["cookie-mismatch"] * cases.count("cookie-mismatch")
    assert browser.one("#filtered").text == f"{cases.count('cookie-mismatch')} of {len(cases)} cases shown"
    assert len(browser.all(".answer:not([hidden])")) == cases.count("cookie-mismatch")
    node = browser.one("#by-node")
    node.send_keys("rabbit@mq5")
    assert _shown(browser) == ["cookie-mismatch"]
    verdict.send_keys(Keys.HOME)
    shown = _shown(browser)
    assert "no-handshake-response" in shown
    assert 1 < len(shown) < len(cases)
    node.send_keys(Keys.HOME)
    assert _shown(browser) == cases


def test_the_filter_works_by_mouse(browser: Browser, pages: dict[str, Path]) -> None:
    """And a link to a case that is filtered out shows it."""
    browser.open(pages["cluster"])
    browser.one("#by-verdict").click()
    browser.one("#by-verdict option[value='no-handshake-response'], #by-verdict option:nth-child(5)").click()
    assert set(_shown(browser)) == {"no-handshake-response"}
    browser.one(".mesh a[href='#case-1']").click()
    assert browser.run("return location.hash") == "#case-1"
    assert "cookie-mismatch" in _shown(browser)


def test_cases_fold(browser: Browser, pages: dict[str, Path]) -> None:
    """One by one and all at once, by mouse and keyboard."""
    browser.open(pages["many"])
    cases = len(browser.all("details.case"))
    assert len(browser.all("details.case[open]")) == 3
    browser.one("#fold").click()
    assert browser.all("details.case[open]") == []
    browser.one("details.case summary").click()
    assert len(browser.all("details.case[open]")) == 1
    browser.run("document.querySelector('details.case summary').focus()")
    browser.press(Keys.ENTER)
    assert browser.all("details.case[open]") == []
    browser.run("document.getElementById('unfold').focus()")
    browser.press(Keys.SPACE)
    assert len(browser.all("details.case[open]")) == cases


def test_the_answer_leads_to_its_case(browser: Browser, pages: dict[str, Path]) -> None:
    """A folded one opens, by keyboard as well."""
    browser.open(pages["cluster"])
    link = browser.all(".answer a")[6]
    target = str(link.get_attribute("href")).partition("#")[2]
    assert browser.run(f"return document.getElementById('{target}').open") is False
    browser.run("arguments[0].focus()", link)
    browser.press(Keys.ENTER)
    # The page hears of the key when the browser comes to it.
    for _ in range(100):
        if browser.run(f"return document.getElementById('{target}').open"):
            break
        time.sleep(0.05)
    assert browser.run(f"return document.getElementById('{target}').open") is True


def test_a_command_can_be_copied(browser: Browser, pages: dict[str, Path]) -> None:
    """To the clipboard, and it is said."""
    browser.open(pages["cookie"])
    browser.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    button = browser.one("code[data-copy] + button.copy")
    assert button.get_attribute("aria-label") == "Copy: frame.number in {18, 20, 21}"
    button.click()
    copied = browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == "frame.number in {18, 20, 21}"
    assert browser.one("#told").get_attribute("textContent") == "Copied: frame.number in {18, 20, 21}"


def test_without_script_everything_can_be_read(browser: Browser, pages: dict[str, Path]) -> None:
    """As in an e-mail program: folding is the browser's own, and no control is shown that would do nothing."""
    browser.open(pages["many"], script=False)
    assert browser.all("button.copy") == []
    assert not browser.one("form.filter").is_displayed()
    folded = browser.all("details.case:not([open]) > summary")[0]
    before = len(browser.all("details.case[open]"))
    folded.click()
    assert len(browser.all("details.case[open]")) == before + 1


def test_hostile_names_are_only_names(browser: Browser, pages: dict[str, Path]) -> None:
    """They are shown, letter by letter, and make no element, no link, no dialog."""
    browser.open(pages["hostile"])
    text = browser.run("return document.body.textContent")
    for name in ("<script>alert(1)</script>@hub", "](javascript:alert(1))@hub", "\\x1b[31mred\\x1b[0m@hub", "{{7*7}}"):
        assert name in text
    assert "\u202e" not in text
    assert "\\u202e" in text
    assert f"{scenes.LATIN_1}@hub" in text
    assert browser.run("return document.querySelectorAll('img, iframe, object, base, link').length") == 0
    targets = {str(each.get_attribute("href")) for each in browser.all("a")}
    assert all(target.startswith((f"{pages['hostile'].as_uri()}#", "https://")) for target in targets)
