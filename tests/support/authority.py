"""A timestamp authority on loopback: stock `openssl ts` behind HTTP, as RFC 3161, section 3.4, has it."""

import subprocess  # noqa: TID251 - openssl, as the authority that it plays
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from time import sleep

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from runners import clock

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
"""


@dataclass
class Authority:
    """Its address, the certificate that vouches for it, and how it is to behave."""

    folder: Path
    url: str = ""
    answer: bytes | None = None
    """What it gives instead of a stamp."""
    given: bytes = b""
    """What it gave last."""
    slow: bool = False
    """Whether it gives a byte at a time."""

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def wait_for_its_end(self) -> None:
        """Wait until its certificate is valid no longer."""
        end = x509.load_pem_x509_certificate((self.folder / "tsa.crt").read_bytes()).not_valid_after_utc
        while clock.now() <= end:
            sleep(0.1)

    def stamp(self, query: bytes) -> bytes:
        file = self.folder / "query"
        file.write_bytes(query)
        argv = ["openssl", "ts", "-reply", "-config", str(self.folder / "tsa.cnf"), "-queryfile", str(file)]
        return subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout  # noqa: S603 - argv is ours


def _certificate(name: str, signed_by: str, keys: dict[str, ec.EllipticCurvePrivateKey], life: timedelta) -> bytes:
    stamps = name == "tsa"
    extension = (
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]) if stamps else x509.BasicConstraints(ca=True, path_length=None)
    )
    now = clock.now()
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(signed_by))
        .public_key(keys[name].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + life)
        .add_extension(extension, critical=True)
    )
    return built.sign(keys[signed_by], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Test {name}")])


@contextmanager
def authority(folder: Path, *, life: timedelta = timedelta(days=30)) -> Iterator[Authority]:
    """Run one for as long as the context lasts; its certificate is good for that long."""
    folder.mkdir()
    one = Authority(folder)
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ca", "tsa")}
    one.ca.write_bytes(_certificate("ca", "ca", keys, timedelta(days=30)))
    (folder / "tsa.crt").write_bytes(_certificate("tsa", "ca", keys, life))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tsa.key").write_bytes(keys["tsa"].private_bytes(*form))
    turn = Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            with turn:
                given = one.stamp(asked) if one.answer is None else one.answer
            one.given = given
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            for piece in (given[at : at + 1] for at in range(len(given))) if one.slow else [given]:
                self.wfile.write(piece)
                sleep(0.05 if one.slow else 0)

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
