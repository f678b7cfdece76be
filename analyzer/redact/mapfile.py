"""A file ⇄ the redactor that it holds: its key, and the way back from every pseudonym."""

from __future__ import annotations

import json
import os
from pathlib import Path

from analyzer.errors import DistscopeError
from analyzer.redact.redactor import KEY_SIZE, Redactor

VERSION = 1
_NEXT = "name another file, or delete it: a new one is made, with other pseudonyms"


class UnusableMap(DistscopeError):
    """What is there is no map of pseudonyms."""


def new_redactor() -> Redactor:
    """With a key of its own: its pseudonyms are like no others."""
    return Redactor(os.urandom(KEY_SIZE))


def load(path: str) -> Redactor:
    """The redactor of an earlier run, or a new one where there is no such file.  Raises UnusableMap."""
    file = Path(path)
    if not file.exists():
        return new_redactor()
    try:
        held = json.loads(file.read_bytes())
        if held["distscope_redact_map"] != VERSION:
            raise UnusableMap(
                f"it was written by another version (format {held['distscope_redact_map']})", path=path, next_step=_NEXT
            )
        redactor = Redactor(bytes.fromhex(held["key"]))
        for kind, known in redactor.known.items():
            known.update({str(new): str(old) for new, old in held[kind].items()})
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no map of pseudonyms"
        raise UnusableMap(why, path=path, next_step=_NEXT) from error
    if len(redactor.key) != KEY_SIZE:
        raise UnusableMap("its key has another length", path=path, next_step=_NEXT)
    return redactor


def text_of(redactor: Redactor) -> str:
    """What the file holds: whoever has it can undo every redaction that was made with it."""
    known = {kind: dict(sorted(names.items())) for kind, names in redactor.known.items()}
    held = {"distscope_redact_map": VERSION, "key": redactor.key.hex(), **known}
    return json.dumps(held, indent=2, ensure_ascii=True) + "\n"
