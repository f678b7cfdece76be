"""Captures to analyses, through every stage."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import pytest

from analyzer import rules
from analyzer.capture import Packet, Source, open_source
from analyzer.decode.segment import Segment, Unreachable
from analyzer.findings import Analysis, Diagnosis, Outcome
from analyzer.pipeline import Options, Pipeline, analyze, decode
from analyzer.report import Look, json_doc, terminal, view
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.half_open import HalfOpen
from analyzer.sessions.surroundings import Surroundings
from analyzer.streams.syn_cache import SynCache, Taken
from analyzer.streams.table import StreamTable
from dissectors.cookie import CookieJar, digest
from dissectors.epmd_messages import Port2Req
from dissectors.handshake_messages import Challenge, ChallengeReply, SendName, Status
from samples.conversation import ACK, EPMD, FIN, PUSH, RST, SECOND, START, SYN, Network, framed
from tests.analyzer.sessions.talking import OTP_26, port2_resp

ANN, BOB, CID = "10.0.0.1", "10.0.0.2", "10.0.0.3"
PORT = 9100
MANY_SESSIONS = Path(__file__).parents[2] / "samples" / "shapes" / "many-sessions.pcap"
"""Forty real attempts, two with a wrong cookie; the others have the cookie ck."""


def rejected(net: Network, initiator: str = ANN, acceptor: str = BOB, *, lookup: bool = True) -> None:
    """A wrong cookie, from the lookup to the close."""
    if lookup:
        net.looks_up(initiator, acceptor, Port2Req(name="node"), port2_resp("node", PORT))
    link = net.connect(initiator, acceptor, PORT)
    link.initiator.sends(framed(SendName(flags=OTP_26, creation=1, name=f"cli@{initiator}")))
    link.acceptor.sends(framed(Status(text="ok")))
    challenge = Challenge(flags=OTP_26, challenge=link.acceptor.port, creation=2, name=f"node@{acceptor}")
    link.acceptor.sends(framed(challenge))
    link.initiator.sends(framed(ChallengeReply(challenge=9, digest=digest(b"ours", challenge.challenge))))
    link.acceptor.closes()
    link.initiator.closes()
    link.acceptor.raw(ACK)


def refused(net: Network, initiator: str = ANN, acceptor: str = BOB) -> None:
    """Nothing listens on EPMD's port."""
    link = net.dial(initiator, acceptor, EPMD)
    link.initiator.raw(SYN)
    link.acceptor.raw(RST | ACK)


@contextmanager
def told(*stories: Callable[[Network], None]) -> Iterator[Source]:
    """A capture of these stories, ten seconds apart."""
    net = Network()
    for story in stories:
        story(net)
        net.wait(10)
    with open_source(["-"], stdin=io.BytesIO(net.pcapng())) as source:
        yield source


def analysis(*stories: Callable[[Network], None], options: Options | None = None) -> Analysis:
    with told(*stories) as source:
        return analyze(source, options)


def verdicts(found: Analysis) -> list[str]:
    return [diagnosis.verdict for diagnosis in found.diagnoses]


def test_every_attempt_has_its_verdict() -> None:
    """In the order in which they began."""
    found = analysis(refused, rejected)
    assert verdicts(found) == ["epmd-refused", "cookie-mismatch"]
    starts = [diagnosis.attempt.started_at for diagnosis in found.diagnoses]
    assert starts == sorted(starts)
    assert found.notes == ()


def test_nothing_in_it() -> None:
    """A capture of something else has no attempt, and is summed up all the same."""

    def web(net: Network) -> None:
        link = net.connect(ANN, BOB, 80)
        link.initiator.sends(b"GET / HTTP/1.1\r\n\r\n")
        link.acceptor.sends(b"HTTP/1.1 200 OK\r\n\r\n")

    found = analysis(web)
    assert (found.diagnoses, found.incidents, found.nodes) == ((), (), ())
    [capture] = found.captures
    assert (capture.packets, capture.packets_used) == (7, 0)


