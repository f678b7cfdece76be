"""A sifter that has nothing to say about what is worth preparing."""

from __future__ import annotations


class Unadvised:
    """Half of a :class:`~analyzer.capture.track.Sifter`."""

    def advice(self) -> None:
        """None."""

    def heed(self, advice: object) -> None:
        assert advice is None
