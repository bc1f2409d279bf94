"""Asks a timestamp authority (RFC 3161) and checks what it says, with stock `openssl ts`: an auditor's tool, and not our own."""

import re
import subprocess  # noqa: TID251 - openssl and nothing else
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from countersign.attestation.stamp import MAX_RESPONSE
from countersign.domain.outcomes import Fault

_SECONDS = 30
_REASON = 5
"""Which part of a line of OpenSSL's errors says what was wrong: thread, `error`, code, library, function, reason, place."""

_TIME = re.compile(r"^Time stamp: (?P<time>\w{3} [ \d]\d \d\d:\d\d:\d\d)(?:\.\d+)? (?P<year>\d{4}) GMT$", re.MULTILINE)
_CALM = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "OPENSSL_CONF": "/dev/null"}


class StampFault(Fault):
    """No stamp, or none that the authority's certificate vouches for."""


def ask(text: bytes, *, url: str, ca: Path) -> tuple[bytes, datetime]:
    """Have an authority stamp a text; give its response and the time in it, checked.

    Raises:
        StampFault: it does not answer, refuses, or its answer is not good. Safe to try again.
    """
    if not url.startswith(("https://", "http://")):
        raise StampFault("the authority's URL must begin with https:// or http://")
    with TemporaryDirectory(prefix="countersign-stamp-") as folder:
        query = Path(folder, "query")
        query.write_bytes(_openssl("-query", "-digest", sha256(text).hexdigest(), "-sha256", "-cert"))
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked
            url, data=query.read_bytes(), headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - the same
                response: bytes = answer.read(MAX_RESPONSE + 1)
        except OSError as error:
            raise StampFault(f"the timestamp authority does not answer: {error}") from None
        if len(response) > MAX_RESPONSE:
            raise StampFault(f"the timestamp authority's answer is larger than {MAX_RESPONSE} bytes")
        return response, _checked(response, ("-queryfile", str(query)), ca)


def stamped(text: bytes, response: bytes, *, ca: Path) -> datetime:
    """Give the time at which an authority stamped a text (UTC).

    Raises:
        StampFault: the response is not over this text, or no certificate of `ca` vouches for it at that time.
        Fault: it could not be found out.
    """
    return _checked(response, ("-digest", sha256(text).hexdigest()), ca)


def _checked(response: bytes, over: Sequence[str], ca: Path) -> datetime:
    with TemporaryDirectory(prefix="countersign-stamp-") as folder:
        file = Path(folder, "response")
        file.write_bytes(response)
        told = _TIME.search(_openssl("-reply", "-in", str(file), "-text").decode(errors="replace"))
        if told is None:
            raise StampFault("the timestamp's response tells no time")
        # strptime reads names of months in this process's language, which is English until somebody sets another
        time = datetime.strptime(f"{told['time']} {told['year']}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        _openssl("-verify", *over, "-in", str(file), "-CAfile", str(ca), "-attime", str(int(time.timestamp())))
        return time


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
