"""A capture → the same capture after something happened to it, at the level of packets, of segments, of messages.

Each mutation is a function of a source of randomness, a capture, and another capture to splice with.
:data:`LOSSES` only take away, as a bad place or a bad moment for a capture does; :data:`LIES` make things up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.fuzz.material import ETHERNET_HEADER, IPV4, Capture, Frame, Spot, connections, spot

Mutation = Callable[[Random, Capture, Capture], Capture]

SECOND = 10**9
INTERESTING = (0, 1, 2, 3, 7, 8, 20, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
"""Numbers at which lengths and counters turn."""
SNAP_LENGTHS = (14, 34, 54, 60, 66, 68, 74, 96, 128)

_TOTAL_LENGTH, _FRAGMENT = 2, 6
_SEQUENCE, _ACKNOWLEDGMENT, _OFFSET_AND_FLAGS, _WINDOW = 4, 8, 12, 14


# --- Losses ----------------------------------------------------------------------------------------------------------


def drop(random: Random, capture: Capture, _: Capture) -> Capture:
    """Some packets were not captured."""
    count = len(capture.frames)
    gone = set(random.sample(range(count), min(count - 1, random.choice((1, 1, 2, 4, 8)))))
    return capture.with_frames([frame for index, frame in enumerate(capture.frames) if index not in gone])


def end_early(random: Random, capture: Capture, _: Capture) -> Capture:
    """The capture was stopped."""
    return capture.with_frames(list(capture.frames[: random.randrange(1, len(capture.frames))]))


def begin_late(random: Random, capture: Capture, _: Capture) -> Capture:
    """The capture was started in the middle."""
    return capture.with_frames(list(capture.frames[random.randrange(1, len(capture.frames)) :]))


def one_way(random: Random, capture: Capture, _: Capture) -> Capture:
    """Only what one host sends was captured."""
    sources = [_source(capture, frame) for frame in capture.frames]
    only = random.choice(sources)
    return capture.with_frames([frame for frame, source in zip(capture.frames, sources, strict=True) if source == only])


def snap(random: Random, capture: Capture, _: Capture) -> Capture:
    """Only the first bytes of each packet were kept."""
    length = random.choice(SNAP_LENGTHS)
    return capture.with_frames([replace(frame, data=frame.data[:length]) for frame in capture.frames])


def lose_connection(random: Random, capture: Capture, _: Capture) -> Capture:
    """A capture filter let one connection not pass."""
    owners = connections(capture)
    gone = random.choice([owner for owner in owners if owner is not None] or [None])
    left = [frame for frame, owner in zip(capture.frames, owners, strict=True) if owner is None or owner != gone]
    return capture.with_frames(left or list(capture.frames))


LOSSES: tuple[Mutation, ...] = (drop, end_early, begin_late, one_way, snap, lose_connection)


# --- What networks and capture points do -----------------------------------------------------------------------------


def repeat(random: Random, capture: Capture, _: Capture) -> Capture:
    """Packets were captured twice, or retransmitted."""
    frames = []
    for frame in capture.frames:
        frames.append(frame)
        if random.random() < 0.2:
            frames.append(replace(frame, at=frame.at + random.choice((0, 1000, SECOND))))
    return capture.with_frames(frames)


def reorder(random: Random, capture: Capture, _: Capture) -> Capture:
    """Packets changed places; the times stay where they were."""
    data = [(frame.data, frame.wire_length) for frame in capture.frames]
    for _swap in range(random.randrange(1, 6)):
        place = random.randrange(max(1, len(data) - 1))
        other = min(len(data) - 1, place + random.choice((1, 1, 2, 5)))
        data[place], data[other] = data[other], data[place]
    return capture.with_frames([Frame(old.at, *new) for old, new in zip(capture.frames, data, strict=True)])


def shift_times(random: Random, capture: Capture, _: Capture) -> Capture:
    """The clock was set while the capture ran, to the past or the future, near or far."""
    place = random.randrange(len(capture.frames))
    by = random.choice((-1, 1)) * random.choice((1, 1000, SECOND, 7 * SECOND, 3600 * SECOND, 10**18))
    return capture.with_frames(
        [replace(frame, at=frame.at + by * (index >= place)) for index, frame in enumerate(capture.frames)]
    )


NETWORK: tuple[Mutation, ...] = (repeat, reorder, shift_times)


# --- Lies ------------------------------------------------------------------------------------------------------------


def flip(random: Random, capture: Capture, _: Capture) -> Capture:
    """Bits of some packets turned over."""

    def change(frame: Frame) -> Frame:
        data = bytearray(frame.data)
        for _flip in range(random.choice((1, 1, 2, 8))):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        return replace(frame, data=bytes(data))

    return _some(random, capture, change)


def lie_about_length(random: Random, capture: Capture, _: Capture) -> Capture:
    """IP, TCP or the record header tell a length that is not so."""

    def change(frame: Frame) -> Frame:
        where = spot(capture, frame)
        kind = random.randrange(4)
        if where is None or kind == 0:
            return replace(frame, wire_length=random.choice(INTERESTING))
        if kind == 1:
            field = where.ip + (_TOTAL_LENGTH if where.version == IPV4 else 4)
            return _write(frame, field, 2, random.choice(INTERESTING))
        if kind == 2:
            return _write(frame, where.tcp + _OFFSET_AND_FLAGS, 1, random.randrange(256))
        return replace(frame, data=frame.data[: random.randrange(len(frame.data))])

    return _some(random, capture, change)


def lie_in_tcp(random: Random, capture: Capture, _: Capture) -> Capture:
    """Sequence numbers, acknowledgments, flags or windows that nobody sent."""

    def change(frame: Frame) -> Frame:
        where = spot(capture, frame)
        if where is None:
            return frame
        field, size = random.choice(((_SEQUENCE, 4), (_ACKNOWLEDGMENT, 4), (13, 1), (_WINDOW, 2)))
        old = int.from_bytes(frame.data[where.tcp + field : where.tcp + field + size], "big")
        new = random.choice((random.choice(INTERESTING), old + random.choice((-1, 1, 100, -100, 1 << 31))))
        return _write(frame, where.tcp + field, size, new)

    return _some(random, capture, change)


def lie_in_message(random: Random, capture: Capture, _: Capture) -> Capture:
    """The first bytes of a payload, where lengths and tags are, say something else."""

    def change(frame: Frame) -> Frame:
        where = spot(capture, frame)
        if where is None or where.end - where.payload < 2:
            return frame
        size = random.choice((1, 2, 4))
        most = max(1, min(where.end - where.payload - size, 40))
        return _write(frame, where.payload + random.randrange(most), size, random.choice(INTERESTING))

    return _some(random, capture, change)


def overlap(random: Random, capture: Capture, _: Capture) -> Capture:
    """A payload comes again with other bytes: which of the two does the receiver believe?"""
    frames = []
    for frame in capture.frames:
        frames.append(frame)
        where = spot(capture, frame)
        if where is not None and where.end > where.payload and random.random() < 0.3:
            junk = random.randbytes(where.end - where.payload)
            frames.append(replace(frame, at=frame.at + 1000, data=frame.data[: where.payload] + junk))
    return capture.with_frames(frames)


def split(random: Random, capture: Capture, _: Capture) -> Capture:
    """Payloads come in small segments."""
    frames = []
    for frame in capture.frames:
        where = spot(capture, frame)
        if where is None or where.end - where.payload < 2:
            frames.append(frame)
        else:
            frames += _segments(frame, where, random.randrange(1, where.end - where.payload))
    return capture.with_frames(frames)


def fragment(random: Random, capture: Capture, _: Capture) -> Capture:
    """IPv4 packets come in fragments, and not all of them arrive."""
    frames = []
    for frame in capture.frames:
        where = spot(capture, frame)
        if where is None or where.version != IPV4 or where.end - where.tcp < 32 or random.random() < 0.5:
            frames.append(frame)
            continue
        pieces = _fragments(frame, where, 8 * random.randrange(1, (where.end - where.tcp) // 8))
        random.shuffle(pieces)
        frames += pieces[: random.choice((2, 2, 1))]
    return capture.with_frames(frames)


def splice(random: Random, capture: Capture, other: Capture) -> Capture:
    """The second half of another conversation follows the first half of this one, under the same addresses."""
    if other.link_type != capture.link_type or not other.frames:
        return drop(random, capture, other)
    head = list(capture.frames[: random.randrange(1, len(capture.frames))])
    tail = other.frames[random.randrange(len(other.frames)) :]
    shift = head[-1].at - tail[0].at + 1000
    model = next((frame for frame in reversed(head) if spot(capture, frame) is not None), None)
    return capture.with_frames(
        [*head, *(_readdressed(capture, model, replace(frame, at=frame.at + shift)) for frame in tail)]
    )


def mix(random: Random, capture: Capture, other: Capture) -> Capture:
    """Another capture at the same time."""
    if other.link_type != capture.link_type or not other.frames:
        return drop(random, capture, other)
    shift = capture.frames[0].at - other.frames[0].at + random.randrange(SECOND)
    frames = [*capture.frames, *(replace(frame, at=frame.at + shift) for frame in other.frames)]
    return capture.with_frames(sorted(frames, key=lambda frame: frame.at))


LIES: tuple[Mutation, ...] = (
    flip, lie_about_length, lie_in_tcp, lie_in_message, overlap, split, fragment, splice, mix,
)  # fmt: skip

ALL: tuple[Mutation, ...] = (*LOSSES, *NETWORK, *LIES)


def mutated(random: Random, capture: Capture, other: Capture, mutations: tuple[Mutation, ...] = ALL) -> Capture:
    """One to three mutations after one another."""
    for _step in range(random.choice((1, 1, 2, 3))):
        if len(capture.frames) < 2:
            break
        capture = random.choice(mutations)(random, capture, other)
    return capture


# --- Pieces ----------------------------------------------------------------------------------------------------------


def _some(random: Random, capture: Capture, change: Callable[[Frame], Frame]) -> Capture:
    chosen = set(random.sample(range(len(capture.frames)), min(len(capture.frames), random.choice((1, 1, 2, 5)))))
    return capture.with_frames(
        [change(frame) if index in chosen and frame.data else frame for index, frame in enumerate(capture.frames)]
    )


def _write(frame: Frame, at: int, size: int, value: int) -> Frame:
    field = (value % 256**size).to_bytes(size, "big")
    return replace(frame, data=(frame.data[:at] + field + frame.data[at + size :])[: len(frame.data)])


def _source(capture: Capture, frame: Frame) -> bytes:
    where = spot(capture, frame)
    if where is None:
        return b""
    first, size = (12, 4) if where.version == IPV4 else (8, 16)
    return frame.data[where.ip + first : where.ip + first + size]


def _resized(frame: Frame, where: Spot, data: bytes) -> Frame:
    """The frame with other bytes from IP on, and a total length that fits."""
    if where.version == IPV4:
        length, field = len(data) - where.ip, where.ip + _TOTAL_LENGTH
    else:
        length, field = len(data) - where.ip - 40, where.ip + 4
    return replace(frame, data=data[:field] + length.to_bytes(2, "big") + data[field + 2 :], wire_length=len(data))


def _segments(frame: Frame, where: Spot, cut: int) -> list[Frame]:
    sequence = int.from_bytes(frame.data[where.tcp + _SEQUENCE : where.tcp + _SEQUENCE + 4], "big")
    first = _resized(frame, where, frame.data[: where.payload + cut])
    second = _resized(frame, where, frame.data[: where.payload] + frame.data[where.payload + cut : where.end])
    return [first, replace(_write(second, where.tcp + _SEQUENCE, 4, sequence + cut), at=frame.at + 1000)]


def _fragments(frame: Frame, where: Spot, cut: int) -> list[Frame]:
    header, body = frame.data[: where.tcp], frame.data[where.tcp : where.end]
    more = _write(_resized(frame, where, header + body[:cut]), where.ip + _FRAGMENT, 2, 0x2000)
    last = _write(_resized(frame, where, header + body[cut:]), where.ip + _FRAGMENT, 2, cut // 8)
    return [more, replace(last, at=frame.at + 1000)]


def _readdressed(capture: Capture, model: Frame | None, frame: Frame) -> Frame:
    """With the addresses and ports of ``model``, where both are IPv4."""
    where = spot(capture, frame)
    like = None if model is None else spot(capture, model)
    if model is None or where is None or like is None or (where.version, like.version) != (IPV4, IPV4):
        return frame
    data = bytearray(frame.data)
    data[ETHERNET_HEADER + 12 : ETHERNET_HEADER + 20] = model.data[ETHERNET_HEADER + 12 : ETHERNET_HEADER + 20]
    data[where.tcp : where.tcp + 4] = model.data[like.tcp : like.tcp + 4]
    return replace(frame, data=bytes(data))
