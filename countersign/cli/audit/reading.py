"""Reads the audit branch of a clone up to the first wrong record. Writes nothing."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from countersign.adapters.ledger.clone import Branch, find_branch
from countersign.adapters.ledger.slow import check_branch
from countersign.attestation.chain import Chain
from countersign.attestation.index import LogIndex
from countersign.attestation.keys import Trust, TrustRoot
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.record import Entry
from countersign.attestation.sshsig import PublicKey
from countersign.cli.audit.action import FINE, WRONG, warn_of
from countersign.domain.ids import MalformedError


class Unsigned:
    """Looks at no signature: for showing records only. `verify` never uses it."""

    def check(self, *, payload: bytes, signature: str | None, principal: str, at: datetime) -> None:
        """Accept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a branch, up to the first problem."""

    branch: Branch
    chain: Chain
    index: LogIndex
    keys: Sequence[PublicKey | None]
    """The key that signed each of the records; None where signatures were not checked."""
    problem: Problem | None
    signed: bool

    @property
    def entries(self) -> Sequence[Entry]:
        """Give the records that are good."""
        return self.index.entries

    @property
    def status(self) -> int:
        """Give the exit status."""
        return FINE if self.problem is None else WRONG

    def warn(self) -> None:
        """Say on standard error what the reader must know before believing the output."""
        warn_of(self.branch, signed=self.signed, problem=self.problem)


def read(options: argparse.Namespace) -> Reading:
    """Read and check the branch that the options name."""
    signed = options.trust_root is not None
    trust: Trust = read_trust_root(options.trust_root) if signed else Unsigned()
    index = LogIndex()
    branch, chain = find_branch(options.repo, options.branch), Chain(trust=trust, records=index)
    problem: Problem | None = None
    keys: list[PublicKey | None] = []
    try:
        check_branch(branch, chain, told=lambda link: keys.append(link.key if signed else None))
    except ChainError as error:
        problem = error.problem
    return Reading(branch, chain, index, keys, problem, signed=signed)


def read_trust_root(path: Path) -> TrustRoot:
    """Read a file of allowed signers.

    Raises:
        MalformedError: it cannot be read as one.
    """
    try:
        return TrustRoot.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MalformedError(f"the trust root {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MalformedError(f"the trust root {path} is not text") from None
