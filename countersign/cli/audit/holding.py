"""Verifies a branch, and holds an index against what was verified. A module of its own since most questions need neither again."""

from pathlib import Path

from countersign.adapters.index.index import Index
from countersign.adapters.ledger.clone import Branch
from countersign.attestation.merkle import tree_root
from countersign.cli.audit.examination import Examination, examine
from countersign.cli.audit.reading import read_trust_root
from countersign.domain.outcomes import LedgerFault


def verify_index(index: Index, branch: Branch, trust: Path) -> Examination:
    """Verify the branch, and see that the index was made from the records that are good; if need be, make it anew.

    Raises:
        LedgerFault: it was not, again.
        MalformedError: the trust root cannot be read.
    """
    found = examine(branch, read_trust_root(trust), (), None, every_object=False)
    if not _holds(index, found):
        index.forget()
        if not _holds(index, found):
            raise LedgerFault("the index does not hold what the branch holds; remove it, or name another with --index")
    return found


def _holds(index: Index, found: Examination) -> bool:
    """Say whether the index was made from the records that were verified: the Merkle root over them is the same."""
    leaves = index.leaves()[: found.size]
    return len(leaves) == found.size and (found.head is None or tree_root(leaves) == found.head.root)
