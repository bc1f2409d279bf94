"""Finds the commits of a branch from its tip back, by the bytes alone: no reference, graft or cache of git's is asked.

Does not check them (`chain.py`); a commit of a strange form is passed on, so that the check can name it.
"""

import re

from countersign.attestation.chain import ChainError, Problem
from countersign.attestation.objects import Source, read_object
from countersign.domain.ids import MalformedError, Sha

_PARENT = re.compile(rb"tree [0-9a-f]{40}\nparent (?P<parent>[0-9a-f]{40})\n.*", re.DOTALL)
_SEQ = re.compile(rb"\nCountersign-Seq: (?P<seq>[0-9]{1,10})\n")


def commits_since(source: Source, tip: Sha, known: Sha | None) -> list[Sha]:
    """Give the commits from after `known` up to the tip, oldest first; all of them where nothing is known.

    Raises:
        ChainError: a commit on the way cannot be read, or the tip does not descend from the known commit.
    """
    found: list[Sha] = []
    below: bytes = b""
    at: Sha | None = tip
    while at is not None and at != known:
        try:
            raw = read_object(source, at, "commit")
        except MalformedError as error:
            raise ChainError(Problem(_number_before(below), at, str(error))) from None
        found.append(at)
        parent = _PARENT.fullmatch(raw)
        at, below = (None if parent is None else Sha(parent["parent"].decode())), raw
    if at != known:
        why = f"its tip {tip} does not descend from {known}, which was its tip before: the history was rewritten"
        raise ChainError(Problem(None, None, why))
    return found[::-1]


def _number_before(child: bytes) -> int | None:
    """Tell the number of a record that cannot be read from the claim of the one after it: good enough to name the place."""
    seqs = _SEQ.findall(child)
    return int(seqs[-1]) - 1 if seqs and int(seqs[-1]) > 0 else None
