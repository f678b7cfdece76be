"""An HTTP server on loopback that follows a published API to the letter: what the API does not know is a violation."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    found: Mapping[str, str] = field(default_factory=dict)
    """The named parts of the path."""

    def json(self) -> Any:
        assert self.headers["content-type"].partition(";")[0] == "application/json", self.headers
        return json.loads(self.body)

    def part(self, name: str) -> tuple[str, bytes]:
        """File name and content of a part of a multipart form; no other part has any content."""
        kind = self.headers["content-type"]
        assert kind.startswith("multipart/form-data; boundary="), kind
        form = BytesParser(policy=policy.HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        part = parts.pop(name)
        assert not any(other.get_payload() for other in parts.values())
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        return part.get_filename() or "", content


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says."""

    status: int = 200
    body: Any = None
    """Bytes go as they are, anything else as JSON; None is nothing."""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Answer]


class RestServer:
    """A service by the routes that are added to it; every request is in ``requests``."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.violations: list[str] = []
        """What a client did that the API does not know."""
        self.refusal: Answer | None = None
        """Given to every request that changes something, where it is set."""
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self._lock = threading.Lock()
        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._httpd.daemon_threads = True
        threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._httpd.server_address[1]}"

    def on(self, method: str, path: str, handler: Handler) -> None:
        """``path``: a regular expression of the whole path."""
        self._routes.append((method, re.compile(path), handler))

    def writes(self) -> list[Request]:
        """Those that change something."""
        return [request for request in self.requests if request.method != "GET"]

    def authorise(self, request: Request) -> Answer | None:
        """What a stranger is told; None for whom we know."""
        raise NotImplementedError

    def close(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        refused = self.authorise(request)
        if refused is not None:
            return refused
        if self.refusal is not None and request.method != "GET":
            return self.refusal
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                try:
                    known = Request(
                        request.method, request.path, request.query, request.headers, request.body, found.groupdict()
                    )
                    return handler(known)
                except (AssertionError, KeyError, ValueError) as error:
                    self.violations.append(f"{request.method} {request.path}: {error!r}")
                    return Answer(400, {"message": "violates the API"})
        self.violations.append(f"{request.method} {request.path}: no such call")
        return Answer(404, {"message": "no such call"})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handling(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(parts.query))
                with service._lock:
                    answer = service.answer(Request(self.command, parts.path, query, headers, body))
                plain = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                content = b"" if answer.body is None else plain
                kind = "application/octet-stream" if isinstance(answer.body, bytes) else "application/json"
                self.send_response(answer.status)
                for name, value in {
                    "Content-Type": kind,
                    **answer.headers,
                    "Content-Length": str(len(content)),
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

            def log_message(self, *_: object) -> None:
                """Not on the terminal."""

        return Handling
