"""The names of report formats → everything that will ever be imported, imported now.

Whoever gives up root may be unable to read the folder that distscope is installed in, root's home for instance.
"""

from __future__ import annotations

import codecs
import importlib
import pkgutil
from collections.abc import Iterable

import analyzer
import dissectors
from analyzer import rules
from analyzer.findings import Analysis
from analyzer.report import Look, render, view

_NOT_NEEDED = ("analyzer.__main__", "analyzer.cli", "analyzer.capture.scapy_live", "dissectors.scapy_layers")
_CODECS = ("ascii", "idna", "latin-1", "unicode_escape", "utf-8")
_NOTHING = Analysis(captures=(), diagnoses=(), incidents=(), nodes=(), notes=())


def preload(formats: Iterable[str]) -> None:
    """Imports every module below the command line, and rehearses a report in each of ``formats``."""
    for package in (analyzer, dissectors):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(_NOT_NEEDED):
                importlib.import_module(module.name)
    for name in _CODECS:
        codecs.lookup(name)
    rules.all_rules()
    document = view.build(_NOTHING)
    for name in formats:
        render(document, name, Look())
