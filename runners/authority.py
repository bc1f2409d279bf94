"""A timestamp authority (RFC 3161), and what a runner does with it: have it stamp the head of a log, and record that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from countersign.adapters.stamping import ask, check_certificates
from countersign.attestation.ports import Ledger, TakenError
from countersign.attestation.stamp import PREFIX, Stamp, head_after
from countersign.domain.ids import MalformedError
from runners import clock


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority: where it is, and the certificates (PEM) that vouch for what it says."""

    url: str
    ca: Path

    @classmethod
    def of(cls, url: str, ca: Path) -> Self:
        """Give the authority.

        Raises:
            MalformedError: the URL is none that may stand on the record, or there are no certificates.
        """
        try:
            name = urlsplit(url)
        except ValueError:
            raise MalformedError("a timestamp authority is a URL; this is none") from None
        if name.scheme not in {"http", "https"} or name.username is not None or name.hostname is None:
            raise MalformedError("a timestamp authority is an http(s) URL with a host and without a user; it is kept on the record")
        check_certificates(ca)
        return cls(url, ca)

    def stamp(self, ledger: Ledger) -> str:
        """Have what is new of a log stamped, and record it; say what became of it. A timestamp alone is nothing new.

        Raises:
            Fault: no stamp, or it could not be recorded. Safe to try again.
        """
        newest = next(iter(ledger.latest(1)), None)
        if newest is None or newest.key.startswith(PREFIX):
            return "nothing new to timestamp"
        head = head_after(newest)
        token, time = ask(head.text.encode(), url=self.url, ca=self.ca)
        name = urlsplit(self.url)
        draft = Stamp(head, token).draft(authority=f"{name.scheme}://{name.netloc}", stamped=time, now=clock.now())
        try:
            entry = ledger.append(draft)
        except TakenError as taken:
            return f"record {taken.entry.seq}: somebody else timestamped {head.size} records"
        return f"record {entry.seq}: timestamped {head.size} records at {time.isoformat()}"
