"""Steps of an attempt → its ladder diagram: lifelines, messages with time and packet, silences, and where it broke.

Time runs down, but not to scale: a silence is drawn as a stretch of broken lifelines that says how long it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from analyzer.capture.packet import PacketRef
from analyzer.report import captions, times
from analyzer.report.document import Case, EvidenceView
from analyzer.report.html import shapes
from analyzer.report.html.shapes import Path, Shape, Text
from analyzer.report.story import PAUSE, Sign, Step
from analyzer.report.wording import counted, silence
from analyzer.sessions.events import Leg
from dissectors.dataclass import dataclass, field, replace

WIDTH = 640
LEFT, MIDDLE, RIGHT = 138, 424, 568
"""Where the lifelines of initiator, EPMD and acceptor are."""
MARGIN = 6
SIZE = 13
"""Of letters."""
LINE = 17
HEAD = 46
"""Height of the names."""
MOST_LINES = 3
"""Of one message; the list beside the diagram has all of it."""
FIRST, LAST = 34, 14
"""Steps of a long story that are drawn."""
MOST_BADGES = 3
REPEATS = 5
"""Repetitions of one packet that are drawn one by one."""


@dataclass(frozen=True, slots=True)
class Ladder:
    width: int
    height: int
    title: str
    description: str
    shapes: tuple[Shape, ...]


@dataclass(slots=True)
class _Sheet:
    """A diagram that grows downwards."""

    case: Case
    many: bool
    """Packets of several captures are in it."""
    y: int = HEAD
    behind: list[Shape] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    shown: set[int] = field(default_factory=set)
    """Lines of the proof that have their mark: one packet may carry several messages."""
    epmd_until: int = 0
    """Where its lifeline ends; 0 if it takes no part."""

    def margin(self, at: int, packets: Sequence[PacketRef], y: int) -> None:
        """Time and packets, left of the lifelines, from ``y`` on."""
        self.shapes.append(Text(MARGIN, y, "time", times.offset(at)))
        self.shapes.append(Text(MARGIN, y + LINE - 3, "packet", _numbers(packets, many=self.many)))

    def badges(self, packets: Sequence[PacketRef], proof: Sequence[EvidenceView]) -> None:
        """Right of the lifelines: which lines of the proof these packets are."""
        numbers = [
            number for number, each in enumerate(proof, 1) if each.packet in packets and number not in self.shown
        ]
        self.shown.update(numbers)
        for place, number in enumerate(numbers[:MOST_BADGES]):
            x = RIGHT + 20 + 20 * place
            self.shapes += [shapes.disc("badge", x, self.y, 9), Text(x, self.y + 4, "badge-text", str(number))]


def ladder_of(case: Case) -> Ladder | None:
    """The diagram of the first attempt of ``case``; None where nothing was kept of it."""
    if not case.steps:
        return None
    attempt, finding = case.first, case.first.finding
    proof = finding.evidence if finding is not None else ()
    captures = {packet.capture for step in case.steps for packet in step.packets} | {e.packet.capture for e in proof}
    sheet = _Sheet(case, len(captures) > 1)
    start = last = attempt.started_at
    link_up = False
    broken = _broken(case)
    for item in _story(case.steps, proof):
        if isinstance(item, int):
            _left_out(sheet, item)
            continue
        packets = item.packets if isinstance(item, Step) else (item.packet,)
        link_up = item.link_up if isinstance(item, Step) else link_up
        waited = packets[0].at - last
        if waited >= PAUSE:
            _pause(sheet, waited, silence(waited, link_up=link_up))
        last = packets[-1].at
        if isinstance(item, Step):
            _step(sheet, item, proof, broken=item is broken)
        else:
            _aside(sheet, item, proof, start)
    if attempt.omitted:
        _left_out(sheet, attempt.omitted)
    first = case.steps[0]
    acceptor = next((step.right for step in case.steps if step.leg is Leg.LINK), "")
    return Ladder(
        width=WIDTH,
        height=sheet.y + 14,
        title=f"Who said what to whom in attempt {attempt.id}",
        description=_description(case),
        shapes=(*sheet.behind, *_lifelines(sheet, first.left, acceptor), *sheet.shapes),
    )


def _broken(case: Case) -> Step | None:
    """The step of the packet at which it broke; of several messages in it the one that ends something."""
    at = [step for step in case.steps if case.broke in step.packets]
    return next((step for step in at if step.sign.ends), at[0] if at else None)


def _story(steps: Sequence[Step], proof: Sequence[EvidenceView]) -> Iterator[Step | EvidenceView | int]:
    """Steps in order, between them what the proof shows beside them; a number stands for steps that are left out."""
    drawn = {packet for step in steps for packet in step.packets}
    beside = sorted((each for each in proof if each.packet not in drawn), key=lambda each: each.packet.at)
    proven = {each.packet for each in proof}
    hidden = 0
    for number, step in enumerate(steps):
        at = step.packets[0].at
        while beside and beside[0].packet.at < at:
            yield beside.pop(0)
        if FIRST <= number < len(steps) - LAST and not proven & set(step.packets):
            hidden += 1
            continue
        if hidden:
            yield hidden
            hidden = 0
        yield step
    yield from beside


# --- Rows ------------------------------------------------------------------------------------------------------------


def _step(sheet: _Sheet, step: Step, proof: Sequence[EvidenceView], *, broken: bool) -> None:
    top = sheet.y
    others = [each for each in sheet.case.steps if each is not step and each.leg is step.leg]
    # A SYN whose answer is not in the capture came all the same if the connection opened.
    arrives = step.sign is Sign.DIALS and any(each.sign is Sign.OPENS for each in others)
    sign = Sign.TELLS if arrives else step.sign
    css = f"says {sign.value}{' within' if broken else ''}"
    for text in shapes.lines_of(step.says, SIZE, RIGHT - LEFT - 28, MOST_LINES):
        sheet.y += LINE
        sheet.shapes.append(Text(LEFT + 12, sheet.y, css, text))
    own = step.packets[:1] if _repeats(step) else step.packets
    sheet.y += 9
    sheet.margin(step.since_start, own, top + LINE)
    sheet.shapes += _drawn(replace(step, sign=Sign.TELLS) if arrives else step, sheet.y)
    if step.sign is not Sign.LACKS or not any(each.packets == own for each in others):
        sheet.badges(own, proof)
    sheet.y += 8
    if _repeats(step):
        _again(sheet, step, proof)
    if broken:
        _break(sheet, top, next((each.says for each in proof if each.packet == sheet.case.broke), ""))
    if step.leg is Leg.EPMD:
        sheet.epmd_until = sheet.y


def _break(sheet: _Sheet, top: int, says: str) -> None:
    """Everything from ``top`` on is where it broke."""
    lines = shapes.lines_of(f"It broke here{f': {says}' if says else ''}", SIZE, WIDTH - LEFT - 74, MOST_LINES)
    for number, text in enumerate(lines):
        sheet.y += LINE
        sheet.shapes.append(Text(LEFT + 36, sheet.y, "broke", text))
        if number == 0:
            mark = LEFT + 22, sheet.y - 4
            sheet.shapes += [shapes.disc("break", *mark, 9), shapes.cross("break-cross", *mark, 3)]
    sheet.y += 9
    sheet.behind.append(shapes.box("broken", 1, top + 1, WIDTH - 2, sheet.y - top, 6))
    sheet.y += 4


def _drawn(step: Step, y: int) -> list[Shape]:
    """The arrow of a step, by what it does to the connection."""
    right = MIDDLE if step.leg is Leg.EPMD else RIGHT
    start, end = (LEFT, right) if step.forth else (right, LEFT)
    css = f"wire {step.sign.value}"
    if step.sign is Sign.OPENS:
        return [*shapes.arrow(css, LEFT + 20, right, y), *shapes.arrow(css, right - 20, LEFT, y)]
    if step.sign in (Sign.DIALS, Sign.HALF_OPENS):
        return _lost(css, start, end, y)
    if step.sign is Sign.PROHIBITS:
        # Somebody on the way answers: the arrow begins in mid-air.
        middle = (start + end) // 2
        return [*shapes.arrow(css, middle, end, y), shapes.disc("router", middle, y, 6)]
    if step.sign is Sign.LACKS:
        return [shapes.line(css, start, y, end, y)]
    drawn: list[Shape] = [*shapes.arrow(css, start, end, y)]
    if step.sign is Sign.CLOSES:
        drawn.append(shapes.line("wire closes", start, y - 6, start, y + 6))
    elif step.sign is Sign.RESETS:
        drawn.append(shapes.cross("wire resets", start, y))
    return drawn


def _lost(css: str, start: int, end: int, y: int) -> list[Shape]:
    """An arrow that does not arrive, as far as one can see."""
    stop = start + (end - start) * 3 // 4
    return [shapes.line(css, start, y, stop, y), shapes.cross(f"{css} lost", stop + (6 if end > start else -6), y, 4)]


def _repeats(step: Step) -> bool:
    return len(step.packets) > 1 and step.sign in (Sign.DIALS, Sign.REPEATS)


def _again(sheet: _Sheet, step: Step, proof: Sequence[EvidenceView]) -> None:
    """The same packet again and again: each one with its time."""
    rest = step.packets[1:]
    for packet in rest[:REPEATS]:
        sheet.y += LINE + 4
        at = step.since_start + packet.at - step.packets[0].at
        sheet.shapes.append(Text(MARGIN, sheet.y + 4, "time", times.offset(at)))
        sheet.shapes.append(Text(MARGIN + 78, sheet.y + 4, "packet", captions.packets([packet], many=sheet.many)))
        sheet.shapes += _drawn(step, sheet.y)
        sheet.badges([packet], proof)
    if len(rest) > REPEATS:
        sheet.y += LINE + 4
        sheet.shapes.append(Text(LEFT + 12, sheet.y, "aside", f"and {counted(len(rest) - REPEATS, 'time')} more"))
        sheet.badges(rest[REPEATS:], proof)
    sheet.y += 10


def _pause(sheet: _Sheet, waited: int, words: str) -> None:
    """The longer, the taller, but not by much: nobody wants to scroll through 7 s."""
    height = 34 + min(round(14 * math.log10(waited / PAUSE)), 40)
    top, y = sheet.y + 4, sheet.y + 4 + height // 2
    sheet.behind.append(shapes.box("silence", LEFT - 9, top, RIGHT - LEFT + 18, height, 5))
    sheet.shapes += [
        shapes.disc("clock", LEFT + 24, y, 8),
        Path("clock-hands", f"M{LEFT + 24} {y - 5}v5l4 2"),
        Text(LEFT + 40, y + 4, "silence-text", words),
        Text(MARGIN, y + 4, "waited", times.span(waited)),
    ]
    sheet.y = top + height + 2


def _aside(sheet: _Sheet, each: EvidenceView, proof: Sequence[EvidenceView], start: int) -> None:
    """A packet of the proof that is no step of its own: a keep-alive, or something in another capture."""
    top = sheet.y
    sheet.y += 4
    for text in shapes.lines_of(each.says, SIZE, RIGHT - LEFT - 28, MOST_LINES):
        sheet.y += LINE
        sheet.shapes.append(Text(LEFT + 12, sheet.y, "aside", text))
    sheet.margin(each.packet.at - start, [each.packet], top + 4 + LINE)
    sheet.y -= 4
    sheet.badges([each.packet], proof)
    sheet.y += 22
    if each.packet == sheet.case.broke:
        _break(sheet, top, "")


def _left_out(sheet: _Sheet, steps: int) -> None:
    sheet.y += LINE + 4
    sheet.shapes.append(Text(LEFT + 12, sheet.y, "aside", f"… {counted(steps, 'step')} not drawn"))
    sheet.y += 8


# --- Around them -----------------------------------------------------------------------------------------------------


def _lifelines(sheet: _Sheet, initiator: str, acceptor: str) -> Iterator[Shape]:
    bottom = sheet.y + 8
    yield from _name(LEFT, initiator, "initiator")
    yield shapes.line("lifeline", LEFT, HEAD - 6, LEFT, bottom)
    if acceptor:
        yield from _name(RIGHT, acceptor, "acceptor")
        yield shapes.line("lifeline", RIGHT, HEAD - 6, RIGHT, bottom)
    if sheet.epmd_until:
        yield from _name(MIDDLE, "EPMD", "port mapper")
        yield shapes.line("lifeline", MIDDLE, HEAD - 6, MIDDLE, sheet.epmd_until)


def _name(x: int, name: str, role: str) -> Iterator[Shape]:
    yield Text(x, 16, "name", name)
    yield Text(x, 32, "role", role)


def _numbers(packets: Sequence[PacketRef], *, many: bool) -> str:
    return f"packet{'s' if len(packets) > 1 else ''} {captions.packets(packets, many=many)}"


def _description(case: Case) -> str:
    finding = case.first.finding
    shown = f" {finding.says}" if finding is not None else ""
    steps = counted(len(case.steps), "step")
    return f"{steps} from top to bottom, in the order of time.{shown} The list below has the same steps."