def test_the_same_twice() -> None:
    """Same input, same diagnosis."""
    first, second = analysis(refused, rejected), analysis(refused, rejected)
    for one, other in zip(first.diagnoses, second.diagnoses, strict=True):
        assert (one.verdict, one.certainty, one.findings) == (other.verdict, other.certainty, other.findings)
    assert first.incidents == second.incidents
    assert first.captures == second.captures


def test_a_capture_in_two_files(tmp_path: Path) -> None:
    """A rotated set is one point of observation: what is cut between two files is one attempt."""
    net = Network()
    rejected(net)
    packets, cut = net.packets, len(net.packets) // 2
    paths = []
    for number, part in enumerate((packets[:cut], packets[cut:])):
        net.packets = part
        path = tmp_path / f"dump.pcapng{number}"
        path.write_bytes(net.pcapng())
        paths.append(str(path))
    with open_source(paths, stdin=io.BytesIO()) as source:
        found = analyze(source)
    assert verdicts(found) == ["cookie-mismatch"]
    assert sum(capture.packets for capture in found.captures) == len(packets)
    assert all(capture.packets_used for capture in found.captures)


def test_packets_are_counted_once() -> None:
    """Also those that show several things: an answer with a FIN on it."""

    def short(net: Network) -> None:
        link = net.connect(ANN, BOB, EPMD)
        link.initiator.raw(PUSH | ACK, framed(Port2Req(name="node")))
        link.acceptor.raw(PUSH | ACK | FIN, port2_resp("node", PORT).write())
        link.initiator.raw(FIN | ACK)

    [capture] = analysis(short).captures
    assert (capture.packets, capture.packets_used) == (6, 6)


# --- Options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(nodes=("node",)), ["cookie-mismatch"]),
        (Options(nodes=(f"node@{BOB}",)), ["cookie-mismatch"]),
        (Options(nodes=(f"cli@{ANN}", "x")), ["cookie-mismatch"]),
        (Options(nodes=("nobody",)), []),
        (Options(hosts=(CID,)), ["epmd-refused"]),
        (Options(hosts=(ANN,)), ["cookie-mismatch"]),
        (Options(hosts=(BOB,)), ["epmd-refused", "cookie-mismatch"]),
        (Options(hosts=(BOB,), nodes=("node",)), ["cookie-mismatch"]),
        (Options(until=START + SECOND), ["epmd-refused"]),
        (Options(since=START + SECOND), ["cookie-mismatch"]),
        (Options(since=START + 3600 * SECOND), []),
    ],
)
def test_only_what_is_wanted(options: Options, expected: list[str]) -> None:
    """By node, by address and by time; the rest is not reported."""
    found = analysis(lambda net: refused(net, CID), rejected, options=options)
    assert verdicts(found) == expected
    assert sum(len(incident.attempts) for incident in found.incidents) == len(expected)


def test_epmd_on_another_port() -> None:
    """Where the user says so, even a refused dial to it is an attempt."""

    def elsewhere(net: Network) -> None:
        link = net.dial(ANN, BOB, 14369)
        link.initiator.raw(SYN)
        link.acceptor.raw(RST | ACK)

    assert verdicts(analysis(elsewhere)) == []
    assert verdicts(analysis(elsewhere, options=Options(epmd_ports=frozenset({14369})))) == ["epmd-refused"]


def test_a_distribution_port_without_epmd() -> None:
    """The same for a port that the user names."""

    def direct(net: Network) -> None:
        link = net.dial(ANN, BOB, PORT)
        link.initiator.raw(SYN)
        link.acceptor.raw(RST | ACK)

    assert verdicts(analysis(direct)) == []
    assert verdicts(analysis(direct, options=Options(dist_ports=frozenset({PORT})))) == ["dist-port-refused"]


def test_known_cookies_are_tried() -> None:
    """And never shown."""
    found = analysis(rejected, options=Options(cookies=CookieJar([b"ours"])))
    assert "--cookie-file number 1" in found.diagnoses[0].findings[0].why
    assert "ours'" not in repr(found.diagnoses[0].findings)


