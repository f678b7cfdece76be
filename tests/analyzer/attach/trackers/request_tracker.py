"""A Request Tracker 5 of our own: Debian's programs, with a database and a configuration in a folder of the test's."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.attach.credentials import Account

SETUP = Path("/usr/sbin/rt-setup-database-5")
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
PACKAGES = "request-tracker5 rt5-db-sqlite rt5-standalone"
INSTALLED = SETUP.exists() and SERVER.exists()
_ADMINISTRATOR = base64.b64encode(b"root:password").decode()
"""As a new database has it."""
LARGEST = 200_000

_CONFIGURATION = """
Set($rtname, 'example');
Set($Organization, 'example.org');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.sqlite');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
Set($WebSessionClass, 'Apache::Session::File');
Set($MasonDataDir, '{folder}/mason');
Set($MasonSessionDir, '{folder}/session');
Set($BcryptCost, 5);
Set($MaxAttachmentSize, {largest});
Set($DropLongAttachments, 1);
1;
"""

_PEOPLE = """
use lib '/usr/share/request-tracker5/lib';
use RT -init;
use RT::AuthToken;
sub create {
    my ($name, @rights) = @_;
    my $user = RT::User->new(RT->SystemUser);
    my ($ok, $message) = $user->Create(Name => $name, Password => "secret-of-$name", Privileged => 1);
    die $message unless $ok;
    for my $right (@rights) {
        ($ok, $message) = $user->PrincipalObj->GrantRight(Right => $right, Object => RT->System);
        die $message unless $ok;
    }
    return $user;
}
my @reads = ('SeeQueue', 'ShowTicket', 'ShowTicketComments');
create('reader', @reads);
my $writer = create('writer', @reads, 'CommentOnTicket');
my ($ok, $message, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $writer->id, Description => 'test');
die $message unless $ok;
print $token;
"""
"""An ordinary user who may comment, with a token, and one who may not; RT treats the administrator in other ways."""


@dataclass(frozen=True, slots=True)
class RequestTracker:
    """A server that runs."""

    url: str
    token: str
    """Of the user ``writer``."""
    process: subprocess.Popen[bytes]

    def account(self, **secrets: str) -> Account:
        return Account(self.url, secrets, dict.fromkeys(secrets, "the environment"))

    def call(self, path: str, body: object = None) -> Any:
        """REST 2 as the administrator, without the library that is tested."""
        request = urllib.request.Request(f"{self.url}/REST/2.0/{path}")
        request.add_header("Authorization", f"Basic {_ADMINISTRATOR}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def create_ticket(self, subject: str) -> int:
        return int(self.call("ticket", {"Queue": "General", "Subject": subject, "Content": "see above"})["id"])

    def contents(self, ticket: int) -> list[tuple[str, str, bytes]]:
        """Transaction, name of the file ('' for the text), and bytes, oldest first; without what opened the ticket."""
        listed = self.call(f"ticket/{ticket}/attachments?per_page=100&fields=Filename,ContentType,TransactionId")[
            "items"
        ]
        parts = [part for part in listed if not part["ContentType"].startswith("multipart/")]
        return [
            (
                str(part["TransactionId"]),
                str(part.get("Filename") or ""),
                base64.b64decode(self.call(f"attachment/{part['id']}").get("Content") or ""),
            )
            for part in sorted(parts, key=lambda part: int(part["id"]))[1:]
        ]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def start(folder: Path) -> RequestTracker:
    """Takes some seconds: a new database, its people, and the server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name in ("mason", "session", "site.d"):
        (folder / name).mkdir()
    site = folder / "RT_SiteConfig.pm"
    site.write_text(_CONFIGURATION.format(port=port, folder=folder, largest=LARGEST))
    environment = {**os.environ, "RT_SITE_CONFIG": str(site), "RT_SITE_CONFIG_DIR": str(folder / "site.d")}
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [SETUP, "--action", "init", "--skip-create"],
            env=environment,
            stdout=log,
            stderr=log,
            check=True,
            timeout=120,
        )
        process = subprocess.Popen(
            [SERVER, "--host", "127.0.0.1", "--port", str(port)], env=environment, stdout=log, stderr=log
        )
        try:
            token = subprocess.run(
                ["perl", "-e", _PEOPLE], env=environment, stdout=subprocess.PIPE, stderr=log, check=True, timeout=60
            ).stdout.decode()
            _wait(port, process)
        except BaseException:
            process.terminate()
            raise
    return RequestTracker(f"http://127.0.0.1:{port}", token, process)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("rt-server does not listen")
