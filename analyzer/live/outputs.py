"""Reports → files that were opened while that was allowed: who gives up root may not make them later."""

from __future__ import annotations

import os
from pathlib import Path

from analyzer.live.privileges import Account
from analyzer.report.output import NotWritable, check_writable


class Report:
    """A file that a report will be written to, at the end."""

    def __init__(self, path: str, owner: Account | None) -> None:
        """Raises :class:`NotWritable`."""
        check_writable(path)
        self._path = path
        try:
            created = not Path(path).exists()
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            if created and owner is not None:
                os.fchown(self._file, owner.user, owner.group)
        except OSError as error:
            raise self._refused(error) from None

    def write(self, text: str) -> None:
        """In place of what was in it.  Raises :class:`NotWritable`."""
        data = memoryview(text.encode())
        try:
            if os.fstat(self._file).st_size:
                os.ftruncate(self._file, 0)
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise self._refused(error) from None
        finally:
            os.close(self._file)

    def _refused(self, error: OSError) -> NotWritable:
        return NotWritable(
            f"it can't be written: {error.strerror or error}",
            path=self._path,
            next_step="check its folder and your permissions",
        )
