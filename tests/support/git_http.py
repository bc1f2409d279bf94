"""Serves bare repositories by git's own http-backend, behind a token, on loopback. Just enough HTTP for git's client."""

import base64
import subprocess  # noqa: TID251 - git http-backend is a CGI program
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.process import UnusableError

_BACKEND = Path("/usr/lib/git-core/git-http-backend")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, root: Path, token: str) -> None:
        self.root = root
        self.wanted = "Basic " + base64.b64encode(f"oauth2:{token}".encode()).decode()
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            self._serve(self._chunks())
        else:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _serve(self, body: bytes) -> None:
        if self.headers.get("Authorization") != self.server.wanted:
            self._answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"no\n")
            return
        path, _, query = self.path.partition("?")
        environment = {
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "runner",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/nonexistent",
        }
        done = subprocess.run([_BACKEND], input=body, env=environment, capture_output=True, check=False, timeout=30)  # noqa: S603
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head.decode().split("\r\n"))]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        self._answer(status, [header for header in headers if header[0] != "Status"], content)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def git_server(root: Path, *, token: str) -> Iterator[str]:
    """Serve the repositories below a directory; give the base URL. The token is asked for as forges do (Basic, `oauth2`)."""
    if not _BACKEND.exists():
        raise UnusableError("git http-backend is not installed; run `make setup`")
    with _Server(root, token) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