@pytest.mark.parametrize(
    ("cookie", "initiator", "acceptor"), [(b"ck", None, 1), (b"none of theirs", None, None)], ids=["theirs", "another"]
)
def test_who_holds_the_wrong_cookie(cookie: bytes, initiator: int | None, acceptor: int | None) -> None:
    """An acceptor that proves the given cookie to others holds it, so the initiator that it refuses does not."""
    source = open_source([str(MANY_SESSIONS)], stdin=io.BytesIO())
    found = analyze(source, Options(cookies=CookieJar([cookie])))
    refused = [diagnosis.detail for diagnosis in found.diagnoses if diagnosis.verdict == "cookie-mismatch"]
    assert refused
    for detail in refused:
        assert (detail["initiator_cookie_file"], detail["acceptor_cookie_file"]) == (initiator, acceptor)


# --- While it goes on -------------------------------------------------------------------------------------------------


def test_a_verdict_as_soon_as_it_is_known() -> None:
    """Each attempt is announced once, before the input ends, with the verdict that the report has."""
    heard: list[Diagnosis] = []
    with told(refused, rejected, refused) as source:
        found = analyze(source, on_verdict=heard.append)
    assert [diagnosis.verdict for diagnosis in heard] == verdicts(found)
    assert [diagnosis.attempt for diagnosis in heard] == [diagnosis.attempt for diagnosis in found.diagnoses]


def test_progress() -> None:
    """It is told at the least once."""
    seen: list[Source] = []
    with told(refused) as source:
        analyze(source, on_progress=seen.append)
        assert seen[:1] == [source]


def test_an_interruption_ends_the_reading_not_the_report() -> None:
    """Ctrl-C: what was read so far is diagnosed, and the report says that it is not all."""

    def interrupt(diagnosis: Diagnosis) -> None:
        raise KeyboardInterrupt

    with told(refused, rejected) as source:
        found = analyze(source, on_verdict=interrupt)
    assert verdicts(found) == ["epmd-refused"]
    assert found.notes == ("interrupted: the rest of the input was not read",)


