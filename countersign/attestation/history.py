"""Brings a chain up to a branch's tip, by the bytes alone: no reference, graft or cache of git's is asked.

Finds the commits from the tip back, then lets the chain check them from the oldest on (`chain.py` knows what is right).
"""

import re
from collections.abc import Callable

from countersign.attestation.chain import Chain, Link
from countersign.attestation.objects import Source, read_object
from countersign.attestation.problem import ChainError, Problem
from countersign.domain.ids import MalformedError, Sha

_PARENT = re.compile(rb"tree [0-9a-f]{40}\nparent (?P<parent>[0-9a-f]{40})\n.*", re.DOTALL)
_SEQ = re.compile(rb"\nCountersign-Seq: (?P<seq>[0-9]{1,10})\n")


def catch_up(chain: Chain, source: Source, tip: Sha, *, told: Callable[[Link], object] | None = None) -> None:
    """Check everything between the chain's newest commit and this tip, and take it in. `told` is given each that is good.

    Raises:
        ChainError: a record is wrong or cannot be read, the tip does not descend from the chain's, or the branch was longer
            once. What was good before the first problem is taken in.
    """
    for commit in _commits(chain, source, tip):
        link = chain.check(commit, source)
        chain.accept(link)
        if told is not None:
            told(link)
    chain.end()


def _commits(chain: Chain, source: Source, tip: Sha) -> list[Sha]:
    """Give the commits after the chain's newest, oldest first. One of a strange form is given too: the check will name it."""
    found: list[Sha] = []
    raw = b""
    at: Sha | None = tip
    while at is not None and at != chain.tip:
        try:
            raw = read_object(source, at, "commit")
        except MalformedError as error:
            raise ChainError(_unreadable(chain, at, str(error), found, raw)) from None
        found.append(at)
        parent = _PARENT.fullmatch(raw)
        at = None if parent is None else Sha(parent["parent"].decode())
    if at != chain.tip:
        why = f"its tip {tip} does not descend from {chain.tip}, which was its tip before: the history was rewritten"
        raise ChainError(Problem(None, None, why))
    if at is None and (seq := _claimed(raw)):
        fault = _fault(chain, raw)
        missing = Problem(0, found[-1], f"it is missing: the log begins with record {seq}")
        raise ChainError(missing if fault is None else Problem(seq, found[-1], fault))
    return found[::-1]


def _unreadable(chain: Chain, name: Sha, why: str, found: list[Sha], child: bytes) -> Problem:
    """Tell which of two is wrong: the commit that cannot be read, or the one that names it as its parent."""
    if not found:
        return Problem(None, name, why)
    seq, fault = _claimed(child), _fault(chain, child)
    if fault is not None:
        return Problem(seq, found[-1], f"{fault}; and {why}")
    return Problem(None if not seq else seq - 1, name, why)


def _fault(chain: Chain, raw: bytes) -> str | None:
    try:
        chain.vouch(raw)
    except MalformedError as error:
        return str(error)
    return None


def _claimed(raw: bytes) -> int | None:
    """Give the number that a commit claims: good enough to name a place, never to believe it."""
    seqs: list[bytes] = _SEQ.findall(raw)
    return int(seqs[-1]) if seqs else None
