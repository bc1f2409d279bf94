"""Appends records, one and several at a time, until told otherwise or killed, as a process of its own.

Arguments: remote, directory, a name for this life, how many pushes. Says on standard output what stands, key by key.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from countersign.adapters.ledger.writer import GitLedger
from countersign.attestation.record import Draft, Entry
from countersign.domain.ids import Sha, digest_of, run_id
from tests.support.audit import CHANGE, ORIGIN, START, TickingClock, intent, outcome, refused, signer, trust_root


def pushes(life: str, count: int) -> Iterator[Sequence[Draft]]:
    """Give what is pushed at once: a refusal, then an intent with its outcome, and so on."""
    for number in range(count):
        name = f"{life}-{number}"
        run = run_id(CHANGE, Sha(digest_of(name.encode())[-40:]))
        yield [intent(run), outcome(run)] if number % 2 else [refused(name)]


def ledger(remote: Path, directory: Path) -> GitLedger:
    """Give a writer that does not wait between its tries."""
    return GitLedger(
        remote_url=str(remote),
        directory=directory,
        trust_root=trust_root(),
        signer=signer(),
        origin=ORIGIN,
        clock=TickingClock(START),
        sleep=lambda _: None,
    )


def main(remote: str, directory: str, life: str, count: int) -> None:
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    writer = ledger(Path(remote), Path(directory))
    for drafts in pushes(life, count):
        for result in writer.append_all(drafts):
            sys.stdout.write(f"stands {result.key}\n" if isinstance(result, Entry) else f"fault {result}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