def test_a_crashing_rule_is_in_the_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the analysis stands."""

    def crash(attempt: Attempt, around: Surroundings) -> Iterator[object]:
        raise RuntimeError("oops")

    rule = rules.find_rule("epmd-unreachable")
    assert rule is not None
    monkeypatch.setattr(rule, "checks", [crash])
    found = analysis(refused)
    assert verdicts(found) == ["epmd-refused"]
    assert [note for note in found.notes if "oops" in note and "epmd-unreachable" in note]


def test_an_attempt_that_nothing_explains() -> None:
    """It is inconclusive, and says what is missing."""

    def cut_off(net: Network) -> None:
        link = net.connect(ANN, BOB, EPMD)
        link.initiator.sends(framed(Port2Req(name="node")))

    [diagnosis] = analysis(cut_off).diagnoses
    assert diagnosis.outcome is Outcome.INCONCLUSIVE
    assert "the capture ends" in diagnosis.findings[0].why


# --- Decoding ---------------------------------------------------------------------------------------------------------


def messages(*stories: Callable[[Network], None], options: Options | None = None) -> list[tuple[Event, str, str]]:
    with told(*stories) as source:
        return [(each.event, str(each.source), str(each.destination)) for each in decode(source, options)]


def test_every_message_with_its_ends() -> None:
    """Who sent it to whom, in the order of the packets."""
    decoded = messages(rejected)
    assert [event.name for event, _, _ in decoded if event.leg is Leg.EPMD][3:5] == ["epmd-request", "epmd-response"]
    [challenge] = [each for each in decoded if each[0].name == "challenge"]
    assert challenge[1] == f"{BOB}:{PORT}"
    assert challenge[2].startswith(f"{ANN}:")
    numbers = [event.packet.number for event, _, _ in decoded]
    assert numbers == sorted(numbers)


def test_epmd_on_an_unusual_port_is_decoded_from_its_first_packet() -> None:
    """Also what was before its first bytes told what it is."""

    def elsewhere(net: Network) -> None:
        link = net.connect(ANN, BOB, 14369)
        link.initiator.sends(framed(Port2Req(name="node")))

    assert [event.name for event, _, _ in messages(elsewhere)] == ["syn", "syn-ack", "established", "epmd-request"]


def test_decoding_heeds_the_options() -> None:
    """Only what is wanted."""
    assert messages(rejected, options=Options(hosts=(CID,))) == []
    assert {
        event.packet.at >= START + SECOND
        for event, _, _ in messages(refused, rejected, options=Options(since=START + SECOND))
    } == {True}


def test_memory_is_not_for_what_is_over() -> None:
    """Connections that are closed are forgotten while the input goes on."""

    def many(net: Network) -> None:
        for _ in range(200):
            rejected(net, lookup=False)
            net.wait(60)

    with told(many) as source:
        pipeline = Pipeline(source, Options())
        most = 0
        for _ in pipeline.run():
            most = max(most, pipeline.correlator.open_connections)
    assert len(pipeline.correlator.attempts) == 200
    assert most <= 5


@pytest.mark.parametrize(
    "folders", [("shapes",), ("handshake", "link", "tls"), ("lookup", "connect", "query", "healthy")]
)
def test_what_is_packed_away_is_told_the_same(folders: tuple[str, ...]) -> None:
    """Many captures as one story: with every attempt and verdict packed as soon as it is over, the report is the
    same."""
    reports = []
    for room in (None, 0, 3):
        with open_source([str(MANY_SESSIONS.parents[1] / folder) for folder in folders], stdin=io.BytesIO()) as source:
            document = view.build(analyze(source, Options(room=room)))
        reports.append(json_doc.render(document) + terminal.render(document, Look()))
    lines = [report.splitlines() for report in reports]
    # Not compared as a whole: pytest would look for the smallest difference, in gigabytes of memory.
    assert [pair for pair in zip_longest(*lines) if len(set(pair)) > 1][:3] == []
    assert len(reports[0]) > 100_000


@pytest.mark.parametrize("folder", ["shapes", "connect", "lookup", "handshake", "link", "tls", "healthy"])
def test_what_waits_in_a_crowd_is_told_the_same(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every capture of a folder, first as it is, then with each opening kept back as if there were a flood: but for
    what is an opening only, and counted then."""
    files = sorted(file for file in (MANY_SESSIONS.parents[1] / folder).rglob("*") if ".pcap" in file.name)
    waited = 0
    kept = SynCache.let_in

    def let_in(cache: SynCache, packet: Packet, found: Segment | Unreachable) -> Sequence[Taken]:
        nonlocal waited
        taken = kept(cache, packet, found)
        waited += not taken
        return taken

    monkeypatch.setattr(SynCache, "let_in", let_in)
    reports: dict[bool, list[str]] = {False: [], True: []}
    for crowded in (False, True):
        if crowded:
            monkeypatch.setattr(StreamTable, "crowded", True)
            monkeypatch.setattr(HalfOpen, "can_wait", lambda *_: True)
        for file in files:
            with open_source([str(file)], stdin=io.BytesIO()) as source:
                reports[crowded].append(json_doc.render(view.build(analyze(source))))
    told = [pair for pair in zip(*reports.values(), strict=True) if "counted, not listed" not in pair[True]]
    assert [plain for plain, _ in told] == [crowded for _, crowded in told]
    assert waited > 3
    assert len(told) > len(files) * 2 // 3


def test_a_flood_hides_nothing() -> None:
    """What fails in the middle of it is found, and of the flood no more is listed than can be read."""

    def flood(net: Network) -> None:
        for number in range(9_000):
            link = net.dial(f"10.9.{number >> 8}.{number & 255}", BOB, EPMD if number & 1 else 80)
            link.initiator.raw(SYN)
            link.acceptor.raw(SYN | ACK)
            if number % 1_000 == 999:
                rejected(net, lookup=number % 2_000 == 999)

    found = analysis(flood)
    counts = Counter(verdicts(found))
    assert counts == {"cookie-mismatch": 9, "inconclusive": 2_000}
    assert [note.partition(" never")[0] for note in found.notes] == [f"2500 more connections to {BOB} port {EPMD}"]
