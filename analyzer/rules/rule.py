"""Rule: what a failure is called, how it is explained and fixed, and the function that recognises it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from analyzer.findings import Certainty, Evidence, Finding, Outcome, Severity
from analyzer.sessions.attempt import Attempt, Stage
from analyzer.sessions.events import Event
from analyzer.sessions.product import Product
from analyzer.sessions.surroundings import Surroundings
from dissectors.dataclass import dataclass, field
from dissectors.dialogue import Side

Check = Callable[[Attempt, Surroundings], Iterator[Finding]]


def show(event: Event | None, says: str) -> Evidence | None:
    """The packet of ``event`` as evidence; None where the capture does not have it."""
    return None if event is None else Evidence(event.packet, says)


HEADINGS = ("What happens", "Why", "How to confirm", "How to fix", "Seen in")
"""Every rule module's docstring has these, in this order; ``explain`` prints them."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to do about it."""

    text: str
    product: Product | None = None
    """None: for any Erlang node."""

    def __str__(self) -> str:
        return self.text if self.product is None else f"{self.product.value}: {self.text}"


@dataclass(slots=True, kw_only=True)
class Rule:
    """Declared once per module as ``RULE``; its check is attached with ``@RULE.check``."""

    id: str
    """Stage prefix and three digits, never reused."""
    name: str
    """The verdict's slug (design: public interface), or the advice's name."""
    stage: Stage | None
    outcome: Outcome | None
    """What the verdict means; None for advice, which never changes a verdict."""
    severity: Severity
    says: str
    """One sentence; ``{initiator}``, ``{acceptor}`` and the fields given to :meth:`finding` are filled in."""
    needs: tuple[type[Event], ...] = ()
    """Without any event of these classes on the timeline it has nothing to say, and is not asked; (): it always is."""
    at: tuple[Stage, ...] = ()
    """Of an attempt that got anywhere else it has nothing to say, and is not asked; (): wherever it got to."""
    fix: tuple[Fix, ...] = ()
    references: tuple[str, ...] = ()
    checks: list[Check] = field(default_factory=list, repr=False)

    def check(self, function: Check) -> Check:
        """Attach the function that looks for this failure in one attempt."""
        self.checks.append(function)
        return function

    def run(self, attempt: Attempt, around: Surroundings) -> Iterator[Finding]:
        for check in self.checks:
            yield from check(attempt, around)

    def finding(
        self,
        attempt: Attempt,
        *,
        certainty: Certainty,
        why: str,
        evidence: Iterable[Evidence | None],
        detail: Mapping[str, object] | None = None,
        alternatives: tuple[str, ...] = (),
        **says: object,
    ) -> Finding:
        """What this rule says of ``attempt``; a None among the evidence is a packet that the capture does not show."""
        names = {"initiator": attempt.label(Side.INITIATOR), "acceptor": attempt.label(Side.ACCEPTOR)}
        return Finding(
            rule=self.id,
            name=self.name,
            outcome=self.outcome,
            severity=self.severity,
            certainty=certainty,
            says=self.says.format(**(names | says)),
            why=why,
            evidence=tuple(item for item in evidence if item is not None),
            fix=tuple(str(fix) for fix in self.fixes(attempt.product)),
            references=self.references,
            detail=dict(detail or {}),
            alternatives=alternatives,
        )

    def fixes(self, product: Product | None) -> tuple[Fix, ...]:
        """What applies to ``product``: with a product known its own advice and the general one, else all."""
        return tuple(fix for fix in self.fix if product is None or fix.product in (None, product))

    @property
    def documentation(self) -> dict[str, str]:
        """The docstring of the rule's module by heading."""
        if not self.checks:
            return {}
        import inspect

        module = sys.modules[self.checks[0].__module__]
        sections: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in inspect.cleandoc(module.__doc__ or "").splitlines():
            if line.rstrip(":") in HEADINGS and line.endswith(":"):
                lines = sections.setdefault(line.rstrip(":"), [])
            else:
                lines.append(line)
        return {heading: inspect.cleandoc("\n".join(text)) for heading, text in sections.items()}
