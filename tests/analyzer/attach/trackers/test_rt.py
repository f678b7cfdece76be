"""Against a real Request Tracker 5: comment and files over REST 2, read back and compared."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from analyzer.attach.delivery import Deed
from analyzer.attach.failures import TooLarge
from tests.analyzer.attach.hostile import HOSTILE_NAMES
from tests.analyzer.attach.trackers import request_tracker
from tests.analyzer.attach.trackers.conformance import PROOF, REPORT, Conformance, parcel, upload
from tests.analyzer.attach.trackers.request_tracker import LARGEST, RequestTracker
from tests.conftest import WITHOUT_RT

pytestmark = pytest.mark.skipif(WITHOUT_RT, reason="Request Tracker 5 is not installed")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RequestTracker]:
    """One for all tests; each has a ticket of its own."""
    running = request_tracker.start(tmp_path_factory.mktemp("rt"))
    yield running
    running.stop()


class RealService:
    """A new ticket."""

    def __init__(self, server: RequestTracker) -> None:
        self._server = server
        self._ticket = server.create_ticket("nodedown")
        self.target = f"rt:{self._ticket}"
        self.missing = "rt:987654"
        self.account = server.account(RT_TOKEN=server.token)
        self.stranger = server.account(RT_TOKEN="1-14-0123456789abcdef0123456789abcdef")

    def comments(self) -> list[str]:
        return [text.decode() for _, name, text in self._server.contents(self._ticket) if not name]

    def files(self) -> list[tuple[str, bytes]]:
        return [(name, content) for _, name, content in self._server.contents(self._ticket) if name]

    def forbid(self) -> None:
        self.account = self._server.account(RT_USER="reader", RT_PASSWORD="secret-of-reader")


@pytest.fixture
def service(server: RequestTracker) -> RealService:
    return RealService(server)


class TestRequestTracker(Conformance):
    """What all must do."""

    edits = False

    def check_literal(self, text: str) -> None:
        """RT shows plain text as it is: nothing is markup, and nothing was changed on the way."""
        assert text.startswith("".join(f"{name} calls {name}\n" for name in HOSTILE_NAMES))

    def test_name_and_password(self, service: RealService, server: RequestTracker) -> None:
        """The other way to log in."""
        account = server.account(RT_USER="writer", RT_PASSWORD="secret-of-writer")
        assert self.send(service, parcel("x\n", REPORT), account).deed is Deed.POSTED

    def test_one_transaction(self, service: RealService, server: RequestTracker) -> None:
        """Comment and files belong together, and nobody gets two mails."""
        self.send(service, parcel("x\n", REPORT, PROOF))
        transactions = {transaction for transaction, _, _ in server.contents(int(service.target.partition(":")[2]))}
        assert len(transactions) == 1

    def test_a_file_that_rt_drops(self, service: RealService) -> None:
        """RT says nothing of it: it is looked at what has arrived."""
        with pytest.raises(TooLarge, match=r"dropped or cut large\.bin"):
            self.send(service, parcel("x\n", upload("large.bin", os.urandom(LARGEST + 1))))

    def test_more_files_than_a_page(self, service: RealService) -> None:
        """RT lists twenty at a time."""
        files = [upload(f"part-{number}.bin", b"%d" % number) for number in range(25)]
        self.send(service, parcel("x\n", *files))
        assert self.send(service, parcel("x\n", *files)).deed is Deed.UNCHANGED

    def test_a_quoted_comment_is_none(self, service: RealService, server: RequestTracker) -> None:
        """Somebody answers and quotes it: what is superseded is still ours."""
        self.send(service, parcel("1 problem found.\n"))
        quoted = "".join(f"> {line}\n" for line in service.comments()[0].splitlines())
        server.call(
            f"ticket/{service.target.partition(':')[2]}/comment", {"Content": quoted, "ContentType": "text/plain"}
        )
        assert self.send(service, parcel("1 problem found.\n")).deed is Deed.UNCHANGED


def test_request_tracker_is_there() -> None:
    """Unless it is said, loudly, that it is not."""
    assert request_tracker.INSTALLED, f"apt-get install {request_tracker.PACKAGES}"
