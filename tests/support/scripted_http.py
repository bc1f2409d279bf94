"""An HTTP server that answers by a script and remembers what it was asked: for answers that no honest forge gives."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: any JSON value, or bytes as they are."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked."""

    verb: str
    path: str
    query: Mapping[str, str]
    body: bytes
    token: str | None


class Script:
    """Answers by verb and path. A list is worked off, its last answer stays; what is not in the script gets the default."""

    def __init__(self, url: str) -> None:
        """Start without answers."""
        self.url = url
        self.asked: list[Asked] = []
        self.default = Answer({"message": "404 Not Found"}, 404)
        self._answers: dict[tuple[str, str], list[Answer]] = {}

    def on(self, verb: str, path: str, *answers: Answer | object) -> None:
        """Set the answers for a path below /api/v4; a value that is no Answer is a 200 with it."""
        self._answers[verb, path] = [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]

    def count(self, verb: str, path: str) -> int:
        """Count how often something was asked."""
        return sum((asked.verb, asked.path) == (verb, path) for asked in self.asked)

    def answer(self, asked: Asked) -> Answer:
        """Take in a question and give its answer."""
        self.asked.append(asked)
        answers = self._answers.get((asked.verb, asked.path), [self.default])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def scripted() -> Iterator[Script]:
    """Run a server on a free loopback port for as long as the context lasts."""
    holder: list[Script] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
            path = parts.path.removeprefix("/api/v4")
            answer = holder[0].answer(Asked(self.command, path, query, body, self.headers.get("PRIVATE-TOKEN")))
            data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for key, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **answer.headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    holder.append(Script(f"http://127.0.0.1:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield holder[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
