"""A timestamp authority on loopback: stock `openssl ts` behind HTTP, as RFC 3161, section 3.4, has it."""

import subprocess  # noqa: TID251 - openssl, as the authority that it plays
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

_CONFIG = """\
[tsa]
default_tsa = only
[only]
serial = {folder}/serial
signer_cert = {folder}/tsa.crt
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[stamping]
extendedKeyUsage = critical,timeStamping
"""


@dataclass
class Authority:
    """Its address, the certificate that vouches for it, and how it is to behave."""

    folder: Path
    url: str = ""
    answer: bytes | None = None
    """What it gives instead of a stamp."""

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def stamp(self, query: bytes) -> bytes:
        file = self.folder / "query"
        file.write_bytes(query)
        return self.openssl("ts", "-reply", "-config", str(self.folder / "tsa.cnf"), "-queryfile", str(file))

    def openssl(self, *args: str) -> bytes:
        return subprocess.run(["openssl", *args], cwd=self.folder, capture_output=True, check=True, timeout=60).stdout  # noqa: S603, S607


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """Run one for as long as the context lasts."""
    folder.mkdir()
    one = Authority(folder)
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    one.openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=Test root")
    one.openssl("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test authority")
    signing = (
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "30",
        "-extfile",
        "tsa.cnf",
        "-extensions",
        "stamping",
    )
    one.openssl("x509", "-req", "-in", "tsa.csr", *signing, "-out", "tsa.crt")
    turn = Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            with turn:
                given = one.stamp(asked) if one.answer is None else one.answer
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(given)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.url = f"http://127.0.0.1:{server.server_port}/"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()
