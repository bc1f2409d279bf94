"""Asks a timestamp authority (RFC 3161) and checks what it says, with stock `openssl ts`: an auditor's tool, and not our own.

What is kept and checked is the token, which the authority signed, and never the response around it, which anybody can write.
"""

import re
import subprocess  # noqa: TID251 - openssl and nothing else
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread

from cryptography import x509

from countersign.attestation.stamp import MAX_TOKEN
from countersign.domain.ids import MalformedError
from countersign.domain.outcomes import Fault

_SECONDS = 30
_REASON = 5
"""Which part of a line of OpenSSL's errors says what was wrong: thread, `error`, code, library, function, reason, place."""

_TIME = re.compile(r"^Time stamp: (?P<time>\w{3} [ \d]\d \d\d:\d\d:\d\d)(?:\.\d+)? (?P<year>\d{4}) GMT$", re.MULTILINE)
_CALM = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "OPENSSL_CONF": "/dev/null"}


class StampFault(Fault):
    """No stamp, or none that the authority's certificate vouches for."""


def check_certificates(ca: Path) -> None:
    """See that there are certificates in a file.

    Raises:
        MalformedError: it cannot be read, or holds none.
    """
    try:
        x509.load_pem_x509_certificates(ca.read_bytes())
    except OSError as error:
        raise MalformedError(f"{ca} cannot be read: {error.strerror}") from None
    except ValueError:
        raise MalformedError(f"{ca} holds no certificates in PEM form, or something else besides") from None


def ask(text: bytes, *, url: str, ca: Path, seconds: float = _SECONDS) -> tuple[bytes, datetime]:
    """Have an authority stamp a text; give its token (DER) and the time in it, checked. `seconds` is the time that it has.

    Raises:
        StampFault: it does not answer, refuses, or its answer is not good. Safe to try again.
    """
    if not url.startswith(("https://", "http://")):
        raise StampFault("the authority's URL must begin with https:// or http://")
    with TemporaryDirectory(prefix="countersign-stamp-") as folder:
        query, response, token = (Path(folder, name) for name in ("query", "response", "token"))
        query.write_bytes(_openssl("-query", "-digest", sha256(text).hexdigest(), "-sha256", "-cert"))
        response.write_bytes(_posted(url, query.read_bytes(), seconds))
        _openssl("-reply", "-in", str(response), "-token_out", "-out", str(token))
        if token.stat().st_size > MAX_TOKEN:
            raise StampFault(f"the authority's token is larger than {MAX_TOKEN} bytes")
        return token.read_bytes(), _checked(token, ("-queryfile", str(query)), ca)


def stamped(text: bytes, token: bytes, *, ca: Path) -> datetime:
    """Give the time at which an authority stamped a text (UTC).

    Raises:
        StampFault: the token is not over this text, or no certificate of `ca` vouches for it at that time.
        Fault: it could not be found out.
    """
    with TemporaryDirectory(prefix="countersign-stamp-") as folder:
        file = Path(folder, "token")
        file.write_bytes(token)
        return _checked(file, ("-digest", sha256(text).hexdigest()), ca)


def _checked(token: Path, over: Sequence[str], ca: Path) -> datetime:
    told = _TIME.findall(_openssl("-reply", "-in", str(token), "-token_in", "-text").decode(errors="replace"))
    if len(told) != 1:
        raise StampFault("the timestamp tells no time, or more than one")
    [(when, year)] = told
    try:  # names of months are in this process's language, which is English until somebody sets another
        time = datetime.strptime(f"{when} {year}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        raise StampFault("the timestamp tells a time that there is not") from None
    _openssl("-verify", *over, "-in", str(token), "-token_in", "-CAfile", str(ca), "-attime", str(int(time.timestamp())))
    return time


def _posted(url: str, query: bytes, seconds: float) -> bytes:
    """Post a query, in a thread: an authority that sends a byte now and then keeps nobody waiting for longer than this."""
    answer: SimpleQueue[bytes | Exception] = SimpleQueue()

    def post() -> None:
        try:
            request = urllib.request.Request(url, data=query, headers={"Content-Type": "application/timestamp-query"})  # noqa: S310 - the scheme was checked
            with urllib.request.urlopen(request, timeout=seconds) as opened:  # noqa: S310 - the same
                answer.put(opened.read(2 * MAX_TOKEN))
        except (OSError, ValueError, HTTPException) as error:
            answer.put(error)

    Thread(target=post, daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        raise StampFault(f"the timestamp authority does not answer within {seconds:g} s") from None
    if isinstance(found, Exception):
        raise StampFault(f"the timestamp authority does not answer: {str(found)[:200] or type(found).__name__}")
    return found


def _openssl(*args: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, arguments of ours
            ["openssl", "ts", *args],  # noqa: S607 - found on the PATH below, as git is
            env=_CALM,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Fault(f"openssl cannot be run ({type(error).__name__}); install it") from None
    if done.returncode:
        said = [line.split(":")[_REASON] for line in done.stderr.decode(errors="replace").splitlines() if line.count(":") > _REASON]
        raise StampFault(f"the timestamp is not good: {said[-1] if said else 'openssl does not accept it'}")
    return done.stdout
