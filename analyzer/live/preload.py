"""The names of report formats → everything that will ever be imported, imported now.

Whoever gives up root may be unable to read the folder that distscope is installed in, root's home for instance.
"""

from __future__ import annotations

import codecs
import dis
import importlib.abc
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import CodeType, ModuleType

import analyzer
import dissectors
from analyzer import rules
from analyzer.findings import Analysis
from analyzer.report import Look, render, view

_NOT_NEEDED = (
    *("analyzer.__main__", "analyzer.attach", "analyzer.cli", "analyzer.evidence", "analyzer.redact"),
    *("analyzer.capture.ahead", "analyzer.capture.scapy_live", "dissectors.scapy_layers", "rich"),
)
"""Other commands' business: client libraries of trackers take seconds to import, and as much memory as all else."""
_ONLY_IF_ASKED_FOR = ("analyzer.service.metrics", "apprise", "prometheus_client")
"""Whoever was asked for has imported them by then."""
_LEFT_OUT = (*_NOT_NEEDED, *_ONLY_IF_ASKED_FOR)
_LATE_ELSEWHERE = ("numpy.ma", "traceback")
"""What numpy imports with the first set operation; what a defect is told with."""
_CODECS = ("ascii", "idna", "latin-1", "unicode_escape", "utf-8", "utf-16-be", "utf-32-be")
_NOTHING = Analysis(captures=(), diagnoses=(), incidents=(), nodes=(), notes=())


def preload(formats: Iterable[str]) -> None:
    """Imports every module below the command line, and what their functions import when they are called; and
    rehearses a report in each of ``formats``, for libraries do the same."""
    for package in (analyzer, dissectors):
        _import_all(package)
    for name in sorted({*_imported_late(), *_LATE_ELSEWHERE}):
        if not name.startswith(_LEFT_OUT):
            # What is not installed here will not be imported later either.
            with suppress(ImportError):
                importlib.import_module(name)
    for name in _CODECS:
        codecs.lookup(name)
    rules.all_rules()
    document = view.build(_NOTHING)
    for name in formats:
        render(document, name, Look())


def _import_all(package: ModuleType) -> None:
    """The modules in it, and in packages in it."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not found.name.startswith(_LEFT_OUT):
            module = importlib.import_module(found.name)
            if found.ispkg:
                _import_all(module)


def _imported_late() -> Iterator[str]:
    """Modules that functions of ours import."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("analyzer", "dissectors") and not name.startswith(_LEFT_OUT):
            loader = module.__spec__.loader if module.__spec__ is not None else None
            code = loader.get_code(name) if isinstance(loader, importlib.abc.InspectLoader) else None
            if code is not None:
                yield from _imports_in(code)


def _imports_in(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _imports_in(constant)
