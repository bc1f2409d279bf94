"""Checks a branch object by object, from the first record on, and says which one is the first wrong and why."""

from collections.abc import Callable

from countersign.adapters.catfile import CatFile
from countersign.adapters.ledger.clone import Branch
from countersign.attestation.chain import Chain, Link
from countersign.attestation.history import catch_up


def check_branch(branch: Branch, chain: Chain, *, told: Callable[[Link], object] | None = None) -> None:
    """Check the branch's records from the first on. The chain holds those that are good; `told` is given each of them.

    Raises:
        ChainError: a record is wrong, the first one.
        GitFault: git does not answer.
    """
    with CatFile(branch.repository) as source:
        catch_up(chain, source, branch.tip, told=told)
