"""Appends records until told otherwise, as a process of its own: to be killed, or to run into a full disk.

Arguments: remote, directory, first number, how many, and the largest file in bytes that this process may write (0: any). Says on
standard output what became of each record.
"""

import resource
import sys
from pathlib import Path

from countersign.adapters.ledger.writer import GitLedger
from countersign.domain.outcomes import LedgerFault
from tests.support.audit import ORIGIN, START, TickingClock, refused, signer, trust_root


def main(remote: str, directory: str, first: int, count: int, limit: int) -> None:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    ledger = GitLedger(
        remote_url=remote,
        directory=Path(directory),
        trust_root=trust_root(),
        signer=signer(),
        origin=ORIGIN,
        clock=TickingClock(START),
        sleep=lambda _: None,
    )
    for number in range(first, first + count):
        try:
            said = f"stands {ledger.append(refused(str(number))).seq}"
        except LedgerFault as fault:
            said = f"fault {fault}"
        sys.stdout.write(said + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
